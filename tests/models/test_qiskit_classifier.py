"""Classifiers of Qiskit ML: what they predict is what the torch module says, both ways."""

import numpy as np
import pytest
import torch
from qiskit.circuit.library import real_amplitudes, zz_feature_map
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.algorithms import VQC, NeuralNetworkClassifier
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN
from qiskit_machine_learning.optimizers import COBYLA, OptimizerResult
from tiny_models import points

from qiskit_qmu import (
    ForgetSplit,
    Trainer,
    audit,
    dataset_from_arrays,
    from_qiskit_classifier,
    load_model,
    observe,
    to_qiskit_classifier,
)
from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import TorchEstimator, TorchSampler
from qiskit_qmu.unlearning import FineTune, GradientAscent

X, Y = points(10).x_train, points(10).y_train
LABELS = {
    "numbers": Y,
    "strings": np.array(["no", "yes"])[Y],
    "one-hot": np.eye(2)[Y],
    "signs": 2 * Y - 1,
}


def stays(fun, x0, jac=None, bounds=None):
    """An optimizer that is done at once."""
    result = OptimizerResult()
    result.x = np.linspace(-1, 1, len(x0))
    return result


def circuits():
    return zz_feature_map(2, reps=1), real_amplitudes(2, reps=1)


def vqc(y) -> VQC:
    inputs, weights = circuits()
    return VQC(feature_map=inputs, ansatz=weights, optimizer=stays, sampler=TorchSampler()).fit(
        X, y
    )


def of_network(network_kind: str, y, **options) -> NeuralNetworkClassifier:
    inputs, weights = circuits()
    shared = {"input_params": inputs.parameters, "weight_params": weights.parameters}
    circuit = inputs.compose(weights)
    if network_kind == "estimator":
        network = EstimatorQNN(circuit=circuit, observables=SparsePauliOp("ZZ"),
                               estimator=TorchEstimator(), **shared)  # fmt: skip
    else:
        shared["interpret"] = lambda outcome: outcome.bit_count() % 2
        network = SamplerQNN(circuit=circuit, sampler=TorchSampler(), output_shape=2, **shared)
    return NeuralNetworkClassifier(network, optimizer=stays, **options).fit(X, y)


def labels_of(model, seen) -> np.ndarray:
    return seen.predictions if model.labels is None else np.array(model.labels)[seen.predictions]


@pytest.mark.parametrize("kind", LABELS)
def test_a_vqc(kind):
    classifier = vqc(LABELS[kind])
    model = from_qiskit_classifier(classifier)
    seen = observe(model, X, LABELS[kind])
    np.testing.assert_allclose(seen.probabilities, classifier.predict_proba(X), atol=1e-6)
    predicted = classifier.predict(X)
    if kind == "one-hot":
        predicted = predicted.argmax(1)
    assert np.array_equal(labels_of(model, seen), predicted)
    assert seen.labels.tolist() == Y.tolist()


@pytest.mark.parametrize(
    ("network", "kind", "options"),
    [
        ("estimator", "signs", {}),
        ("sampler", "numbers", {}),
        ("sampler", "strings", {}),
        ("sampler", "numbers", {"one_hot": True}),
    ],
)
def test_a_neural_network_classifier(network, kind, options):
    classifier = of_network(network, LABELS[kind], **options)
    model = from_qiskit_classifier(classifier)
    seen = observe(model, X, LABELS[kind])
    assert np.array_equal(labels_of(model, seen), classifier.predict(X).ravel())
    outputs = classifier.neural_network.forward(X, classifier.weights)
    expected = outputs if network == "sampler" else np.hstack([1 - outputs, 1 + outputs]) / 2
    np.testing.assert_allclose(seen.probabilities, expected, atol=1e-6)


def test_unlearned_weights_go_back_into_a_copy():
    classifier = vqc(LABELS["strings"])
    before = classifier.weights.copy()
    dataset = dataset_from_arrays(X, LABELS["strings"], X + 0.1, LABELS["strings"])
    assert dataset.class_names == ("no", "yes")
    split = ForgetSplit.by_indices(dataset, [0, 1])
    model = from_qiskit_classifier(classifier)
    Trainer(epochs=3, learning_rate=0.2).fit(model, X, LABELS["strings"], generator=0)
    unlearned = FineTune(epochs=1, learning_rate=0.2)(model, split, generator=0).model
    assert audit(unlearned, split, oracle=model).verdict
    changed = to_qiskit_classifier(unlearned, classifier)
    with torch.no_grad():
        np.testing.assert_array_equal(
            changed.predict_proba(X),
            classifier.neural_network.forward(X, unlearned.module.weight.double().numpy()),
        )
    assert (
        changed.predict(X).tolist()
        == labels_of(unlearned, observe(unlearned, X, LABELS["strings"])).tolist()
    )
    np.testing.assert_array_equal(classifier.weights, before)
    assert not np.array_equal(changed.weights, before)


@pytest.mark.parametrize("kind", ["vqc", "network"])
def test_through_files_and_back(kind, tmp_path):
    """Trained by Qiskit ML, saved without a factory, loaded, unlearned, audited, handed back."""
    names = LABELS["strings"]
    optimizer = COBYLA(maxiter=10)
    if kind == "vqc":
        inputs, weights = circuits()
        classifier = VQC(
            feature_map=inputs, ansatz=weights, optimizer=optimizer, sampler=TorchSampler()
        ).fit(X, names)
    else:
        classifier = of_network("estimator", LABELS["signs"])
        classifier.optimizer = optimizer
        classifier.fit(X, LABELS["signs"])
    from_qiskit_classifier(classifier).save(tmp_path / "m")
    model = load_model(tmp_path / "m")
    np.testing.assert_array_equal(model.predict(X), classifier.predict(X).ravel())
    split = ForgetSplit.by_indices(points(10), [0, 1])
    unlearned = FineTune(epochs=1, learning_rate=0.3)(model, split, generator=0).model
    assert audit(unlearned, split, original=model, oracle=model, seed=0).verdict
    back = to_qiskit_classifier(unlearned, classifier)
    np.testing.assert_array_equal(back.predict(X).ravel(), unlearned.predict(X))
    assert not np.array_equal(back.weights, classifier.weights)


def test_a_classifier_that_is_handed_over_raw_is_one_line():
    classifier, split = vqc(Y), ForgetSplit.by_indices(points(10), [0, 1])
    for given in (audit, lambda m, s: GradientAscent()(m, s, generator=0)):
        with pytest.raises(InputError, match=r"got VQC: wrap it with qmu.from_qiskit_classifier"):
            given(classifier, split)


def test_what_is_no_fitted_classifier_is_refused():
    inputs, weights = circuits()
    with pytest.raises(InputError, match="a classifier must be fitted first"):
        from_qiskit_classifier(VQC(feature_map=inputs, ansatz=weights))
    with pytest.raises(InputError, match="must be a NeuralNetworkClassifier or a VQC, got Linear"):
        from_qiskit_classifier(torch.nn.Linear(2, 2))
    model = from_qiskit_classifier(vqc(Y))
    model.module = torch.nn.Linear(2, 2)
    with pytest.raises(InputError, match=r"must have one TorchConnector of 4 weights, got \[\]"):
        to_qiskit_classifier(model, vqc(Y))
