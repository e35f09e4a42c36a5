"""The memory budget: chunks of rows, their gradients, and errors before anything is tried."""

import numpy as np
import pytest
import torch
from connector_networks import QNN, STOCK, WEIGHTS
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import TorchSimulatorConnector
from qiskit_qmu.simulator.engine import simulation as simulation_module
from qiskit_qmu.simulator.engine.cache import SimulationCache
from qiskit_qmu.simulator.engine.simulation import simulate
from qiskit_qmu.simulator.memory import DEFAULT_MEMORY_BUDGET, STATES_WITH_GRADIENT, in_chunks

# Room for the tables of a circuit of three qubits and for a few of its states.
SMALL_BUDGET = 6000


@pytest.fixture(params=STOCK, ids=lambda network: network.__name__)
def connectors(request) -> tuple[TorchSimulatorConnector, TorchSimulatorConnector]:
    """The same network with all rows at once, and with a few rows at a time."""
    whole, chunked = (TorchSimulatorConnector(request.param(), WEIGHTS).double() for _ in "ab")
    chunked._exact._memory_budget = SMALL_BUDGET
    return whole, chunked


def test_rows_are_cut_into_chunks():
    simulation = simulate(QNN.circuit, QNN.inputs, QNN.weights, memory_budget=SMALL_BUDGET)
    assert 1 <= simulation.rows_at_once(STATES_WITH_GRADIENT) < 5


def test_chunks_give_the_same_values_and_gradients(connectors, generator):
    rows = torch.tensor(generator.uniform(-2, 2, (11, 2)), requires_grad=True)
    values = [connector(rows) for connector in connectors]
    torch.testing.assert_close(*values, rtol=0, atol=1e-14)
    gradients = [
        torch.autograd.grad(value.square().sum(), [rows, connector.weight])
        for value, connector in zip(values, connectors, strict=True)
    ]
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-13)


def test_chunks_under_transforms(connectors, generator):
    """Jacobians, per-example gradients and second derivatives."""
    rows = torch.tensor(generator.uniform(-2, 2, (11, 2)))
    weight = connectors[0].weight.detach()

    def outputs(connector):
        return lambda w, x: torch.func.functional_call(connector, {"weight": w}, (x,))

    for transform in (
        lambda f: torch.func.jacrev(f)(weight, rows),
        lambda f: torch.func.vmap(torch.func.jacrev(f), (None, 0))(weight, rows),
        lambda f: torch.func.vmap(f, (0, None))(torch.stack([weight, 2 * weight]), rows),
        lambda f: torch.func.jacrev(torch.func.grad(lambda w: f(w, rows).square().sum()))(weight),
    ):
        results = [transform(outputs(connector)) for connector in connectors]
        torch.testing.assert_close(*results, rtol=0, atol=1e-12)


def test_double_backward_through_chunks(connectors, generator):
    rows = torch.tensor(generator.uniform(-2, 2, (11, 2)))
    results = []
    for connector in connectors:
        loss = connector(rows).square().sum()
        (slope,) = torch.autograd.grad(loss, connector.weight, create_graph=True)
        results.append(torch.autograd.grad(slope.square().sum(), connector.weight)[0])
    torch.testing.assert_close(*results, rtol=0, atol=1e-12)


def test_only_one_chunk_is_in_memory():
    """A chunk's forward pass is repeated for its gradient, and keeps nothing before."""
    calls = []

    def function(rows: torch.Tensor, shared: torch.Tensor) -> torch.Tensor:
        calls.append(len(rows))
        return (rows * shared).sin().T

    rows = torch.ones(7, 2, requires_grad=True)
    shared = torch.tensor([1.0, 2.0], requires_grad=True)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda tensor: kept.append(tensor.shape) or tensor, lambda tensor: tensor
    ):
        result = in_chunks(function, rows, shared, 3)
    assert result.shape == (2, 7)
    assert set(kept) <= {(3, 2), (1, 2), (2,)}
    result.sum().backward()
    assert sorted(calls) == [1, 1, 3, 3, 3, 3]
    torch.testing.assert_close(rows.grad, (rows * shared).cos().detach() * shared.detach())


def test_state_chunks_cover_all_rows(generator):
    rows = generator.uniform(-2, 2, (11, QNN.circuit.num_parameters))
    whole, chunked = (
        list(SimulationCache(torch.complex128, "cpu", budget).state_chunks(QNN.circuit, rows))
        for budget in (DEFAULT_MEMORY_BUDGET, SMALL_BUDGET)
    )
    assert len(whole) == 1
    assert len(chunked) > 1
    for place, states in chunked:
        torch.testing.assert_close(states, whole[0][1][:, place], rtol=0, atol=1e-14)
    assert sum(states.shape[1] for _, states in chunked) == 11


@pytest.mark.parametrize(
    ("num_qubits", "budget", "message"),
    [
        (40, DEFAULT_MEMORY_BUDGET, r"tables of a circuit of 40 qubits: 43,980,.* needed"),
        (10, 2**16, r"one row of a circuit of 10 qubits: 172,032 bytes needed, .* allows 65,536"),
    ],
)
def test_what_cannot_fit_says_so_before_it_tries(num_qubits, budget, message):
    circuit = QuantumCircuit(num_qubits)
    circuit.ry(ParameterVector("w", num_qubits)[0], 0)
    with pytest.raises(InputError, match=message):
        simulate(circuit, [], list(circuit.parameters), memory_budget=budget)


@pytest.mark.slow
@pytest.mark.ci
def test_twenty_qubits():
    """Values and gradients against closed forms: ⟨Z⟩ = cos of the angle, through a chain of CX."""
    num_qubits = 20
    weights = ParameterVector("w", num_qubits)
    circuit = QuantumCircuit(num_qubits)
    for qubit in range(num_qubits):
        circuit.ry(weights[qubit], qubit)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    values = torch.linspace(0.1, 1.0, num_qubits, dtype=torch.float64, requires_grad=True)
    simulation = simulate(circuit, [], list(weights))
    states = simulation(torch.zeros(1, 0), values)
    signs = torch.tensor(1 - 2 * (np.arange(2**num_qubits) >> num_qubits - 1 & 1))
    last = (states[:, 0].abs().square() * signs).sum()
    last.backward()
    product = values.detach().cos().prod()
    assert last.item() == pytest.approx(product.item(), abs=1e-12)
    expected = -product * values.detach().tan()
    torch.testing.assert_close(values.grad, expected, rtol=0, atol=1e-12)


def test_pieces_for_the_cache_give_the_same(connectors, generator, monkeypatch):
    """Large batches run in pieces even where memory would hold them."""
    whole = connectors[0]
    rows = torch.tensor(generator.uniform(-2, 2, (11, 2)), requires_grad=True)

    def everything():
        values = whole(rows)
        return (values, *torch.autograd.grad(values.square().sum(), [rows, whole.weight]))

    together = everything()
    monkeypatch.setattr(simulation_module, "CACHE_BYTES", 0)
    monkeypatch.setattr(simulation_module, "_FEWEST_ROWS", 4)
    torch.testing.assert_close(everything(), together, rtol=0, atol=1e-13)
