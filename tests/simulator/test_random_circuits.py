"""Random circuits of the whole library: values and gradients to 1e-10, in every public class."""

import os

import numpy as np
import pytest
from circuit_strategies import LEFT_OUT, SMALL, batches, circuits, measured, observables
from engine_checks import Case, assert_agree, check
from exact_slopes import states_and_slopes
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from qiskit.quantum_info import Statevector

pytestmark = [
    # Qiskit's own matrix exponential of a Pauli evolution warns.
    pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning"),
    # Copies of some of its gates are made by classes that are deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

LARGE = settings(SMALL, max_examples=int(os.environ.get("QISKIT_QMU_RANDOM_CIRCUITS", "3000")))
# Parts of a long run have seeds of their own.
SEED = int(os.environ.get("QISKIT_QMU_RANDOM_CIRCUITS_SEED", "0"))


@st.composite
def cases(draw: st.DrawFn, **options: object) -> Case:
    """A circuit, its parameters' values and up to three observables."""
    circuit = draw(circuits(**options))
    batch = draw(batches(circuit.num_parameters))
    own = [draw(observables(circuit.num_qubits)) for _ in range(draw(st.integers(1, 3)))]
    return Case(circuit, batch.rows, ~batch.differs, own)


@SMALL
@given(st.data())
def test_small_random_circuits(data):
    case = data.draw(cases(max_qubits=4, max_gates=10, left_out=LEFT_OUT))
    check(case, data.draw(measured(case.circuit)), data.draw(measured(case.circuit, 1)))


@pytest.mark.slow
@seed(SEED)
@LARGE
@given(st.data())
def test_thousands_of_random_circuits(data):
    """Of 1 to 8 qubits and 1 to 60 gates."""
    case = data.draw(cases(left_out=LEFT_OUT))
    check(case, data.draw(measured(case.circuit)), data.draw(measured(case.circuit, 1)))


@settings(SMALL, max_examples=10)
@given(st.data())
def test_the_product_rule_starts_from_the_right_state(data):
    circuit = data.draw(circuits(max_qubits=5, max_gates=20))
    rows = data.draw(batches(circuit.num_parameters)).rows
    states, slopes = states_and_slopes(circuit, list(circuit.parameters), rows)
    bound = [circuit.assign_parameters(row) for row in rows]
    assert_agree(states, np.array([Statevector(own).data for own in bound]))
    # A state keeps its length, whatever the parameters.
    assert_agree((states[:, None].conj() * slopes).sum(2).real, np.zeros(slopes.shape[:2]))
