"""Results: why a strategy stopped, what changed, and how it is shown."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_models import hybrid, iris_split, same_weights, sequential, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.unlearning import (
    Chain,
    FineTune,
    GradientAscent,
    RelativeGradientAscent,
    SelectiveDampening,
    UnchangedWarning,
    UnlearningResult,
)

NEVER = {"confidence_threshold": 0.0, "batch_size": 4, "max_epochs": 2}


@pytest.mark.parametrize(
    ("strategy", "stopped", "reason"),
    [
        (FineTune(epochs=1), "done", "all steps were taken"),
        (
            GradientAscent(**NEVER),
            "limit",
            "max_epochs=2 passes over the forgotten rows were",
        ),
        (GradientAscent(learning_rate=0.5), "goal reached", "a confidence below 0.1667"),
        (Chain((GradientAscent(**NEVER), FineTune(epochs=1))), "limit", "; FineTune: all steps"),
        (SelectiveDampening(alpha=0.5, dampening=0.1), "done", "all steps were taken"),
    ],
)
def test_why_it_stopped_and_how_much_changed(strategy, stopped, reason):
    model = hybrid(seed=3)
    result = strategy(model, iris_split(), generator=0)
    assert result.stopped == stopped
    assert reason in result.reason
    before, after = (weights_of(m) for m in (model, result.model))
    largest = max(float((after[name] - before[name]).abs().max()) for name in before)
    assert result.largest_change == largest > 0
    assert result.changed


@pytest.mark.parametrize(
    ("strategy", "stopped", "message"),
    [
        (GradientAscent(loss_threshold=1e-9), "goal already reached", "at a loss of 1e-09"),
        (
            RelativeGradientAscent(confidence_threshold=1.0),
            "goal already reached",
            "after 0 steps, and the goal is reached at a confidence below 1",
        ),
        (
            SelectiveDampening(alpha=1e9, dampening=1.0),
            "nothing selected",
            "no parameter is more than alpha=1e",
        ),
        (FineTune(epochs=1, learning_rate=1e-30), "done", "too small to change a weight"),
    ],
)
def test_a_strategy_that_does_nothing_says_so(strategy, stopped, message):
    model = hybrid(seed=3)
    with torch.no_grad():  # angles beyond half a turn, which nothing dampens, are left as they are
        model.quantum.weight += 7
    with pytest.warns(UnchangedWarning, match=f"{type(strategy).__name__} changed nothing.*"):
        result = strategy(model, iris_split(), generator=0)
    assert message in result.reason
    assert (result.stopped, result.largest_change, result.changed) == (stopped, 0.0, False)
    assert same_weights(weights_of(model), weights_of(result.model))


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (
            GradientAscent(learning_rate=1e30, **NEVER),
            "GradientAscent: the ascent diverged, the loss on the forgotten rows is "
            "nan after 1 steps: lower learning_rate=1e+30",
        ),
        (
            RelativeGradientAscent(learning_rate=1e30, alpha=1e-9, **NEVER),
            "RelativeGradientAscent: the ascent diverged",
        ),
        (
            Chain((GradientAscent(**NEVER), FineTune(learning_rate=1e30, batch_size=4))),
            "FineTune: training diverged, the loss is nan at step 2 of epoch 1",
        ),
    ],
)
def test_leaving_the_range_of_numbers_names_strategy_step_and_setting(strategy, message):
    model = torch.nn.Sequential(sequential(), torch.nn.Linear(3, 3))  # 1e30 · 1e30 overflows
    with pytest.raises(NonFiniteError) as error:
        strategy(model, iris_split(), generator=0)
    assert message in str(error.value)


def test_a_weight_that_is_no_number_after_the_last_step_is_found():
    split = iris_split()
    strategy = GradientAscent(
        learning_rate=1e30, optimizer="sgd", max_epochs=1, confidence_threshold=0.0
    )
    far = replace(split, forget=replace(split.forget, x=split.forget.x * np.float32(1e12)))
    unsure = torch.nn.Linear(4, 3)  # a model that is sure of such rows has no gradient
    torch.nn.init.zeros_(unsure.weight)
    with pytest.raises(NonFiniteError, match="GradientAscent diverged: weight has NaN"):
        strategy(unsure, far, generator=0)


def test_models_without_weights_or_without_values_are_refused():
    lazy = torch.nn.Sequential(torch.nn.LazyLinear(4), sequential())
    with pytest.raises(InputError, match="the parameter 0"):
        FineTune()(lazy, iris_split())
    broken = sequential()
    torch.nn.init.constant_(broken[0].bias, float("nan"))
    with pytest.raises(InputError, match=r"the parameter 0\.bias"):
        FineTune()(broken, iris_split())


def test_it_is_shown_in_a_line_or_a_table():
    result: UnlearningResult = FineTune(epochs=1)(hybrid(), iris_split(), generator=0)
    assert repr(result).startswith("UnlearningResult(model=HybridQNN, stopped='done', largest_cha")
    assert len(repr(result)) < 200
    assert "<tr><th>stopped</th><td>&#x27;done&#x27;</td></tr>" in result._repr_html_()
    assert "<th>reason</th><td>all steps were taken</td>" in result._repr_html_()
