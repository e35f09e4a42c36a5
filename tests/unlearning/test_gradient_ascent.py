"""Gradient ascent: one step by hand, when it stops, and what it costs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_models import basic, hybrid, iris_split, same_weights, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu.models.training_rows import forget_training_rows
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import GradientAscent, UnchangedWarning
from qiskit_qmu.unlearning.stopping import performance

NEVER = {"confidence_threshold": 0.0}


@pytest.fixture(scope="module")
def trained():
    model, split = hybrid(seed=1), iris_split()
    Trainer(epochs=20, batch_size=8, learning_rate=0.02).fit(
        model, split.train.x, split.train.y, generator=0
    )
    forget_training_rows(model)  # (so that splits may hold out rows that it was trained on)
    return model


def _gradient(model, rows):
    model = model.clone()
    x, y = torch.tensor(rows.x), torch.tensor(rows.y)
    torch.nn.functional.cross_entropy(model(x), y).backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


def test_a_step_of_sgd_is_the_gradient_uphill(trained):
    split = iris_split()
    strategy = GradientAscent(
        optimizer="sgd", learning_rate=0.3, batch_size=100, max_epochs=1, **NEVER
    )
    after = dict(strategy(trained, split, generator=0).model.named_parameters())
    for name, gradient in _gradient(trained, split.forget).items():
        expected = dict(trained.named_parameters())[name] + 0.3 * gradient
        torch.testing.assert_close(after[name], expected, atol=1e-6, rtol=1e-5)


def test_a_first_step_of_adam_moves_by_the_learning_rate_uphill(trained):
    split = iris_split()
    strategy = GradientAscent(learning_rate=0.01, batch_size=100, max_epochs=1, **NEVER)
    after = dict(strategy(trained, split, generator=0).model.named_parameters())
    for name, gradient in _gradient(trained, split.forget).items():
        moved = (after[name] - dict(trained.named_parameters())[name]).detach()
        clear = gradient.abs() > 1e-5  # Adam divides by |gradient| + 1e-8
        torch.testing.assert_close(
            moved[clear], 0.01 * gradient.sign()[clear], atol=2e-5, rtol=1e-3
        )


def test_it_stops_at_the_loss_threshold(trained):
    split = iris_split()
    result = GradientAscent(learning_rate=0.01, max_epochs=200, loss_threshold=2.0)(
        trained, split, generator=0
    )
    losses = [step["forget_loss"] for step in result.history]
    assert losses[-1] >= 2.0 > max(losses[:-1])
    assert performance(result.model, split.forget).loss == pytest.approx(losses[-1])


def test_it_stops_below_the_confidence_threshold(trained):
    result = GradientAscent(learning_rate=0.01, max_epochs=200, confidence_threshold=0.1)(
        trained, iris_split(), generator=0
    )
    confidences = [step["forget_confidence"] for step in result.history]
    assert confidences[-1] < 0.1 <= min(confidences[:-1])


def test_a_class_is_forgotten_at_half_of_chance_confidence(trained):
    result = GradientAscent(learning_rate=0.01, max_epochs=200)(trained, iris_split(), generator=0)
    confidences = [step["forget_confidence"] for step in result.history]
    assert confidences[-1] < 0.5 / 3 <= min(confidences[:-1])


def test_single_rows_are_forgotten_at_the_loss_of_validation_rows(trained):
    split = iris_split("instances", validation_fraction=0.3)
    # Half of their labels are wrong, so that their loss is above that of the forgotten rows.
    labels = np.where(np.arange(len(split.validation)) % 2, 0, split.validation.y)
    split = replace(split, validation=replace(split.validation, y=labels))
    target = performance(trained, split.validation).loss
    assert performance(trained, split.forget).loss < target
    result = GradientAscent(learning_rate=0.002, max_epochs=200)(trained, split, generator=0)
    losses = [step["forget_loss"] for step in result.history]
    assert losses[-1] >= target > max(losses[:-1])


def test_single_rows_may_have_to_reach_the_loss_that_unseen_rows_have_now(trained):
    """The ascent raises the loss of all rows, so that it goes on after the loss that they had."""
    split = iris_split("instances", validation_fraction=0.3)
    labels = np.where(np.arange(len(split.validation)) % 8, split.validation.y, 0)
    split = replace(split, validation=replace(split.validation, y=labels))
    frozen = GradientAscent(learning_rate=0.002, max_epochs=200)
    moving = replace(frozen, stop_at="current")
    early = frozen(trained, split, generator=0).model
    assert performance(early, split.forget).loss < performance(early, split.validation).loss
    late = moving(trained, split, generator=0)
    unseen = performance(late.model, split.validation).loss
    assert late.stopped == "goal reached"
    assert late.history[-1]["forget_loss"] >= unseen > performance(trained, split.validation).loss
    steps = 200 * -(-len(split.forget) // 16)
    assert moving.stopping_passes(split) == [len(split.validation)] * (1 + steps)


def test_depth_moves_every_stop(trained):
    split = iris_split()
    to_confidence = GradientAscent(learning_rate=0.01, max_epochs=200, depth=4.0)
    for given, threshold in ((None, 0.5 / 3 / 4), (0.2, 0.2 / 4)):
        result = replace(to_confidence, confidence_threshold=given)(trained, split, generator=0)
        confidences = [step["forget_confidence"] for step in result.history]
        assert confidences[-1] < threshold <= min(confidences[:-1])
    result = replace(to_confidence, depth=1.5, loss_threshold=2.0)(trained, split, generator=0)
    losses = [step["forget_loss"] for step in result.history]
    assert losses[-1] >= 3.0 > max(losses[:-1])


def test_without_validation_rows_single_rows_are_forgotten_at_guessing(trained):
    split = iris_split("instances", validation_fraction=0.0)
    result = GradientAscent(learning_rate=0.005, max_epochs=300)(trained, split, generator=0)
    losses = [step["forget_loss"] for step in result.history]
    assert losses[-1] >= np.log(3) > max(losses[:-1])


def test_what_is_forgotten_already_is_left_alone(trained):
    with pytest.warns(UnchangedWarning, match="GradientAscent changed nothing: the rows had loss"):
        result = GradientAscent(loss_threshold=1e-9)(trained, iris_split(), generator=0)
    assert (result.stopped, result.largest_change) == ("goal already reached", 0.0)
    assert same_weights(weights_of(trained), weights_of(result.model))
    assert len(result.history) == 1
    assert result.usage.gradient_evaluations == 0


def test_cost_by_hand():
    split, model = iris_split(), basic()
    model.fit_inputs(split.train.x)
    rows = len(split.forget)
    assert rows == 12
    result = GradientAscent(max_epochs=2, batch_size=5, **NEVER)(model, split, generator=0)
    # Three batches an epoch, of 5, 5 and 2 rows; before each the loss on all of the 12.
    assert len(result.history) == 6
    assert result.usage.gradient_evaluations == 2 * rows
    assert result.usage.forward_evaluations == 6 * rows + 2 * rows
    # 9 angles by the parameter-shift rule, in one basis.
    assert result.usage.circuits == 8 * rows + 2 * rows * 2 * 9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": -1.0}, "learning_rate must be positive, got -1.0"),
        ({"learning_rate": "x"}, "learning_rate must be a number, got 'x'"),
        ({"batch_size": 0}, "batch_size must be an integer of at least 1"),
        ({"max_epochs": 0}, "max_epochs must be an integer of at least 1"),
        ({"optimizer": "lbfgs"}, "optimizer must be one of adam, sgd"),
        ({"loss_threshold": 0.0}, "loss_threshold must be positive"),
        ({"depth": 0.0}, "depth must be positive"),
        ({"stop_at": "never"}, "stop_at must be one of original, current"),
        ({"confidence_threshold": 1.5}, "confidence_threshold must lie between 0.0 and 1.0"),
    ],
)
def test_bad_hyperparameters_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        GradientAscent(**options)
