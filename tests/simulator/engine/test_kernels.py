"""The adjoint sweep: each kind of step, the maps of torch.func, memory, and what it refuses."""

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp
from random_circuits import slow_expectations, slow_slope

from qiskit_qmu.simulator.compile.program import BatchStep, LayerStep, PhaseStep
from qiskit_qmu.simulator.engine.simulation import simulate
from qiskit_qmu.simulator.readout.observables import PauliSums

X, W = ParameterVector("x", 2), ParameterVector("w", 3)
OBSERVABLES = [SparsePauliOp("ZIZ"), SparsePauliOp(["XXI", "IYZ"], [0.5, -1.0])]
SUMS = PauliSums(OBSERVABLES, torch.complex128, torch.device("cpu"))


def opened() -> QuantumCircuit:
    """Return a circuit with an entangled state whose gradient has to pass through what follows."""
    circuit = QuantumCircuit(3)
    circuit.h([0, 1, 2])
    circuit.ry(W[2], 0)
    circuit.rx(X[1], 1)
    circuit.t([0, 1])
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    circuit.sx([0, 2])
    return circuit


def closed(circuit: QuantumCircuit) -> QuantumCircuit:
    circuit.cx(2, 0)
    circuit.ry(0.4, [0, 1, 2])
    circuit.cz(0, 1)
    return circuit


def with_layer() -> QuantumCircuit:
    circuit = opened()
    circuit.ry(W[0], 0)
    circuit.rx(W[1] * X[0], 1)
    circuit.rx(W[1], 2)
    circuit.rz(W[2], 2)
    return closed(circuit)


def with_samples() -> QuantumCircuit:
    circuit = opened()
    circuit.ry(X[0], 0)
    circuit.rx(W[0], 0)
    circuit.rx(X[1] + W[1], 2)
    circuit.h(2)
    circuit.ry(W[2], 2)
    return closed(circuit)


def with_shared_phases() -> QuantumCircuit:
    circuit = opened()
    circuit.rzz(W[0], 0, 1)
    circuit.cx(0, 2)
    circuit.rz(W[1] - W[2], 2)
    circuit.ry(X[0], 1)
    circuit.ry(X[1], 0)
    return closed(circuit)


def with_sample_phases() -> QuantumCircuit:
    circuit = opened()
    circuit.cp(X[0], 0, 2)
    circuit.swap(0, 1)
    circuit.rz(X[1] * W[0], 0)
    circuit.crz(W[1], 1, 2)
    circuit.rx(W[2], 1)
    return closed(circuit)


CIRCUITS = {
    "layer": with_layer(),
    "per-sample gates": with_samples(),
    "shared phases": with_shared_phases(),
    "per-sample phases": with_sample_phases(),
}


@pytest.fixture(params=CIRCUITS)
def circuit(request: pytest.FixtureRequest) -> QuantumCircuit:
    return CIRCUITS[request.param]


def values_at(generator: np.random.Generator, samples: int = 4) -> tuple[torch.Tensor, ...]:
    inputs = torch.tensor(generator.uniform(-2, 2, (samples, 2)), requires_grad=True)
    weights = torch.tensor(generator.uniform(-2, 2, 3), requires_grad=True)
    return inputs, weights


def test_the_circuits_have_the_steps_that_they_are_for():
    kinds = {
        name: {type(step) for step in simulate(circuit, list(X), list(W)).program.steps}
        for name, circuit in CIRCUITS.items()
    }
    assert all({LayerStep, PhaseStep} <= steps for steps in kinds.values())
    assert all(BatchStep in kinds[name] for name in ("layer", "per-sample gates"))


def test_values_and_gradients(circuit, generator):
    inputs, weights = values_at(generator)
    values = SUMS(simulate(circuit, list(X), list(W))(inputs, weights))
    rows = torch.cat([inputs, weights.expand(4, 3)], dim=1).detach().numpy()

    def slow(point: np.ndarray) -> np.ndarray:
        return slow_expectations(circuit, [*X, *W], point, OBSERVABLES)

    np.testing.assert_allclose(values.detach(), slow(rows), rtol=0, atol=1e-12)
    by_inputs, by_weights = torch.autograd.grad(values.sum(), (inputs, weights))
    for column in range(5):
        direction = np.zeros_like(rows)
        direction[:, column] = 1.0
        slope = slow_slope(slow, rows, direction).sum(0)
        if column < 2:
            np.testing.assert_allclose(by_inputs[:, column], slope, rtol=0, atol=1e-10)
        else:
            assert float(by_weights[column - 2]) == pytest.approx(slope.sum(), abs=1e-10)


