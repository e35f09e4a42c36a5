"""Layers of shared one-qubit gates: every number of blocks, long and short runs, gradients."""

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp
from random_circuits import slow_expectations, slow_slope

from qiskit_qmu.simulator.engine.simulation import Simulation, simulate
from qiskit_qmu.simulator.readout.observables import PauliSums


def layered(generator: np.random.Generator, num_qubits: int) -> tuple[QuantumCircuit, list]:
    """Entangle, then runs of none to three rotations on each qubit with constants in between."""
    weights = ParameterVector("w", 2 * num_qubits)
    circuit = QuantumCircuit(num_qubits)
    circuit.h(range(num_qubits))
    for layer in range(2):
        for qubit in range(num_qubits - 1):
            circuit.cx(qubit, qubit + 1)
        for qubit in generator.permutation(num_qubits)[: 1 + num_qubits // (1 + layer)]:
            for axis in generator.choice(["rx", "ry", "rz"], generator.integers(1, 4)):
                getattr(circuit, axis)(generator.choice(np.array(weights, object)), int(qubit))
                circuit.sx(int(qubit))
    return circuit, list(weights)


@pytest.mark.parametrize("num_qubits", [1, 2, 5, 6, 9, 11])
def test_values_and_gradients_for_every_number_of_blocks(num_qubits, generator):
    circuit, parameters = layered(generator, num_qubits)
    row = generator.uniform(-2, 2, (1, len(parameters)))
    observables = [SparsePauliOp("Z" * num_qubits), SparsePauliOp("X" * num_qubits)]
    shared = torch.tensor(row[0], requires_grad=True)
    sums = PauliSums(observables, torch.complex128, torch.device("cpu"))
    values = sums(simulate(circuit, [], parameters)(torch.zeros(1, 0), shared))

    expected = slow_expectations(circuit, parameters, row, observables)
    np.testing.assert_allclose(values.detach(), expected, rtol=0, atol=1e-12)
    (gradient,) = torch.autograd.grad(values.sum(), shared)
    direction = generator.normal(size=row.shape) / len(parameters)
    numeric = slow_slope(
        lambda point: slow_expectations(circuit, parameters, point, observables), row, direction
    )
    assert float(gradient @ torch.tensor(direction[0])) == pytest.approx(numeric.sum(), abs=1e-10)


def per_example(simulation: Simulation, sums: PauliSums, inputs, shared) -> torch.Tensor:
    def total(row: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        return sums(simulation(row.unsqueeze(0), weights)).sum()

    return torch.func.vmap(torch.func.grad(total, 1), (0, None))(inputs, shared)


def test_per_example_gradients_of_the_layers_add_up(generator):
    """Under vmap each example's gradient is a row of one product with the same derivatives."""
    circuit, parameters = layered(generator, 6)
    inputs = parameters[:2]
    simulation = simulate(circuit, inputs, parameters[2:])
    sums = PauliSums([SparsePauliOp("ZZIXYI")], torch.complex128, torch.device("cpu"))
    rows = torch.tensor(generator.uniform(-2, 2, (5, 2)))
    shared = torch.tensor(generator.uniform(-2, 2, len(parameters) - 2), requires_grad=True)
    (total,) = torch.autograd.grad(sums(simulation(rows, shared)).sum(), shared)
    examples = per_example(simulation, sums, rows, shared.detach())
    assert examples.shape == (5, len(shared))
    np.testing.assert_allclose(examples.sum(0), total, rtol=0, atol=1e-12)
