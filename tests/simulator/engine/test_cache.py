"""Compiled circuits are used again exactly where circuit, values' split and order are the same."""

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from random_circuits import slow_states, without_phase

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.engine.cache import SharedColumns, SimulationCache

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
