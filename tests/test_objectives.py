"""Objectives: closed forms, torch's own mean, and what a row loss of one's own must return."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from qiskit_qmu._check import InputError
from qiskit_qmu.objectives import CrossEntropy, SquaredError, objective_for

IDENTITY = torch.nn.Identity()


def absolute_error(model, x, y):
    return (model(x).squeeze(-1) - y).abs()


@dataclass(frozen=True)
class Reconstruction:
    predicts = "nothing"

    def row_losses(self, model, x, y):
        return (model(x) - x).square().sum(1)


def test_cross_entropy_is_in_nats():
    logits = torch.tensor([[0.0, 0.0], [np.log(3.0), 0.0]])
    labels = torch.tensor([1, 0])
    expected = [np.log(2), np.log(4 / 3)]
    losses = CrossEntropy().row_losses(IDENTITY, logits, labels)
    np.testing.assert_allclose(losses, expected, rtol=1e-6)
    mean = CrossEntropy().mean_loss(IDENTITY, logits, labels)
    assert mean == torch.nn.functional.cross_entropy(logits, labels)


@pytest.mark.parametrize(
    ("outputs", "targets", "expected"),
    [
        ([1.0, 2.0], [0.0, 4.0], [1.0, 4.0]),
        ([[1.0], [2.0]], [0.0, 4.0], [1.0, 4.0]),
        ([[1.0, 2.0], [3.0, 3.0]], [[0.0, 4.0], [3.0, 1.0]], [2.5, 2.0]),
    ],
)
def test_squared_error_is_the_mean_over_the_outputs(outputs, targets, expected):
    outputs, targets = torch.tensor(outputs), torch.tensor(targets)
    assert SquaredError().row_losses(IDENTITY, outputs, targets).tolist() == expected
    assert float(SquaredError().mean_loss(IDENTITY, outputs, targets)) == np.mean(expected)


@pytest.mark.parametrize(
    ("outputs", "targets"), [((3, 2), (3,)), ((3,), (3, 2)), ((1,), (3,)), ((3, 1, 1), (3,))]
)
def test_squared_error_broadcasts_nothing(outputs, targets):
    with pytest.raises(InputError, match="the model's outputs have the shape"):
        SquaredError().row_losses(IDENTITY, torch.zeros(outputs), torch.zeros(targets))


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([0, 1, 2], CrossEntropy()),
        (np.eye(2), CrossEntropy()),
        ([True, False], CrossEntropy()),
        (np.array([0.0, 1.0]), SquaredError()),
        (torch.tensor([[0.5, 1.0]]), SquaredError()),
    ],
)
def test_the_type_of_the_labels_is_the_default(y, expected):
    assert objective_for(None, IDENTITY, y) == expected


def test_a_classifier_takes_floats_for_class_numbers():
    model = torch.nn.Linear(2, 2)
    model.predicts = "classes"
    assert objective_for(None, model, np.array([0.0, 1.0])) == CrossEntropy()


def test_a_loss_of_ones_own_says_what_it_predicts():
    floats, integers = np.array([0.5]), np.array([1])
    assert objective_for(absolute_error, IDENTITY, floats).predicts == "values"
    assert objective_for(absolute_error, IDENTITY, integers).predicts == "classes"
    assert objective_for(Reconstruction(), IDENTITY, integers).predicts == "nothing"
    own = objective_for(absolute_error, IDENTITY, floats)
    assert objective_for(own, IDENTITY, integers) is own
    assert pickle.loads(pickle.dumps(own)) == own


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("mse", r"must be a function \(model, x, y\) -> losses \(n,\) or an object .* got 'mse'"),
        (SquaredError, "or an object with a method row_losses; got <class"),
        (torch.nn.MSELoss, "or an object with a method row_losses; got <class"),
    ],
)
def test_what_is_no_objective_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        objective_for(given, IDENTITY, [0.5])


@pytest.mark.parametrize(
    "compute",
    [lambda out, _y: out.mean(), lambda out, y: (out - y).abs(), lambda _out, _y: [0.0, 1.0, 2.0]],
)
def test_a_loss_that_is_not_of_each_row_is_refused(compute):
    own = objective_for(lambda model, x, y: compute(model(x), y), IDENTITY, np.zeros(3))
    with pytest.raises(InputError, match=r"one loss per row, a tensor \(3,\); got"):
        own.row_losses(IDENTITY, torch.zeros(3, 1), torch.zeros(3))
