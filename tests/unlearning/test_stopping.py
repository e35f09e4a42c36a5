"""When rows count as forgotten."""

import numpy as np
import pytest
import torch
from tiny_models import iris_split

from qiskit_qmu.unlearning.stopping import (
    forgotten_confidence,
    kept_validation,
    performance,
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
