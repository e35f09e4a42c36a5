"""Random circuits: our gradients against Qiskit ML's parameter shift over Qiskit's primitives."""

import numpy as np
import pytest
from circuit_strategies import LEFT_OUT, SMALL, batches, circuits, observables
from engine_checks import assert_agree
from gate_catalogue import NOT_GATES
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from qiskit.circuit import QuantumCircuit
from qiskit.primitives import StatevectorEstimator
from qiskit_machine_learning.gradients import (
    ParamShiftEstimatorGradient,
    ParamShiftSamplerGradient,
)
from qiskit_machine_learning.primitives import QMLSampler

from qiskit_qmu.simulator import (
    TorchEstimator,
    TorchEstimatorGradient,
    TorchSampler,
    TorchSamplerGradient,
)

pytestmark = pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")

# Qiskit ML translates nothing but gates and shifts no global phase; Qiskit does not differentiate
# sign().
NOT_SHIFTED = {"global phase", "GlobalPhaseGate", "PauliEvolutionGate", "sign", *NOT_GATES}
FEW = settings(SMALL, max_examples=4)
MANY = settings(SMALL, max_examples=500)


def draw_circuit(data: st.DataObject) -> tuple[QuantumCircuit, np.ndarray]:
    circuit = data.draw(circuits(max_qubits=3, max_gates=6, left_out=LEFT_OUT | NOT_SHIFTED))
    assume(circuit.num_parameters)
    return circuit, data.draw(batches(circuit.num_parameters)).rows


def check_expectations(data: st.DataObject) -> None:
    circuit, rows = draw_circuit(data)
    observable = data.draw(observables(circuit.num_qubits))
    arguments = ([circuit] * len(rows), [observable] * len(rows), rows)
    ours = TorchEstimatorGradient(TorchEstimator()).run(*arguments).result()
    stock = ParamShiftEstimatorGradient(StatevectorEstimator()).run(*arguments).result()
    assert_agree(np.array(ours.gradients), np.array(stock.gradients))


def check_probabilities(data: st.DataObject) -> None:
    """To 1e-9, because QMLSampler's exact mode rounds probabilities to multiples of 2⁻⁴⁰."""
    circuit, rows = draw_circuit(data)
    circuit.measure_all()
    arguments = ([circuit] * len(rows), rows)
    ours = TorchSamplerGradient(TorchSampler()).run(*arguments).result().gradients
    stock = ParamShiftSamplerGradient(QMLSampler()).run(*arguments).result().gradients
    for own, other in zip(ours, stock, strict=True):
        for slopes, expected in zip(own, other, strict=True):
            assert set(expected) <= set(slopes)
            found = [slopes[outcome] - expected.get(outcome, 0.0) for outcome in slopes]
            scale = max(1.0, *np.abs(list(expected.values())))
            np.testing.assert_allclose(found, 0, atol=1e-9 * scale)


@FEW
@given(st.data())
def test_expectations(data):
    check_expectations(data)


@FEW
@given(st.data())
def test_probabilities(data):
    check_probabilities(data)


@pytest.mark.slow
@MANY
@given(st.data())
def test_many_expectations(data):
    check_expectations(data)


@pytest.mark.slow
@MANY
@given(st.data())
def test_many_probabilities(data):
    check_probabilities(data)
