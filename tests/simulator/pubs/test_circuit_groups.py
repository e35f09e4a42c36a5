"""PUBs of one circuit: simulated once, whatever they ask for, and in chunks without a trace."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit_machine_learning.neural_networks import EstimatorQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import TorchEstimator, TorchSampler
from qiskit_qmu.simulator.engine.cache import SimulationCache
from qiskit_qmu.simulator.pubs.circuit_groups import group_pubs, states_of_rows

A, B = Parameter("a"), Parameter("b")


def entangled() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.ry(A, 0)
    circuit.cx(0, 1)
    circuit.rx(B, 1)
    return circuit


class ChunkedCache(SimulationCache):
    """Counts simulations, and hands out their states a few rows at a time."""

    def __init__(self, rows_at_once: int = 100) -> None:
        super().__init__(torch.complex128, "cpu")
        self.rows_at_once = rows_at_once
        self.simulated: list[int] = []

    def state_chunks(self, circuit, values) -> Iterator[tuple[slice, torch.Tensor]]:
        self.simulated.append(len(values))
        for first in range(0, len(values), self.rows_at_once):
            rows = slice(first, min(first + self.rows_at_once, len(values)))
            for _, states in super().state_chunks(circuit, values[rows]):
                yield rows, states


def groups_of(*pubs) -> list[tuple[int, dict[int, list[int]]]]:
    groups = group_pubs([EstimatorPub.coerce(pub) for pub in pubs], ChunkedCache())
    return [
        (len(group.rows), {pub: rows.tolist() for pub, rows in group.members.items()})
        for group in groups
    ]


def test_the_same_values_are_simulated_once():
    circuit, values = entangled(), np.arange(6.0).reshape(3, 2)
    pubs = [(circuit, "ZZ", values), (circuit, "XX", values), (entangled(), "ZZ", values)]
    assert groups_of(*pubs) == [
        (3, {0: [0, 1, 2], 1: [0, 1, 2]}),
        (3, {2: [0, 1, 2]}),
    ]


def test_single_bindings_are_simulated_together():
    circuit = entangled()
    pubs = [(circuit, "ZZ", [0, 1]), (circuit, "ZZ", [[0, 2]]), (circuit, "XX", [0, 1])]
    assert groups_of(*pubs) == [(2, {0: [0], 1: [1], 2: [0]})]


def test_several_bindings_keep_what_they_share():
    circuit = entangled()
    pubs = [(circuit, "ZZ", [[0, 1], [2, 1]]), (circuit, "ZZ", [[0, 3], [2, 3]])]
    assert groups_of(*pubs) == [(2, {0: [0, 1]}), (2, {1: [0, 1]})]


def test_bindings_of_a_circuit_without_parameters():
    circuit = QuantumCircuit(1)
    pubs = [(circuit, "Z"), (circuit, "Z", np.zeros((2, 0))), (circuit, "Z", np.zeros((3, 0)))]
    assert [rows for rows, _ in groups_of(*pubs)] == [1, 2, 3]


def test_a_group_does_not_see_later_changes_of_its_circuit():
    circuit = QuantumCircuit(1)
    circuit.h(0)
    (group,) = group_pubs([EstimatorPub.coerce((circuit, "Z"))], ChunkedCache())
    circuit.x(0)
    assert group.active.circuit.count_ops() == {"h": 1}


def test_bad_circuits_and_values_are_found_when_they_are_grouped():
    with pytest.raises(InputError, match="parameter_values must be finite, got 1 NaN"):
        groups_of((entangled(), "ZZ", [0.1, np.nan]))


@pytest.mark.parametrize("chunk", [slice(0, 3), slice(2, 4)])
def test_states_of_rows_in_a_chunk(chunk):
    """The amplitude of row r is r; rows 0 … 4 are wanted in this order, some twice."""
    wanted = np.array([3, 0, 1, 1, 0, 2, 4, 2])
    states = torch.arange(5.0)[None, chunk]
    found = {}
    for positions, own in states_of_rows(wanted, chunk, states):
        assert len(positions) == own.shape[1] <= states.shape[1]
        found |= dict(zip(positions.tolist(), own[0].int().tolist(), strict=True))
    inside = range(chunk.start, chunk.stop)
    assert found == {i: row for i, row in enumerate(wanted.tolist()) if row in inside}


def test_a_whole_chunk_is_not_copied():
    states = torch.ones(2, 3)
    ((_, own),) = states_of_rows(np.arange(3), slice(0, 3), states)
    assert own is states


def test_an_estimator_network_is_simulated_once_for_all_its_observables():
    estimator = TorchEstimator()
    estimator.cache = cache = ChunkedCache()
    network = EstimatorQNN(
        circuit=entangled(),
        estimator=estimator,
        observables=[{"ZZ": 1.0}, {"XI": 1.0}, {"IZ": 1.0}],
        input_params=[A],
        weight_params=[B],
    )
    network.forward(np.zeros((4, 1)), [0.3])
    assert cache.simulated == [4]


@pytest.mark.parametrize("rows_at_once", [1, 3])
def test_exact_values_in_chunks(rows_at_once, generator):
    values, circuit = generator.uniform(-3, 3, (5, 2)), entangled()
    pubs = [
        (circuit, [["ZZ"], ["XI"]], values),
        (circuit, [["YY", "IZ"]], values[:, None]),
        (circuit, "ZZ", values[2]),
    ]
    whole, chunked = TorchEstimator(), TorchEstimator()
    chunked.cache = ChunkedCache(rows_at_once)
    for own, other in zip(chunked.run(pubs).result(), whole.run(pubs).result(), strict=True):
        np.testing.assert_allclose(own.data.evs, other.data.evs, rtol=0, atol=1e-14)


@pytest.mark.parametrize("rows_at_once", [1, 3])
def test_shots_in_chunks(rows_at_once):
    """Values that are certain tell whether each row's shots end up where they belong."""
    circuit = entangled()
    circuit.measure_all()
    values = np.pi * np.array([[0, 0], [1, 0], [0, 1], [1, 1], [0, 0]])
    sampler = TorchSampler(shots=3)
    sampler.cache = ChunkedCache(rows_at_once)
    pubs = [(circuit, values), (circuit, values[3]), (circuit, values, 5)]
    result = sampler.run(pubs).result()
    for pub, shots in ((result[0], 3), (result[2], 5)):
        found = [pub.data.meas.get_int_counts(row) for row in range(5)]
        assert found == [{0: shots}, {3: shots}, {2: shots}, {1: shots}, {0: shots}]
    assert result[1].data.meas.get_int_counts() == {1: 3}

    estimator = TorchEstimator(shots=3)
    estimator.cache = ChunkedCache(rows_at_once)
    evs = estimator.run([(circuit, [["ZI"], ["IZ"]], values)]).result()[0].data.evs
    np.testing.assert_array_equal(evs, [[1, -1, -1, 1, 1], [1, -1, 1, -1, 1]])


@pytest.mark.parametrize("shots", [1, 100])
def test_the_noise_does_not_depend_on_the_chunks(shots, generator):
    circuit, values = entangled(), generator.uniform(-3, 3, (7, 2))
    measured = circuit.copy()
    measured.measure_all()
    found = []
    for rows_at_once in (100, 3, 1):
        estimator, sampler = TorchEstimator(shots=shots, seed=1), TorchSampler(shots=shots, seed=1)
        estimator.cache = sampler.cache = ChunkedCache(rows_at_once)
        block, row = (circuit, [["ZZ"], ["XI"], ["YY"]], values), (circuit, "XX", values[2])
        estimates = estimator.run([block, row, block, row]).result()
        samples = sampler.run([(measured, values), (measured, values[1]), (measured, values)])
        found.append(
            [pub.data.evs.tolist() for pub in estimates]
            + [pub.data.meas.array.tolist() for pub in samples.result()]
        )
    assert found[0] == found[1] == found[2]
