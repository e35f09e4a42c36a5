"""Outputs of any kind as logits."""

import numpy as np
import pytest
import torch
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.neural_networks import EstimatorQNN
from tiny_models import points, same_weights, sequential, weights_of

from qiskit_qmu import ForgetSplit, Trainer, as_classifier, audit, dataset_from_arrays, observe
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend
from qiskit_qmu.circuits import qnn_circuit
from qiskit_qmu.unlearning import GradientAscent, Retrain, SelectiveDampening


def parity_layer():
    """One value ⟨ZZ⟩ of two inputs."""
    backend, qnn = open_backend("exact"), qnn_circuit(2, 2, 1)
    network = EstimatorQNN(
        circuit=qnn.circuit,
        observables=SparsePauliOp("ZZ"),
        input_params=qnn.inputs,
        weight_params=qnn.weights,
        estimator=backend.estimator,
        gradient=backend.estimator_gradient,
        default_precision=0.0,
        input_gradients=True,
    )
    return backend.connector(network, np.full(len(qnn.weights), 0.3))


def softmax(logits: torch.Tensor) -> np.ndarray:
    return torch.softmax(logits, 1).detach().numpy()


def test_probabilities_come_back_from_the_logits():
    inner = sequential()
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))
    model = as_classifier(torch.nn.Sequential(inner, torch.nn.Softmax(1)), "probabilities")
    np.testing.assert_allclose(softmax(model(x)), softmax(inner(x)), atol=1e-6)
    model(x).sum().backward()  # a gradient reaches the weights
    assert inner[0].weight.grad.abs().sum() > 0


def test_a_probability_of_zero_is_a_finite_logit():
    model = as_classifier(torch.nn.Identity(), "probabilities")
    logits = model(torch.tensor([[0.0, 1.0], [-0.01, 1.01]], dtype=torch.float64))
    assert logits[:, 0].tolist() == pytest.approx([np.log(2.0**-52)] * 2)


@pytest.mark.parametrize(
    ("outputs", "value", "positive"),
    [("expectation", 0.5, 0.75), ("expectation", -1.0, 0.0), ("probabilities", 0.3, 0.3)],
)
@pytest.mark.parametrize("column", [True, False])
def test_one_column_gives_the_probability_of_class_one(outputs, value, positive, column):
    given = torch.tensor([[value]] * 3, dtype=torch.float64)
    logits = as_classifier(torch.nn.Identity(), outputs)(given if column else given[:, 0])
    assert logits.shape == (3, 2)
    np.testing.assert_allclose(softmax(logits)[:, 1], positive, atol=1e-12)


def test_logits_are_taken_as_they_are():
    x = torch.eye(3)
    assert as_classifier(torch.nn.Identity())(x) is x


def test_an_estimator_of_one_observable_goes_the_whole_way_with_labels_of_one_and_minus_one():
    rows = points(20)
    y = np.where(rows.y_train == 1, 1, -1)
    dataset = dataset_from_arrays(rows.x_train, y, rows.x_test, y)
    assert dataset.class_names == ("-1", "1")
    split = ForgetSplit.by_indices(dataset, range(4), validation_fraction=0.2)
    layer = parity_layer()
    model = as_classifier(layer, "expectation", labels=(-1, 1))
    before = weights_of(layer)
    trainer = Trainer(epochs=4, learning_rate=0.1)
    trained_on = split.train.indices
    losses = trainer.fit(model, rows.x_train[trained_on], y[trained_on], generator=0).losses  # ±1
    assert losses[-1] < losses[0]
    assert not same_weights(before, weights_of(layer))
    seen = observe(model, rows.x_train, y)
    with torch.no_grad():
        values = layer(torch.tensor(rows.x_train)).numpy()[:, 0]
    # ln p of the right label, from p(±1) = (1 ± ⟨ZZ⟩)/2
    np.testing.assert_allclose(seen.losses, -np.log((1 + y * values) / 2), atol=1e-5)
    oracle = Retrain(trainer=trainer)(model, split, generator=1).model
    for strategy in (GradientAscent(max_epochs=1), SelectiveDampening(alpha=1.0, dampening=0.5)):
        unlearned = strategy(model, split, generator=0).model
        row = audit(unlearned, split, oracle=oracle, original=model).rows[-1]
        assert 0 <= row["acc_forget_train"] <= 1


def test_a_readable_representation():
    model = as_classifier(torch.nn.Linear(2, 1), "expectation", labels=(-1, 1))
    assert "outputs='expectation', labels=(-1, 1)" in repr(model)
    assert len(repr(model)) < 200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"module": 3}, "a model must be a torch module, got int"),
        ({"outputs": "votes"}, "outputs must be one of logits, probabilities, expectation; got"),
        ({"labels": ("a", "a")}, "labels must be at least two, without duplicates"),
        ({"labels": ("a", "b", "c"), "outputs": "expectation"}, "an expectation has two classes"),
        ({"labels": (1, 2)}, "labels from 0 to 1 must be in ascending order"),
    ],
)
def test_what_cannot_be_wrapped_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        as_classifier(**{"module": torch.nn.Linear(2, 1), **options})


def test_a_label_that_the_model_does_not_know():
    model = as_classifier(torch.nn.Linear(2, 2), labels=("cat", "dog"))
    with pytest.raises(InputError, match="label must be one of cat, dog; got 'cow'"):
        observe(model, [[0.0, 1.0]], ["cow"])
