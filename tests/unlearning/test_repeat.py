"""Repeat: rounds until the rows are still forgotten at the end of one."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from tiny_models import iris_split, same_weights, sequential, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import metered
from qiskit_qmu.models.training_rows import forget_training_rows
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import Chain, FineTune, GradientAscent, NoOp, Repeat
from qiskit_qmu.unlearning.stopping import performance
from qiskit_qmu.unlearning.strategy import UnlearningStrategy, working_copy

ROUND = Chain(
    (
        GradientAscent(optimizer="sgd", learning_rate=0.02),
        FineTune(epochs=2, optimizer="sgd", learning_rate=0.05),
    )
)


@dataclass(frozen=True, kw_only=True)
class Push(UnlearningStrategy):
    """Lowers the logit of the forgotten class, by no more than a round can."""

    def __call__(self, model, split, *, generator=None):
        with working_copy(model, self, split) as work, torch.no_grad():
            work.model[2].bias[split.label] -= generator.uniform(0.1, 0.3)
        return work.result()


@pytest.fixture(scope="module")
def trained():
    split, model = iris_split(), sequential()
    Trainer(epochs=40, batch_size=8, learning_rate=0.05).fit(
        model, split.train.x, split.train.y, generator=0
    )
    forget_training_rows(model)  # (so that splits may hold out rows that it was trained on)
    return model


def test_the_first_round_after_which_the_class_is_forgotten_is_the_last(trained):
    split = iris_split()
    result = Repeat(strategy=Push(), rounds=99)(trained, split, generator=3)
    stream, model, rounds = np.random.default_rng(3), trained, 0
    while rounds == 0 or performance(model, split.forget).accuracy > 0.01:
        model = Push()(model, split, generator=stream).model
        rounds += 1
    assert 1 < rounds < 99
    every = replace(Repeat(strategy=NoOp(), rounds=3), stop_early=False)
    assert every(model, split, generator=0).reason.startswith("after 3 of 3 rounds")
    assert same_weights(weights_of(result.model), weights_of(model))
    assert result.stopped == "goal reached"
    assert result.reason.startswith(f"after {rounds} of 99 rounds")


def test_rounds_are_a_limit_and_looking_at_the_rows_is_counted(trained):
    split = iris_split()
    with metered(trained) as meter:
        performance(trained, split.forget)
    result = Repeat(strategy=NoOp(), rounds=3)(trained, split, generator=0)
    assert result.stopped == "limit"
    assert not result.changed
    assert result.usage.circuits == 3 * meter.usage.circuits > 0


def test_single_rows_are_forgotten_at_the_loss_of_unseen_rows(trained):
    split = iris_split("instances", validation_fraction=0.3)
    result = Repeat(strategy=ROUND, rounds=2)(trained, split, generator=0)
    reached = performance(result.model, split.forget).loss
    target = performance(result.model, split.validation).loss
    assert (result.stopped == "goal reached") == (reached >= target)


def test_later_rounds_can_be_those_of_the_last_strategy_alone(trained):
    split = iris_split()
    repeated = Repeat(
        strategy=Chain((GradientAscent(max_epochs=1), Push())), rounds=99, again="last"
    )
    stream, model, rounds = np.random.default_rng(3), trained, 0
    model = GradientAscent(max_epochs=1)(model, split, generator=stream).model
    while rounds == 0 or performance(model, split.forget).accuracy > 0.01:
        model = Push()(model, split, generator=stream).model
        rounds += 1
    assert 1 < rounds < 99
    result = repeated(trained, split, generator=3)
    assert same_weights(weights_of(result.model), weights_of(model))
    assert result.reason.startswith(f"after {rounds} of 99 rounds")
    with pytest.raises(InputError, match=r"needs a Chain .* not a NoOp"):
        Repeat(strategy=NoOp(), again="last")


def test_no_round_is_refused():
    with pytest.raises(InputError, match="rounds must be an integer of at least 1, got 0"):
        Repeat(strategy=NoOp(), rounds=0)
