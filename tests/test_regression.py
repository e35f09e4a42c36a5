"""Regression goes the way of classification: Qiskit ML's own network, every method, the audit."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN
from sklearn.linear_model import QuantileRegressor

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import LossAttack
from qiskit_qmu.experiments.configuration.workload import (
    audit_workload,
    training_workload,
    unlearning_workload,
)
from qiskit_qmu.metrics import stratified_auroc
from qiskit_qmu.simulator import TorchEstimator, TorchEstimatorGradient, TorchSimulatorConnector
from qiskit_qmu.unlearning import METHODS, Retrain, SelectiveDampening, make_strategy
from qiskit_qmu.unlearning.result import UnchangedWarning


def reuploading(num_features, num_qubits, num_layers):
    """Features enter every layer, two on each qubit, so that few qubits can fit many rows."""
    circuit = QuantumCircuit(num_qubits)
    x = ParameterVector("x", num_features)
    w = ParameterVector("w", 2 * num_qubits * num_layers)
    for layer in range(num_layers):
        for qubit in range(num_qubits):
            first = layer * num_qubits + qubit
            circuit.ry(0.5 * x[first % num_features], qubit)
            circuit.rz(0.5 * x[(first + num_qubits) % num_features], qubit)
            circuit.ry(w[2 * first], qubit)
            circuit.rz(w[2 * first + 1], qubit)
        for qubit in range(num_qubits if num_qubits > 1 else 0):
            circuit.cx(qubit, (qubit + 1) % num_qubits)
    return circuit, list(x), list(w)


def stock_regressor(circuit, x, w, seed, connector=TorchConnector, **primitives):
    """Return Qiskit ML's own classes: an EstimatorQNN, one value a row, in a TorchConnector."""
    network = EstimatorQNN(circuit=circuit, input_params=x, weight_params=w, **primitives)
    weights = np.random.default_rng(seed).uniform(-np.pi, np.pi, len(w))
    return connector(network, weights)


@pytest.fixture(scope="module")
def task():
    """Twelve rows, one qubit and two weights, on Qiskit's own estimator by parameter shift."""
    x = np.linspace(-1, 1, 20)[:, None]
    dataset = qmu.dataset_from_arrays(x[::2], np.sin(2 * x[::2, 0]), x[1::2], np.sin(2 * x[1::2]))
    split = qmu.ForgetSplit.by_indices(dataset, [1, 4], validation_fraction=0.2, seed=0)
    model = stock_regressor(*reuploading(1, 1, 1), seed=0)
    trainer = qmu.Trainer(epochs=2, batch_size=6, learning_rate=0.1)
    history = trainer.fit(model, split.train.x, split.train.y, generator=0)
    assert history.losses[-1] < history.losses[0]
    return SimpleNamespace(split=split, model=model, trainer=trainer)


def test_the_loss_of_a_stock_network_is_the_squared_error(task):
    rows = task.split.retain
    observed = qmu.observe(task.model, rows.x, rows.y)
    with torch.no_grad():
        outputs = task.model(torch.as_tensor(rows.x))[:, 0].numpy()
    np.testing.assert_allclose(observed.losses, (outputs - rows.y) ** 2, rtol=1e-5)
    np.testing.assert_allclose(observed.outputs, outputs)
    np.testing.assert_allclose(observed.targets, rows.y, rtol=1e-6)
    np.testing.assert_allclose(observed.expectations[:, 0], outputs)


NOT_FOR_VALUES = [name for name, m in METHODS.items() if {"classes", "shards"} & m.needs]


@pytest.mark.parametrize(
    "method",
    sorted(
        {*METHODS} - {*NOT_FOR_VALUES, "oracle-2", "newton", "newton-r", "neggrad", "neggrad-r"}
    ),
)
def test_every_method_unlearns_a_regression(task, method):
    ascent = {"max_epochs": 2, "loss_threshold": 4.0}  # more than any squared error here
    names = ("ga", "ga-r", "rga", "rga-r", "ewc", "fs-mask", "natural-ga", "shapley", "shapley-r")
    settings = dict.fromkeys(names, ascent)
    strategy = make_strategy(method, settings, task.trainer)
    result = strategy(task.model, task.split, generator=1)
    assert result.changed == (method != "noop")
    assert all(np.isfinite(list(step.values())).all() for step in result.history)


def test_a_method_that_does_not_fit_says_why(task):
    for method in (*NOT_FOR_VALUES, "newton", "newton-r"):
        strategy = make_strategy(method, {}, task.trainer)
        reason = r"requires a model that predicts classes|derivatives|trained in shards"
        with pytest.raises(InputError, match=reason):
            strategy(task.model, task.split, generator=1)
    with pytest.warns(UnchangedWarning, match="the rows had loss .*, unseen rows"):
        make_strategy("neggrad", {}, task.trainer)(task.model, task.split, generator=1)


