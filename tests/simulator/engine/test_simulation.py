"""The whole engine on random circuits, against Qiskit's Statevector and finite differences."""

import numpy as np
import pytest
import torch
from qiskit.circuit import Parameter
from random_circuits import (
    random_circuit,
    random_observable,
    slow_expectations,
    slow_slope,
    slow_states,
    without_phase,
)

from qiskit_qmu.simulator.engine.simulation import simulate
from qiskit_qmu.simulator.readout.observables import PauliSums


def check_random_circuit(generator: np.random.Generator) -> None:
    num_qubits = int(generator.integers(1, 8))
    parameters = [Parameter(name) for name in "abcde"[: generator.integers(0, 6)]]
    circuit = random_circuit(generator, num_qubits, int(generator.integers(1, 25)), parameters)
    cut = int(generator.integers(0, len(parameters) + 1))
    order = generator.permutation(len(parameters))
    parameters = [parameters[i] for i in order]
    rows = generator.uniform(-1, 1, (3, len(parameters)))
    rows[:, cut:] = rows[0, cut:]
    observables = [random_observable(generator, num_qubits) for _ in range(2)]

    simulation = simulate(circuit, parameters[:cut], parameters[cut:])
    sums = PauliSums(observables, torch.complex128, torch.device("cpu"))
    batched = torch.tensor(rows[:, :cut], requires_grad=True)
    shared = torch.tensor(rows[0, cut:], requires_grad=True)
    states = simulation(batched, shared)
    reference = slow_states(circuit, parameters, rows)
    aligned = without_phase(states.detach().numpy(), reference)
    np.testing.assert_allclose(aligned, reference, rtol=0, atol=1e-10)

    values = sums(states)
    expected = slow_expectations(circuit, parameters, rows, observables)
    np.testing.assert_allclose(values.detach(), expected, rtol=0, atol=1e-10)
    if not parameters:
        return

    weights = torch.tensor(generator.normal(size=expected.shape))
    by_batched, by_shared = torch.autograd.grad(
        (values * weights).sum(), (batched, shared), materialize_grads=True, allow_unused=True
    )
    direction = generator.normal(size=rows.shape)
    direction[:, cut:] = direction[0, cut:]
    direction /= np.linalg.norm(direction)
    slope = (by_batched.numpy() * direction[:, :cut]).sum() + by_shared.numpy() @ direction[0, cut:]
    numeric = slow_slope(
        lambda point: slow_expectations(circuit, parameters, point, observables), rows, direction
    )
    assert slope == pytest.approx((numeric * weights.numpy()).sum(), rel=1e-9, abs=1e-10)

    def outputs(row: torch.Tensor, shared: torch.Tensor) -> torch.Tensor:
        return sums(simulation(row.unsqueeze(0), shared))[:, 0]

    jacobian = torch.func.vmap(torch.func.jacrev(outputs, (0, 1)), (0, None))
    of_batched, of_shared = jacobian(batched.detach(), shared.detach())
    summed = torch.einsum("bop,ob->bp", of_batched, weights)
    np.testing.assert_allclose(summed, by_batched, rtol=0, atol=1e-10)
    summed = torch.einsum("bop,ob->p", of_shared, weights)
    np.testing.assert_allclose(summed, by_shared, rtol=0, atol=1e-10)


@pytest.mark.parametrize("case", range(12))
def test_random_circuits_have_the_right_states_values_and_gradients(case, generator):
    check_random_circuit(generator)


@pytest.mark.slow
@pytest.mark.parametrize("case", range(60))
def test_thousands_of_random_circuits(case, generator):
    for _ in range(50):
        check_random_circuit(generator)
