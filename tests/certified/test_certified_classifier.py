"""The bound of the residual against the true gradient, and the ledger that adds it up."""

import pickle

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError
from qiskit_qmu.certified import CertifiedClassifier, FrozenCircuit, gaussian_epsilon
from qiskit_qmu.certified.perturbed_logistic import (
    THIRD_DERIVATIVE,
    gradient,
    hessian,
    remove,
    train,
)


def _true_gradient(weights, x, signs, ridge, noise):
    """Return ∇L_b in extended precision."""
    w, x, signs = (values.astype(np.longdouble) for values in (weights, x, signs))
    of_rows = -(signs / (1 + np.exp(signs * (x @ w))))[:, None] * x + ridge * w
    total = noise.astype(np.longdouble) + of_rows.sum(0)
    return float(np.sqrt((total**2).sum()))


def _case(generator):
    rows, size = int(generator.integers(8, 60)), int(generator.integers(1, 7))
    x = generator.normal(size=(rows, size)) * generator.uniform(0.1, 3)
    x /= np.maximum(1.0, np.linalg.norm(x, axis=1, keepdims=True))
    signs = generator.choice([-1.0, 1.0], size=rows)
    ridge, noise = 10 ** generator.uniform(-4, 0), generator.uniform(0, 2)
    return x, signs, ridge, generator.normal(scale=noise, size=size)


def _check_bounds(generator, cases):
    tightest = np.inf
    for _ in range(cases):
        x, signs, ridge, noise = _case(generator)
        fitted = train(x, signs, ridge, noise)
        assert _true_gradient(fitted.weights, x, signs, ridge, noise) <= fitted.residual < 1e-9
        for _ in range(3):
            gone = generator.choice(len(x), size=int(generator.integers(1, 3)), replace=False)
            left = np.delete(np.arange(len(x)), gone)
            fitted = remove(fitted, x[gone], signs[gone], x[left], signs[left], ridge)
            x, signs = x[left], signs[left]
            true = _true_gradient(fitted.weights, x, signs, ridge, noise)
            assert true <= fitted.residual
            tightest = min(tightest, fitted.residual / true)
    return tightest


def test_the_residual_is_never_understated(generator):
    assert _check_bounds(generator, 30) < 20  # nor is the bound empty


@pytest.mark.slow
@pytest.mark.ci
def test_the_residual_is_never_understated_in_many_cases(generator):
    assert _check_bounds(generator, 1000) < 5


def test_the_objective_is_logistic_regression(generator):
    x, signs, ridge, _ = _case(generator)
    weights = train(x, signs, ridge, np.zeros(x.shape[1])).weights
    reference = LogisticRegression(C=1 / (ridge * len(x)), fit_intercept=False, tol=1e-10)
    np.testing.assert_allclose(weights, reference.fit(x, signs).coef_[0], atol=1e-6)
    h = 1e-6
    numeric = [
        (
            gradient(weights + h * e, x, signs, ridge, 0)
            - gradient(weights - h * e, x, signs, ridge, 0)
        )
        for e in np.eye(x.shape[1])
    ]
    np.testing.assert_allclose(
        hessian(weights, x, signs, ridge), np.array(numeric) / 2 / h, atol=1e-7
    )


def test_the_third_derivative_is_as_large_as_is_said():
    chance = expit(np.linspace(-8, 8, 200001))
    third = np.abs(chance * (1 - chance) * (1 - 2 * chance))
    assert THIRD_DERIVATIVE * (1 - 1e-8) < third.max() <= THIRD_DERIVATIVE * (1 + 1e-12)


@pytest.fixture(scope="module")
def rows():
    generator = np.random.default_rng(5)
    labels = np.arange(90) % 3
    return generator.normal(size=(90, 6)) + 2 * np.eye(6)[labels], labels