def test_an_audit_of_values_has_no_accuracies(task):
    unlearned = make_strategy("gd", {}, task.trainer)(task.model, task.split, generator=1).model
    oracle = Retrain(trainer=task.trainer)(task.model, task.split, generator=2).model
    report = qmu.audit(unlearned, task.split, oracle=oracle, original=task.model)
    row = report.rows[-1]
    for part in ("forget", "retain"):
        rows = getattr(task.split, part)
        losses = qmu.observe(unlearned, rows.x, rows.y).losses
        assert row[f"loss_{part}_train"] == pytest.approx(losses.mean())
    assert row["mia_auc"] is not None
    assert not [key for key in row if key.startswith(("acc_", "js_", "mia_paper"))]
    assert str(report)
    assert report.to_dict()


def pinball(model, x, y):
    """The loss of the 80 % quantile: what lies above is four times as bad as what lies below."""
    errors = y - model(x).squeeze(-1)
    return torch.maximum(0.8 * errors, -0.2 * errors)


def test_a_row_loss_of_ones_own_goes_all_the_way(task):
    trainer = qmu.Trainer(epochs=300, batch_size=12, learning_rate=0.03, objective=pinball)
    module = torch.nn.Linear(1, 1)
    rows = task.split.train
    trainer.fit(module, rows.x, rows.y, generator=0)
    best = QuantileRegressor(quantile=0.8, alpha=0.0).fit(rows.x, rows.y).predict(rows.x)
    least = np.maximum(0.8 * (rows.y - best), -0.2 * (rows.y - best)).mean()
    learned = qmu.observe(module, rows.x, rows.y, pinball).losses.mean()
    assert learned == pytest.approx(least, rel=0.1)
    settings = {name: {"loss_threshold": 9.0} for name in ("ga", "rga-r")}
    settings["ssd"] = {"alpha": 0.01, "dampening": 0.05}
    for method in ("ga", "ssd", "rga-r", "oracle"):
        strategy = make_strategy(method, settings, trainer)
        result = strategy(module, task.split, generator=1)
        observed = qmu.observe(result.model, task.split.forget.x, task.split.forget.y, pinball)
        np.testing.assert_array_equal(LossAttack().scores(observed, observed)[0], -observed.losses)
    report = qmu.audit(result.model, task.split, original=module, objective=pinball)
    assert report.rows[-1]["loss_forget_train"] == pytest.approx(observed.losses.mean())


@pytest.mark.slow
@pytest.mark.ci
def test_a_stock_regression_leaks_and_fresh_oracles_do_not():
    """150 rows of diabetes, 48 weights: the forgotten rows' losses give the original away.

    The AUC of one oracle has a standard error of 0.046 (45 against 292 rows), of the mean of three
    0.027.
    """
    circuit, x, w = reuploading(10, 3, 8)
    trainer = qmu.Trainer(epochs=80, batch_size=150, learning_rate=0.1)
    originals, oracles = [], []
    for seed in range(3):
        dataset = qmu.load_dataset("diabetes", train_size=150, test_size=292, seed=seed)
        split = qmu.ForgetSplit.by_fraction(dataset, 0.3, seed=seed)
        estimator = TorchEstimator()
        gradient = TorchEstimatorGradient(estimator)
        primitives = {"estimator": estimator, "gradient": gradient}
        model = stock_regressor(circuit, x, w, seed, TorchSimulatorConnector, **primitives)
        trainer.fit(model, split.train.x, split.train.y, generator=seed)
        oracle = Retrain(trainer=trainer)(model, split, generator=100 + seed).model
        for found, of in ((originals, model), (oracles, oracle)):
            found.append(leak(of, split))
    assert np.mean(originals) >= 0.60
    assert np.mean(oracles) == pytest.approx(0.5, abs=0.05)


def leak(model, split):
    parts = (split.forget, split.test_forget)
    members, others = (qmu.observe(model, part.x, part.y) for part in parts)
    scores = LossAttack().scores(members, others)
    return stratified_auroc(scores[0], members.strata, scores[1], others.strata).value


def test_the_work_of_a_regression_is_estimated(task):
    """Two epochs of two batches by parameter shift: one forward pass and four shifts a row."""
    rows = task.split.train
    training = training_workload(task.trainer, task.model, rows.x, rows.y, generator=0)
    assert training.usage.circuits == 2 * len(rows) * (1 + 2 * 2)
    audit = audit_workload([task.model], task.split)
    parts = ("forget", "retain", "test_forget", "test_retain")
    assert audit.usage.circuits == sum(len(getattr(task.split, part)) for part in parts)
    search = unlearning_workload(SelectiveDampening(), task.model, task.split, generator=0)
    assert search.usage.circuits > audit.usage.circuits
