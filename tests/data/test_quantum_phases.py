"""Ground states of the cluster-Ising chain, beside the free fermions that solve it."""

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp

from qiskit_qmu import load_dataset
from qiskit_qmu.data.quantum_phases import (
    CLASSES,
    SIGNS,
    SPINS,
    chain_terms,
    couplings,
    ground_states,
    phase_of,
    symmetric_states,
)


def test_the_terms_are_those_of_qiskit():
    spins = 5
    patterns = ({0: "Z"}, {0: "X", 1: "X"}, {0: "X", 1: "Z", 2: "X"})
    for term, pattern in zip(chain_terms(spins), patterns, strict=True):
        terms = [
            ("".join(pattern.values()), [(site + place) % spins for place in pattern], 1.0)
            for site in range(spins)
        ]
        expected = SparsePauliOp.from_sparse_list(terms, spins).to_matrix()
        np.testing.assert_array_equal(term, expected)


@pytest.mark.parametrize("weights", [(1.0, 0.0, 0.0), (0.2, 0.7, 0.1), (0.3, 0.25, 0.45)])
def test_the_energy_is_that_of_free_fermions(weights):
    # After the Jordan–Wigner transformation: E = -Σ_k |a + b e^ik + c e^2ik| over k = 2π(j + ½)/n.
    k = 2 * np.pi * (np.arange(SPINS) + 0.5) / SPINS
    a, b, c = weights
    expected = -np.abs(a + b * np.exp(1j * k) + c * np.exp(2j * k)).sum()
    states = symmetric_states(SPINS)
    blocks = np.array([states.T @ term @ states for term in chain_terms(SPINS)])
    hamiltonian = np.tensordot(SIGNS * weights, blocks, axes=1)
    assert np.linalg.eigvalsh(hamiltonian)[0] == pytest.approx(expected, abs=1e-10)


def test_phases_are_numbers_of_zeros_inside_the_unit_circle():
    weights = couplings(50)
    zeros = [int((np.abs(np.roots([c, b, a])) < 1).sum()) for a, b, c in weights]
    assert phase_of(weights).tolist() == zeros
    assert set(zeros) == {0, 1, 2}


def test_states_show_the_order_of_their_phase():
    states, phases = ground_states()
    energies = np.array(
        [
            -s * ((states @ t) * states).sum(1)
            for s, t in zip(SIGNS, chain_terms(SPINS), strict=True)
        ]
    )
    assert (energies.argmax(axis=0) == phases).mean() > 0.85
    np.testing.assert_allclose((states**2).sum(axis=1), 1.0, atol=1e-12)


def test_rows_are_drawn_from_the_states():
    rows = load_dataset("phases", train_size=60, test_size=30, seed=1)
    assert rows.x_train.shape == (60, 2**SPINS)
    assert rows.class_names == CLASSES
    states, phases = ground_states()
    np.testing.assert_array_equal(rows.x_train, states[rows.train_indices].astype(np.float32))
    np.testing.assert_array_equal(rows.y_test, phases[rows.test_indices])
