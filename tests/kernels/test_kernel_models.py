"""Kernel models against scikit-learn and equations from scratch, before and after deletion."""

import pickle

import numpy as np
import pytest
from qiskit.circuit.library import zz_feature_map
from qiskit_machine_learning.kernels import FidelityQuantumKernel, FidelityStatevectorKernel
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from qiskit_qmu._check import InputError
from qiskit_qmu.auditing import deletion_difference, most_changed
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.kernels import (
    KernelGaussianProcess,
    KernelRidgeClassifier,
    KernelRidgeRegressor,
    LeastSquaresSVC,
    StatevectorKernel,
)

EVERY = (KernelRidgeRegressor, KernelRidgeClassifier, LeastSquaresSVC, KernelGaussianProcess)


def _kernel(generator, rows):
    states = generator.normal(size=(2, 4, rows))
    states = states[0] + 1j * states[1]
    states /= np.linalg.norm(states, axis=0)
    return np.abs(states.conj().T @ states) ** 2


def _reference(kind, kernel, labels, alpha):
    """Return dual coefficients and intercepts from the equations as they are published."""
    rows = len(kernel)
    if kind in (KernelRidgeRegressor, KernelGaussianProcess):
        return np.linalg.solve(kernel + alpha * np.eye(rows), labels[:, None]), 0.0
    one_hot = (labels[:, None] == [0, 1, 2]).astype(float)
    if kind is KernelRidgeClassifier:
        return np.linalg.solve(kernel + alpha * np.eye(rows), one_hot), 0.0
    bordered = np.ones((rows + 1, rows + 1))
    bordered[0, 0] = 0.0
    bordered[1:, 1:] = kernel + alpha * np.eye(rows)
    solution = np.linalg.solve(bordered, np.vstack([np.zeros((1, 3)), 2 * one_hot - 1]))
    return solution[1:], solution[0]


