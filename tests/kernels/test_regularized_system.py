"""Deletion from a linear system, against a solution of the reduced equations from scratch."""

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.kernels import RegularizedSystem


def _kernel(generator, rows, rank):
    states = generator.normal(size=(2, rank, rows))
    states = states[0] + 1j * states[1]
    states /= np.linalg.norm(states, axis=0)
    return np.abs(states.conj().T @ states) ** 2


def test_one_request_after_another_equals_the_equations_of_the_others(generator):
    kernel, right = _kernel(generator, 40, 4), generator.normal(size=(40, 3))
    system, left = RegularizedSystem.of(kernel, ridge=1e-3), np.arange(40)
    for size in (1, 5, 1, 20, 12):
        gone = generator.choice(len(left), size=size, replace=False)
        system, left = system.without(gone), np.delete(left, gone)
        reduced = kernel[np.ix_(left, left)] + 1e-3 * np.eye(len(left))
        expected = np.linalg.solve(reduced, right[left])
        np.testing.assert_allclose(system.solve(right[left]), expected, rtol=1e-9, atol=1e-10)
        assert system.residual(expected, right[left]) < 1e-10
    assert len(system) == 1


def test_deleting_does_not_depend_on_the_order(generator):
    kernel = _kernel(generator, 12, 3)
    system = RegularizedSystem.of(kernel, ridge=0.1)
    once, twice = system.without([2, 7]), system.without([7]).without([2])
    np.testing.assert_allclose(once.factor, twice.factor, atol=1e-13)
    np.testing.assert_array_equal(once.kernel, twice.kernel)


def test_an_indefinite_matrix_is_refused_with_what_helps():
    kernel = [[1.0, 1.5], [1.5, 1.0]]
    with pytest.raises(InputError, match=r"eigenvalue -0\.5.*alpha above 0\.5"):
        RegularizedSystem.of(kernel, ridge=0.1)
    assert RegularizedSystem.of(kernel, ridge=0.6).solve([0.0, 0.0]).tolist() == [0.0, 0.0]


def test_clipping_is_done_again_without_the_deleted_row(generator):
    noisy = _kernel(generator, 12, 2) + 0.3 * generator.normal(size=(12, 12))
    system = RegularizedSystem.of(noisy, ridge=0.05, indefinite="clip").without([4])
    left = np.delete(np.arange(12), 4)
    values, vectors = np.linalg.eigh(((noisy + noisy.T) / 2)[np.ix_(left, left)])
    assert values[0] < -0.05
    clipped = vectors @ np.diag(np.maximum(values, 0)) @ vectors.T + 0.05 * np.eye(11)
    right = generator.normal(size=11)
    np.testing.assert_allclose(system.solve(right), np.linalg.solve(clipped, right), atol=1e-10)


@pytest.mark.parametrize(
    ("kernel", "ridge", "message"),
    [
        ([[1.0, 0.0]], 1.0, "shape"),
        ([[np.nan]], 1.0, "finite"),
        ([[1.0]], 0.0, "alpha must be positive"),
    ],
)
def test_bad_input_is_refused(kernel, ridge, message):
    with pytest.raises(InputError, match=message):
        RegularizedSystem.of(kernel, ridge=ridge)
