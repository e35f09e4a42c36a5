"""When rows count as forgotten."""

import numpy as np
import pytest
import torch
from tiny_models import iris_split

from qiskit_qmu._check import InputError
from qiskit_qmu.data import ForgetSplit, dataset_from_arrays
from qiskit_qmu.unlearning import GradientAscent
from qiskit_qmu.unlearning.stopping import (
    forgotten_confidence,
    kept_validation,
    performance,
    target_loss,
    unseen_loss,
)


@pytest.fixture
def guess():
    """Return a module with logits (ln 4, 0, 0): probabilities ⅔, ⅙, ⅙ for every row."""
    module = torch.nn.Linear(4, 3)
    torch.nn.init.zeros_(module.weight)
    module.bias.data = torch.tensor([np.log(4.0), 0.0, 0.0])
    return module.float()


def test_loss_confidence_and_accuracy_by_hand(guess):
    rows = iris_split().retain
    rows = rows.take(np.concatenate([np.flatnonzero(rows.y == c)[:2] for c in (0, 2)]))
    found = performance(guess, rows)
    assert found.loss == pytest.approx((np.log(3 / 2) + np.log(6)) / 2)
    assert found.confidence == pytest.approx((2 / 3 + 1 / 6) / 2)
    assert found.accuracy == 0.5


def test_unseen_loss_is_that_of_validation_rows_or_of_guessing(guess):
    split = iris_split("instances", validation_fraction=0.2)
    assert unseen_loss(guess, split) == performance(guess, split.validation).loss
    without = iris_split("instances", validation_fraction=0.0)
    assert unseen_loss(guess, without) == pytest.approx(np.log(3))


def test_half_of_chance():
    assert forgotten_confidence(10) == 0.05


def test_validation_rows_that_are_to_be_kept():
    split = iris_split(validation_fraction=0.3)
    assert set(kept_validation(split).y.tolist()) == {0, 2}
    assert set(split.validation.y.tolist()) == {0, 1, 2}
    instances = iris_split("instances", validation_fraction=0.3)
    assert kept_validation(instances) is instances.validation


@pytest.fixture
def zero():
    """Return a module that answers 0 to every row."""
    module = torch.nn.Linear(1, 1)
    for parameter in module.parameters():
        torch.nn.init.zeros_(parameter)
    return module


def values(**options):
    y = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    dataset = dataset_from_arrays(y[:, None], y, y[:, None], y)
    return ForgetSplit.by_indices(dataset, [4], **options)


def magnitude(model, x, y):
    return (model(x)[:, 0] - y).abs()


def test_values_have_a_loss_alone(zero):
    found = performance(zero, values().retain)
    assert (found.loss, found.confidence, found.accuracy) == ((0 + 1 + 4 + 9) / 4, None, None)
    assert performance(zero, values().retain, magnitude).loss == 6 / 4


def test_single_rows_of_values_are_forgotten_at_the_loss_of_the_unseen(zero):
    held = values(validation_fraction=0.4)
    assert target_loss(zero, held) == pytest.approx(np.square(held.validation.y).mean())
    assert target_loss(zero, held, magnitude) == pytest.approx(held.validation.y.mean())
    assert target_loss(zero, values()) == 2.0  # the variance of 0 to 4: the loss of their mean
    with pytest.raises(InputError, match=r"a custom objective needs validation rows"):
        target_loss(zero, values(), magnitude)


def test_what_is_for_classes_is_refused_for_values(zero):
    with pytest.raises(
        InputError, match="confidence_threshold requires a model that predicts classes"
    ):
        GradientAscent(confidence_threshold=0.1)(zero, values(), generator=0)

    def size(model, x, y):
        return model(x).square().mean(1)

    size.predicts = "nothing"
    with pytest.raises(InputError, match="forgetting a class requires a model that predicts"):
        target_loss(torch.nn.Linear(4, 3), iris_split("class"), size)