def _check_case(kind, generator):
    rows = int(generator.integers(6, 25))
    whole, alpha = _kernel(generator, rows + 3), float(10 ** generator.uniform(-3, 0))
    kernel = whole[:rows, :rows]
    labels = np.arange(rows) % 3
    generator.shuffle(labels)
    model = kind("precomputed", alpha=alpha).fit(kernel, labels)
    for _ in range(2):
        model.delete(
            generator.choice(model.rows_, size=int(generator.integers(1, 3)), replace=False)
        )
    left = model.rows_
    reduced = kernel[np.ix_(left, left)]
    coefficients, intercept = _reference(kind, reduced, labels[left], alpha)
    probe = whole[rows:, left]  # three rows that were never fitted
    expected = probe @ coefficients + intercept
    np.testing.assert_allclose(model._outputs(probe), expected, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(model.kernel_matrix_, reduced, atol=1e-15)
    if len(set(labels[left])) == 3:
        refitted = kind("precomputed", alpha=alpha).fit(reduced, labels[left])
        np.testing.assert_allclose(model.dual_coef_, refitted.dual_coef_, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", EVERY)
def test_deleting_equals_refitting(kind, generator):
    for _ in range(10):
        _check_case(kind, generator)


@pytest.mark.slow
@pytest.mark.parametrize("cases", [pytest.param(200, marks=pytest.mark.ci), 1000])
@pytest.mark.parametrize("kind", EVERY)
def test_deleting_equals_refitting_in_many_cases(kind, cases, generator):
    for _ in range(cases):
        _check_case(kind, generator)


def test_they_are_the_models_of_scikit_learn(generator):
    x, y, z = generator.normal(size=(20, 2)), generator.normal(size=20), np.ones((3, 2))
    ridge = KernelRidgeRegressor(rbf_kernel, alpha=0.3).fit(x, y)
    known = KernelRidge(kernel="rbf", alpha=0.3, gamma=0.5).fit(x, y)
    np.testing.assert_allclose(ridge.predict(z), known.predict(z), atol=1e-12)
    process = KernelGaussianProcess(RBF(), alpha=0.3).fit(x, y)
    reference = GaussianProcessRegressor(RBF(), alpha=0.3, optimizer=None)
    for _ in range(2):
        reference.fit(x, y)
        mean, deviation = process.predict(z, return_std=True)
        expected = reference.predict(z, return_std=True)
        np.testing.assert_allclose([mean, deviation], expected, atol=1e-12)
        likelihood = reference.log_marginal_likelihood(RBF().theta)
        assert process.log_marginal_likelihood() == pytest.approx(likelihood)
        process.unfit(x[3:5], y[3:5])
        x, y = np.delete(x, [3, 4], axis=0), np.delete(y, [3, 4])


class _Counting(FidelityQuantumKernel):
    calls = 0

    def evaluate(self, x_vec, y_vec=None):
        type(self).calls += 1
        return super().evaluate(x_vec, y_vec)


def test_a_kernel_of_circuits_is_measured_once(generator):
    feature_map = zz_feature_map(2, reps=1)
    x, y = generator.uniform(0, 1, size=(6, 2)), np.array(list("abcabc"))
    model = KernelRidgeClassifier(_Counting(feature_map=feature_map), alpha=0.1).fit(x, y)
    assert _Counting.calls == 1
    record = model.delete([1])
    model.unfit(x[4:5], y[4:5])
    assert _Counting.calls == 1
    assert (record.usage.circuits, record.usage.executions, len(model.deletions_)) == (0, 0, 2)
    left = [0, 2, 3, 5]
    refitted = KernelRidgeClassifier(StatevectorKernel(feature_map), alpha=0.1).fit(
        x[left], y[left]
    )
    kept = [list(model.classes_).index(label) for label in refitted.classes_]
    np.testing.assert_allclose(
        model.predict_proba(x)[:, kept], refitted.predict_proba(x), atol=1e-10
    )


def test_the_statevector_kernel_is_that_of_qiskit(generator):
    feature_map = zz_feature_map(3, reps=2)
    x, z = generator.uniform(-1, 2, size=(5, 3)), generator.uniform(-1, 2, size=(4, 3))
    ours, theirs = (
        k(feature_map=feature_map) for k in (StatevectorKernel, FidelityStatevectorKernel)
    )
    np.testing.assert_allclose(ours.evaluate(x), theirs.evaluate(x), atol=1e-12)
    np.testing.assert_allclose(
        pickle.loads(pickle.dumps(ours)).evaluate(x, z), theirs.evaluate(x, z)
    )


def test_a_noisy_kernel_is_not_projected_before_deletion(generator):
    # The projection of the whole matrix would leave traces of the deleted row in the others.
    from qiskit_machine_learning.utils import algorithm_globals

    algorithm_globals.random_seed = 7
    noisy = FidelityStatevectorKernel(feature_map=zz_feature_map(2, reps=1), shots=20)
    x = generator.uniform(0, 1, size=(15, 2))
    model = KernelRidgeRegressor(noisy, alpha=1.0, indefinite="clip").fit(x, x[:, 0])
    assert np.linalg.eigvalsh(model.kernel_matrix_)[0] < -1e-3
    assert noisy.enforce_psd
    measured = model.kernel_matrix_
    model.delete([0])
    again = KernelRidgeRegressor("precomputed", alpha=1.0, indefinite="clip")
    again.fit(measured[1:, 1:], x[1:, 0])
    np.testing.assert_allclose(model.dual_coef_, again.dual_coef_, atol=1e-12)


def test_a_deleted_row_is_gone_from_the_model_and_its_file(generator):
    x, y = generator.normal(size=(9, 3)), generator.normal(size=9)
    model = KernelGaussianProcess(rbf_kernel).fit(x, y)
    parts = (x[4].tobytes(), y[4].tobytes(), rbf_kernel(x)[4, 2].tobytes())
    assert all(part in pickle.dumps(model) for part in parts)
    model.delete([4])
    assert not any(part in pickle.dumps(model) for part in parts)


def test_rows_that_cannot_be_deleted_are_named_and_nothing_changes(generator):
    x, y = generator.normal(size=(4, 2)), np.array([0, 1, 0, 1])
    model = LeastSquaresSVC(rbf_kernel).fit(x, y)
    model.delete([1])
    before = model.dual_coef_.copy()
    for bad, message in (
        ([1], "row 1 was not fitted, or is deleted already"),
        ([4], "row 4 was not"),
        ([2, 2], "once"),
        ([0, 2, 3], "at least one row"),
        ([], "empty"),
        ([0.5], "integers"),
    ):
        with pytest.raises(InputError, match=message):
            model.delete(bad)
    with pytest.raises(InputError, match="not among the fitted rows"):
        model.unfit(x[:1], [1])  # another label
    with pytest.raises(InputError, match="none of the fitted classes"):
        model.unfit(x[:1], [7])
    np.testing.assert_array_equal(model.dual_coef_, before)
    measured = KernelRidgeRegressor("precomputed").fit(np.eye(3), [1.0, 2.0, 3.0])
    with pytest.raises(InputError, match="has no rows"):
        measured.unfit([[1.0]], [1.0])
    with pytest.raises(InputError, match="each of the 3 rows"):
        measured.predict(np.eye(2))


def test_the_deleted_row_is_told_by_the_models_before_and_after(generator):
    # f⁺ − f⁻ = coefficient × covariance given the other rows, and MaxDiff finds its peak.
    x, y, alpha = generator.normal(size=(40, 4)), generator.normal(size=40), 0.1
    found = 0
    for row in range(0, 40, 4):
        model = KernelRidgeRegressor(rbf_kernel, alpha=alpha).fit(x, y)
        before, coefficient = model.predict(x), model.dual_coef_[row, 0]
        model.delete([row])
        after, left = model.predict(x), model.rows_
        kernel = rbf_kernel(x)
        reduced = kernel[np.ix_(left, left)] + alpha * np.eye(39)
        covariance = kernel[:, row] - kernel[:, left] @ np.linalg.solve(reduced, kernel[left, row])
        np.testing.assert_allclose(before - after, coefficient * covariance, atol=1e-10)
        found += most_changed(before, after)[0] == row
    assert found == 10
    with pytest.raises(InputError, match="same shape"):
        most_changed(before, after[1:])


def test_observations_of_a_kernel_model_go_to_audits(generator):
    x, y = generator.normal(size=(60, 3)), np.arange(60) % 3
    model = LeastSquaresSVC(rbf_kernel, alpha=0.1).fit(x[:40], y[:40])

    def seen():
        return SplitObservations(
            forget=model.observe(x[:10], y[:10]), test_forget=model.observe(x[40:], y[40:])
        )

    before = seen()
    assert deletion_difference(before, seen()).value.value == 0.5
    model.delete(np.arange(10))
    assert deletion_difference(before, seen()).value.value > 0.75
    regression = KernelRidgeRegressor(rbf_kernel).fit(x, y).observe(x[:2], y[:2])
    np.testing.assert_allclose(regression.losses, (regression.outputs[:, 0] - y[:2]) ** 2)


def test_scikit_learn_takes_them(generator):
    x, y = generator.normal(size=(30, 2)), np.arange(30) % 2
    x[:, 0] += 3 * y
    model = clone(KernelRidgeClassifier("precomputed", alpha=0.1))
    assert cross_val_score(model, rbf_kernel(x), y, cv=3).mean() > 0.8
    with pytest.raises(InputError, match="kernel must be"):
        KernelRidgeClassifier("rbf").fit(x, y)


@pytest.mark.slow
@pytest.mark.ci
@parametrize_with_checks([kind(RBF()) for kind in EVERY])
def test_scikit_learns_checks(estimator, check):
    check(estimator)