@pytest.mark.parametrize("wanted", ["inputs", "weights"])
def test_one_gradient_does_not_need_the_other(wanted, circuit, generator):
    inputs, weights = values_at(generator)
    simulation = simulate(circuit, list(X), list(W))
    both = torch.autograd.grad(SUMS(simulation(inputs, weights)).sum(), (inputs, weights))
    if wanted == "inputs":
        values = SUMS(simulation(inputs, weights.detach()))
        (gradient,) = torch.autograd.grad(values.sum(), inputs)
        torch.testing.assert_close(gradient, both[0], rtol=0, atol=1e-13)
    else:
        values = SUMS(simulation(inputs.detach(), weights))
        (gradient,) = torch.autograd.grad(values.sum(), weights)
        torch.testing.assert_close(gradient, both[1], rtol=0, atol=1e-13)


@pytest.mark.parametrize("in_dims", [(0, None), (None, 0), (0, 0)])
def test_mapped_values_and_gradients_are_those_of_a_loop(in_dims, circuit, generator):
    """vmap over inputs (examples), weights (ensembles) and both at once."""
    simulation = simulate(circuit, list(X), list(W))
    inputs = torch.tensor(generator.uniform(-2, 2, (3, 2, 2)))
    weights = torch.tensor(generator.uniform(-2, 2, (3, 3)))
    arguments = (
        inputs if in_dims[0] == 0 else inputs[0],
        weights if in_dims[1] == 0 else weights[0],
    )

    def outputs(inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        return SUMS(simulation(inputs, weights))

    def slopes(inputs: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.func.jacrev(outputs, (0, 1))(inputs, weights)

    for function in (lambda *a: (outputs(*a),), slopes):
        mapped = torch.func.vmap(function, in_dims)(*arguments)
        for i in range(3):
            own = [a if d is None else a[i] for a, d in zip(arguments, in_dims, strict=True)]
            for result, expected in zip(mapped, function(*own), strict=True):
                torch.testing.assert_close(result[i], expected, rtol=0, atol=1e-12)


def test_maps_may_be_nested(circuit, generator):
    """Per-example gradients of every member of an ensemble."""
    simulation = simulate(circuit, list(X), list(W))
    inputs, weights = (
        torch.tensor(generator.normal(size=(4, 2))),
        torch.tensor(generator.normal(size=(2, 3))),
    )

    def total(row: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        return SUMS(simulation(row.unsqueeze(0), weights)).square().sum()

    examples = torch.func.vmap(torch.func.grad(total, 1), (0, None))
    gradients = torch.func.vmap(examples, (None, 0))(inputs, weights)
    for member in range(2):
        for example in range(4):
            own = weights[member].clone().requires_grad_()
            (expected,) = torch.autograd.grad(total(inputs[example], own), own)
            torch.testing.assert_close(gradients[member, example], expected, rtol=0, atol=1e-12)


def test_memory_does_not_grow_with_depth_beyond_the_tape():
    """What autograd keeps of the size of the states is the same for 2 and for 20 layers."""
    kept = []
    for depth in (2, 20):
        circuit = QuantumCircuit(3)
        circuit.ry(X[0], [0, 1, 2])
        for _ in range(depth):
            circuit.cx(0, 1)
            circuit.cx(1, 2)
            circuit.ry(W[0], [0, 1, 2])
        sizes: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda tensor: sizes.append(tensor.numel()) or tensor,  # noqa: B023
            lambda tensor: tensor,
        ):
            weights = torch.ones(1, dtype=torch.float64, requires_grad=True)
            simulation = simulate(circuit, [X[0]], [W[0]], memory_budget=2**17)
            simulation(torch.rand(1000, 1), weights)
        kept.append(sum(size for size in sizes if size >= 8 * 1000))
    assert kept[0] == kept[1]


def test_single_precision(circuit, generator):
    inputs, weights = values_at(generator)
    exact = simulate(circuit, list(X), list(W))(inputs, weights)
    single = simulate(circuit, list(X), list(W), dtype=torch.complex64)(inputs, weights)
    assert single.dtype == torch.complex64
    torch.testing.assert_close(single.to(exact.dtype), exact, rtol=0, atol=2e-6)


def test_no_samples(circuit):
    simulation = simulate(circuit, list(X), list(W))
    weights = torch.ones(3, dtype=torch.float64, requires_grad=True)
    states = simulation(torch.zeros(0, 2), weights)
    assert states.shape == (8, 0)
    (gradient,) = torch.autograd.grad(SUMS(states).sum(), weights)
    assert gradient.tolist() == [0.0, 0.0, 0.0]


def test_second_derivatives(circuit, generator):
    inputs, weights = values_at(generator, samples=2)
    simulation = simulate(circuit, list(X), list(W))
    assert torch.autograd.gradgradcheck(lambda x, w: SUMS(simulation(x, w)), (inputs, weights))


def test_third_derivatives(circuit, generator):
    """Along random directions: a derivative that is wrong anywhere is wrong along them."""
    inputs, weights = values_at(generator, samples=2)
    simulation = simulate(circuit, list(X), list(W))

    def slopes(x, w):
        return torch.autograd.grad(SUMS(simulation(x, w)).square().sum(), w, create_graph=True)

    assert torch.autograd.gradgradcheck(slopes, (inputs, weights), fast_mode=True)
