"""Outputs under shots: exactly those of the counts, which have the distribution of the state."""

import numpy as np
import pytest
import torch
from connector_networks import QNN, WEIGHTS
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import (
    TorchEstimator,
    TorchEstimatorGradient,
    TorchSampler,
    TorchSamplerGradient,
    TorchSimulatorConnector,
)
from qiskit_qmu.simulator.shots.measured_circuit import MeasuredCircuit
from qiskit_qmu.simulator.shots.sampled_counts import expectations_with_counts, register_counts

SHOTS, ROWS, LIMIT = 40, 3000, 5.0
Z_SUMS = [SparsePauliOp("IIZ"), SparsePauliOp("ZII"), SparsePauliOp(["ZZI", "III"], [0.5, 2.0])]
ANGLE = Parameter("a")


def entangled(*, idle: bool = False) -> QuantumCircuit:
    """A circuit of two qubits that are not alike; idle, a third lies between them."""
    circuit = QuantumCircuit(3 if idle else 2)
    last = circuit.num_qubits - 1
    circuit.ry(ANGLE, 0)
    circuit.cx(0, last)
    circuit.rx(0.7, last)
    return circuit


def estimator_connector(estimator, observables=Z_SUMS, precision=0.0) -> TorchSimulatorConnector:
    network = EstimatorQNN(
        circuit=QNN.circuit,
        observables=observables,
        input_params=QNN.inputs,
        weight_params=QNN.weights,
        estimator=estimator,
        gradient=TorchEstimatorGradient(estimator),
        default_precision=precision,
    )
    return TorchSimulatorConnector(network, WEIGHTS)


def sampler_connector(sampler, interpret=None, output_shape=None) -> TorchSimulatorConnector:
    network = SamplerQNN(
        circuit=QNN.circuit,
        input_params=QNN.inputs,
        weight_params=QNN.weights,
        sampler=sampler,
        gradient=TorchSamplerGradient(sampler),
        interpret=interpret,
        output_shape=output_shape,
    )
    return TorchSimulatorConnector(network, WEIGHTS)


def parity(outcome: int) -> int:
    return outcome.bit_count() % 2


def value_of(outcome: int) -> list[float]:
    """The three observables of one outcome, bit by bit."""
    signs = [1 - 2 * ((outcome >> qubit) & 1) for qubit in range(3)]
    return [signs[0], signs[2], 0.5 * signs[2] * signs[1] + 2.0]


def test_expectations_are_those_of_the_counts():
    connector = estimator_connector(TorchEstimator(shots=SHOTS, seed=1))
    with connector.recording() as tables:
        outputs = connector(torch.rand(4, 2)).detach().numpy()
    (counts,) = tables
    assert counts.shape == (4, 8)
    for row, table in zip(outputs, counts, strict=True):
        shots = [outcome for outcome, count in enumerate(table) for _ in range(count)]
        assert len(shots) == SHOTS
        expected = np.mean([value_of(outcome) for outcome in shots], axis=0)
        np.testing.assert_allclose(row, expected, atol=1e-6)


@pytest.mark.parametrize(("interpret", "size"), [(None, 8), (parity, 2)])
def test_probabilities_are_those_of_the_counts(interpret, size):
    shape = None if interpret is None else size
    connector = sampler_connector(TorchSampler(shots=SHOTS, seed=1), interpret, shape)
    with connector.recording() as tables:
        outputs = connector(torch.rand(4, 2)).detach().numpy()
    (counts,) = tables
    for row, table in zip(outputs, counts, strict=True):
        expected = np.zeros(size)
        for outcome, count in enumerate(table):
            expected[interpret(outcome) if interpret else outcome] += count / SHOTS
        np.testing.assert_allclose(row, expected, atol=1e-6)


@pytest.mark.parametrize("idle", [False, True])
def test_counts_have_the_distribution_of_the_state(idle):
    """Also that of idle qubits, which are not simulated: means within 5 standard errors."""
    circuit = entangled(idle=idle)
    measured = circuit.measure_all(inplace=False)
    state = Statevector(circuit.assign_parameters([0.9])).probabilities()
    rows = np.full((ROWS, 1), 0.9)
    cache, generator = TorchEstimator().cache, np.random.default_rng(2)
    label = "Z" * circuit.num_qubits
    values, by_estimator = expectations_with_counts(
        cache, MeasuredCircuit.of(circuit, [SparsePauliOp(label)]), rows, SHOTS, generator
    )
    by_sampler = register_counts(cache, measured, rows, SHOTS, generator)
    assert values.shape == (ROWS, 1)
    spread = np.sqrt(SHOTS * state * (1 - state) / ROWS)
    for counts in (by_estimator, by_sampler):
        assert counts.shape == (ROWS, 2**circuit.num_qubits)
        assert (counts.sum(axis=1) == SHOTS).all()
        assert np.all(np.abs(counts.mean(axis=0) - SHOTS * state) <= LIMIT * spread + 1e-9)


def test_a_circuit_without_gates_needs_no_measurement():
    circuit = QuantumCircuit(2)
    values, counts = expectations_with_counts(
        TorchEstimator().cache,
        MeasuredCircuit.of(circuit, [SparsePauliOp("ZZ")]),
        np.zeros((2, 0)),
        SHOTS,
        np.random.default_rng(0),
    )
    assert counts is None
    assert values.tolist() == [[1.0], [1.0]]


def test_outputs_share_their_shots():
    """Two observables that are the same have the same noise."""
    twice = [SparsePauliOp("ZII"), SparsePauliOp("ZII", 2.0)]
    connector = estimator_connector(TorchEstimator(shots=SHOTS, seed=1), twice)
    outputs = connector(torch.rand(20, 2))
    torch.testing.assert_close(2 * outputs[:, 0], outputs[:, 1])


def nothing_recorded(connector: TorchConnector) -> bool:
    with connector.recording() as tables:
        connector(torch.rand(2, 2))
    return not tables


def test_no_counts_where_there_are_none():
    shots = TorchEstimator(shots=SHOTS, seed=1)
    two_bases = [SparsePauliOp("ZII"), SparsePauliOp("XII")]
    assert nothing_recorded(estimator_connector(shots, two_bases))
    assert nothing_recorded(estimator_connector(shots, [SparsePauliOp("III")]))
    assert nothing_recorded(estimator_connector(TorchEstimator()))
    assert nothing_recorded(sampler_connector(TorchSampler()))


def test_recordings_end_and_may_be_nested():
    connector = estimator_connector(TorchEstimator(shots=SHOTS, seed=1))
    rows = torch.rand(2, 2)
    with connector.recording() as outer:
        connector(rows)
        with connector.recording() as inner:
            connector(rows)
        connector(rows)
    connector(rows)
    assert [len(outer), len(inner)] == [3, 1]
    np.testing.assert_array_equal(outer[1], inner[0])


def test_a_precision_of_the_network_takes_its_own_shots():
    connector = estimator_connector(TorchEstimator(shots=SHOTS, seed=1), precision=0.1)
    with connector.recording() as tables:
        connector(torch.rand(2, 2))
    assert tables[0].sum(axis=1).tolist() == [100, 100]


def test_values_that_are_not_finite_are_refused():
    connector = estimator_connector(TorchEstimator(shots=SHOTS, seed=1))
    with pytest.raises(InputError, match="must be finite"):
        connector(torch.full((1, 2), torch.nan))
