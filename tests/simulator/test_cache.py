"""Compiled circuits are used again exactly where circuit, values' split and order are the same."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import DiagonalGate, PauliEvolutionGate, UnitaryGate
from qiskit.quantum_info import SparsePauliOp, Statevector
from random_circuits import slow_states, without_phase

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.cache import SharedColumns, SimulationCache

A, B = Parameter("a"), Parameter("b")


@pytest.fixture
def cache() -> SimulationCache:
    return SimulationCache(torch.complex128, "cpu")


def two_angles() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.ry(A, 0)
    circuit.cx(0, 1)
    circuit.rx(B, 1)
    return circuit


def test_a_circuit_is_compiled_once(cache):
    first = cache.simulation(two_angles(), [A], [B])
    assert cache.simulation(two_angles(), [A], [B]) is first
    assert cache.simulation(two_angles(), [B], [A]) is not first
    assert cache.simulation(two_angles(), [], [A, B]) is not cache.simulation(
        two_angles(), [], [B, A]
    )


def test_a_circuit_that_was_changed_is_compiled_anew(cache):
    circuit = two_angles()
    first = cache.simulation(circuit, [A], [B])
    circuit.h(0)
    assert cache.simulation(circuit, [A], [B]) is not first


def composite(add: Callable[[QuantumCircuit], object]) -> QuantumCircuit:
    block = QuantumCircuit(2, name="block")
    add(block)
    circuit = QuantumCircuit(2)
    circuit.append(block.to_gate(), [0, 1])
    return circuit


def of(gate) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.append(gate, [0, 1])
    return circuit


ALIKE = {
    "composite gates of one name": (composite(lambda b: b.x(0)), composite(lambda b: b.h(1))),
    "evolutions of one duration": tuple(
        of(PauliEvolutionGate(SparsePauliOp(label), 0.7)) for label in ("XI", "IX")
    ),
    "unitary matrices": tuple(
        of(UnitaryGate(np.eye(4)[rows])) for rows in ([0, 1, 3, 2], [2, 1, 0, 3])
    ),
    "diagonals": tuple(of(DiagonalGate([1, sign, 1, 1])) for sign in (1, -1)),
    "angles": tuple(composite(lambda b, a=a: b.rx(a, 0)) for a in (0.1, 0.2)),
}
ALIKE["controls"] = (QuantumCircuit(2), QuantumCircuit(2))
ALIKE["controls"][0].cx(0, 1, ctrl_state=0)
ALIKE["controls"][1].cx(0, 1)


# Qiskit's own matrix exponential of a Pauli evolution warns.
@pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")
@pytest.mark.parametrize("name", ALIKE)
def test_gates_that_only_look_alike_are_told_apart(name, cache):
    for circuit in ALIKE[name]:
        circuit = circuit.copy()
        circuit.h([0, 1])
        states = cache.states(circuit, np.zeros((1, 0)))
        assert Statevector(states[:, 0].numpy()).equiv(Statevector(circuit), rtol=0, atol=1e-12)


def test_the_oldest_circuits_are_forgotten(cache):
    circuits = []
    for angle in range(66):
        circuit = QuantumCircuit(1)
        circuit.rx(angle, 0)
        circuits.append(circuit)
    oldest, second = (cache.simulation(circuit, [], []) for circuit in circuits[:2])
    for circuit in circuits[2:64]:
        cache.simulation(circuit, [], [])
    assert cache.simulation(circuits[0], [], []) is oldest
    cache.simulation(circuits[64], [], [])
    assert cache.simulation(circuits[0], [], []) is oldest
    assert cache.simulation(circuits[1], [], []) is not second


def test_states_of_rows(cache, generator):
    rows = generator.uniform(-3, 3, (4, 2))
    for shared in ([], [0], [1], [0, 1]):
        rows[:, shared] = rows[0, shared]
        states = cache.states(two_angles(), rows).numpy()
        expected = slow_states(two_angles(), [A, B], rows)
        np.testing.assert_allclose(without_phase(states, expected), expected, atol=1e-12)


@pytest.mark.parametrize("num_rows", [0, 1, 3])
def test_states_without_parameters_or_rows(num_rows, cache):
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    states = cache.states(bell, np.zeros((num_rows, 0)))
    assert states.shape == (4, num_rows)
    assert cache.states(two_angles(), np.zeros((num_rows, 2))).shape == (4, num_rows)


def test_columns_are_split_by_whether_rows_differ():
    split = SharedColumns(two_angles(), np.array([[0.1, 2.0], [0.1, 3.0]]))
    assert split.order.tolist() == [1, 0]
    assert (split.shared_parameters, split.batched_parameters) == ([A], [B])
    assert split.shared.tolist() == [0.1]
    assert split.batched.tolist() == [[2.0], [3.0]]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_must_be_finite(bad, cache):
    with pytest.raises(InputError, match="parameter_values must be finite, got 1 NaN or infinite"):
        cache.states(two_angles(), np.array([[0.1, 0.2], [0.1, bad]]))