def test_the_ledger_adds_up_and_retrains_before_the_budget_is_exceeded(rows):
    x, y = rows
    model = CertifiedClassifier(noise=0.03, regularization=0.05, delta=1e-4, random_state=1)
    model.fit(x, y)
    assert model.score(x, y) > 0.8
    for start in range(0, 30, 2):
        model.unfit(x[start : start + 2], y[start : start + 2])
    entries = model.ledger_.entries
    actions = [entry.action for entry in entries]
    assert actions[0] == "trained"
    assert {"removed", "retrained"} == set(actions[1:])
    assert [entry.remaining for entry in entries] == list(range(90, 59, -2))
    for entry, last in zip(entries[1:], entries, strict=False):
        assert (entry.residual > last.residual) == (entry.action == "removed")
        assert entry.residual <= model.ledger_.budget
        assert entry.epsilon == gaussian_epsilon(entry.residual / 0.03, 1e-4) <= 1.0
    assert model.ledger_.spent == entries[-1].epsilon
    assert model.ledger_.to_frame()["action"].tolist() == actions
    assert f"30 rows removed, {actions.count('retrained')} retrainings" in str(model.ledger_)
    assert pickle.loads(pickle.dumps(model)).ledger_ == model.ledger_


def test_every_training_draws_its_own_noise_which_is_kept_nowhere(rows):
    x, y = rows
    model = CertifiedClassifier(noise=0.02, regularization=0.05, random_state=3).fit(x, y)
    first = qmu._seeds.stream(3, "noise", "0").normal(scale=0.02, size=7)
    features, signs = model._features, np.where(y == 0, 1.0, -1.0)
    assert _true_gradient(model.coef_[0], features, signs, 0.05, first) < 1e-9
    assert first.tobytes() not in pickle.dumps(model)
    while model.ledger_.entries[-1].action != "retrained":
        model.unfit(model._rows[:8], model._numbers[:8])
    number = str(len(model.ledger_.entries) - 1)
    second = qmu._seeds.stream(3, "noise", number).normal(scale=0.02, size=7)
    signs = np.where(model._numbers == 0, 1.0, -1.0)
    assert _true_gradient(model.coef_[0], model._features, signs, 0.05, second) < 1e-9
    free = CertifiedClassifier()
    assert not np.array_equal(free.fit(x, y).coef_, free.fit(x, y).coef_)


def test_bad_requests_and_settings_are_refused(rows):
    x, y = rows
    model = CertifiedClassifier(noise=5.0, random_state=0).fit(x, y).unfit(x[:1], y[:1])
    weights = model.coef_
    for bad_x, bad_y, message in (
        (x[:1], y[:1], "not among the fitted rows, or no longer"),
        (x[1:2], [7], "7 is none of the fitted classes"),
        (x[1:], y[1:], "at least one row must be left"),
    ):
        with pytest.raises(InputError, match=message):
            model.unfit(bad_x, bad_y)
    assert model.coef_ is weights
    for options, message in (
        ({"noise": 0.0}, "noise must be positive"),
        ({"epsilon": 0.0}, "epsilon must be positive"),
        ({"noise": 1e-12}, "more than the .* hides"),
        ({"features": lambda x: x[0]}, "features must have shape"),
    ):
        with pytest.raises(InputError, match=message):
            CertifiedClassifier(**options).fit(x, y)


def test_a_frozen_circuit_is_the_circuit_that_it_says():
    from qiskit.quantum_info import SparsePauliOp, Statevector

    circuit = FrozenCircuit(num_features=4, num_qubits=2, num_layers=2, scale=0.7, seed=2)
    row = np.array([0.3, -1.0, 0.2, 2.0])
    projection, weights = circuit._drawn
    angles = np.pi / 2 * (1 + np.tanh(0.35 * row @ projection))
    parameters = (*circuit.qnn.inputs, *circuit.qnn.weights)
    values = dict(zip(parameters, (*angles, *weights), strict=True))
    state = Statevector(circuit.qnn.circuit.assign_parameters(values))
    expected = [state.expectation_value(SparsePauliOp(p)).real for p in ("IZ", "ZI", "ZZ")]
    np.testing.assert_allclose(circuit([row])[0], expected, atol=1e-12)
    with pytest.raises(InputError, match=r"shape \(n, 4\)"):
        circuit(np.zeros((1, 3)))


@pytest.mark.slow
@pytest.mark.ci
@parametrize_with_checks([CertifiedClassifier(noise=0.05, random_state=0)])
def test_scikit_learns_own_checks_of_the_certified(estimator, check):
    check(estimator)
