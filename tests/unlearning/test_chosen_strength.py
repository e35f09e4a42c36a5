"""The search for a strength: on a strategy whose effect is known, and judged by hand."""

import math
import warnings
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from tiny_models import hybrid, iris_split, same_weights, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.data import Rows
from qiskit_qmu.models import clone_module
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import (
    METHODS,
    Chain,
    ChosenStrength,
    FineTune,
    GradientAscent,
    NegGradPlus,
    NoOp,
    Range,
    Repeat,
    SelectiveDampening,
    StrengthTarget,
    TargetMissedWarning,
    UnlearningResult,
    UnlearningStrategy,
    make_strategy,
)
from qiskit_qmu.unlearning.strength_search import next_position


class Shifted(torch.nn.Module):
    """Logits (x₀, shift, x₁)."""

    def __init__(self):
        super().__init__()
        self.shift = torch.nn.Parameter(torch.tensor(0.0))

    def forward(self, x):
        return torch.stack([x[:, 0], self.shift.expand(len(x)), x[:, 1]], dim=1)


@dataclass(frozen=True, kw_only=True)
class Shift(UnlearningStrategy):
    """Sets the shift, at one circuit's gradient; above nine it diverges."""

    to: float = 0.0

    def __call__(self, model, split, *, generator=None):
        if self.to > 9:
            raise NonFiniteError("too far")
        result = NoOp()(clone_module(model), split, generator=generator)
        result.model.shift.data.fill_(self.to)
        usage = replace(result.usage, gradient_evaluations=10)
        return replace(result, usage=usage, largest_change=abs(self.to))

    def ranges(self, kind):
        return (Range(name="to", value=self.to, low=0.0, high=8.0, stronger="high"),)


def _rows(values, labels, start):
    x = np.array(values, np.float32)
    return Rows(x=x, y=np.array(labels), indices=np.arange(start, start + len(x)))


def _class_split():
    """Class 0 is forgotten at shifts above 4, and class 2 lost at those above 6.5."""
    return replace(
        iris_split("class", 0.2),
        label=0,
        forget=_rows([[1, -9], [2, -9], [4, -9]], [0, 0, 0], 100),
        validation=_rows([[-9, 6.5]] * 3, [2] * 3, 200),
        retain=_rows([[-9, 6.5]] * 3, [2] * 3, 300),
    )


def _keeping(split, row):
    parts = {"validation": 200, "retain": 300}
    return replace(split, **{part: _rows([row] * 3, [2] * 3, at) for part, at in parts.items()})


def test_it_steps_and_bisects_to_the_first_strength_that_reaches_the_target():
    # A quarter of the range from 0 to 8 at a time.
    result = ChosenStrength(strategy=Shift())(Shifted(), _class_split(), generator=0)
    tried = [trial["value"] for trial in result.choice.trials]
    assert tried == [0.0, 2.0, 4.0, 6.0]
    assert (result.choice.name, result.choice.value, result.choice.reached) == ("to", 6.0, True)
    assert result.model.shift.item() == 6.0
    assert result.stopped == "goal reached"
    assert [trial["forget_accuracy"] for trial in result.choice.trials] == [1.0, 2 / 3, 1 / 3, 0.0]
    assert result.usage.gradient_evaluations == 40
    assert str(result.choice) == "to=6 reached the target (tried: to=0, to=2, to=4, to=6)"
    assert result.choice.to_dict()["text"] == str(result.choice)
    assert "strength" in repr(result)


def test_from_too_strong_it_goes_back():
    result = ChosenStrength(strategy=Shift(to=8.0))(Shifted(), _class_split(), generator=0)
    assert [trial["value"] for trial in result.choice.trials] == [8.0, 6.0]
    too_strong = result.choice.trials[0]
    assert too_strong["kept_accuracy"] == 0.0
    # All three of the rows to keep are lost, 0.02 of them may be.
    assert too_strong["distance"] == pytest.approx((1.0 - 0.02) / 0.02)


def test_what_diverges_is_too_strong_and_fails_alone_only():
    given = ChosenStrength(strategy=Shift(to=9.5))
    result = given(Shifted(), _class_split(), generator=0)
    assert result.choice.trials[0] == {"name": "to", "value": 9.5, "error": "too far"}
    assert result.choice.value == 6.0
    with pytest.raises(NonFiniteError, match="too far"):
        replace(given, trials=1)(Shifted(), _class_split(), generator=0)


def test_that_no_strength_reaches_the_target_is_said():
    # Rows to keep that are lost together with the forgotten ones.
    model, split = Shifted(), _class_split()
    same = _keeping(split, [-9, 4])
    with pytest.warns(TargetMissedWarning, match="no strength reached the target"):
        result = ChosenStrength(strategy=Shift(), trials=5)(model, same, generator=0)
    assert (result.choice.reached, result.stopped) == (False, "limit")
    assert [trial["value"] for trial in result.choice.trials] == [0.0, 2.0, 4.0, 6.0, 5.0]
    closest = min(result.choice.trials, key=lambda trial: trial["distance"])
    assert result.choice.value == closest["value"] == result.model.shift.item()


def test_what_has_no_effect_or_is_milder_in_vain_is_left():
    model, split = Shifted(), _class_split()
    lost = _keeping(split, [-9, 0.5])  # at 6 as at 8
    kept = replace(split, forget=_rows([[9, -9]] * 3, [0] * 3, 100))  # above any shift
    for rows, start in ((lost, 8.0), (kept, 0.0)):
        with pytest.warns(TargetMissedWarning):
            result = ChosenStrength(strategy=Shift(to=start))(
                model, replace(rows, label=0), generator=0
            )
        assert len(result.choice.trials) == 2


def test_a_budget_ends_the_search_before_it_would_be_exceeded():
    split = _class_split()
    passes = 29 / (len(split.forget) + len(split.retain))
    with pytest.warns(TargetMissedWarning):
        result = ChosenStrength(strategy=Shift(), max_passes=passes)(Shifted(), split, generator=0)
    assert result.usage.gradient_evaluations == 20
    assert len(result.choice.trials) == 2


def test_single_rows_are_compared_with_unseen_rows_of_the_same_labels():
    """By hand: two forgotten rows of label 0, one of label 1; validation has two of each."""
    split = replace(
        iris_split("instances"),
        forget=_rows([[0.5, -99], [2, -99], [1, -99]], [0, 0, 1], 100),
        validation=_rows([[1, -99], [-1, -99], [0, -99], [3, -99]], [0, 0, 1, 1], 200),
    )
    model, target = Shifted(), StrengthTarget()

    def loss(x, y):  # −ln softmax((x, 0))_y at a shift of 0
        return math.log1p(math.exp(-x if y == 0 else x))

    own = np.array([loss(0.5, 0), loss(2.0, 0), loss(1.0, 1)])
    unseen = np.array([loss(1.0, 0), loss(-1.0, 0), loss(0.0, 1), loss(3.0, 1)])
    weights = np.array([1 / 3, 1 / 3, 1 / 6, 1 / 6])
    mean = (weights * unseen).sum()
    spread = math.sqrt((weights * (unseen - mean) ** 2).sum())
    judged = target.judge(model, split, target.utility(model, split))
    difference = (own.mean() - mean) / spread
    assert judged.measured["unseen_loss"] == pytest.approx(mean)
    assert judged.measured["difference"] == pytest.approx(difference)
    assert judged.measured["spread_ratio"] == pytest.approx(own.std() / spread)
    # Below the standard error of three rows and the weighted four no difference can be told.
    error = math.sqrt(1 / 3 + (weights**2).sum())
    assert judged.forgetting == 0.0
    assert abs(difference) < error
    log_ratio, limit = math.log(own.std() / spread), max(math.log(1.5), error / math.sqrt(2))
    assert judged.spread == pytest.approx((log_ratio + limit) / limit)
    assert judged.too_weak
    assert not judged.reached

    references = ((0.6, 0.8), (0.1, 0.3), (1.2, 1.4))
    known = replace(target, references=references).judge(model, split, 0.5)
    every = np.array(references)
    assert known.measured["difference"] == pytest.approx((own.mean() - every.mean()) / every.std())
    with pytest.raises(InputError, match="losses for each of the 3 forgotten rows, got 1"):
        replace(target, references=((0.5,),)).judge(model, split, 0.5)


def test_bisection_and_steps():
    assert next_position([], [0.9]) == pytest.approx(0.65)
    assert next_position([], [0.1]) == 0.0
    assert next_position([], [0.0]) is None
    assert next_position([0.2, 0.5], [1.0, 0.6]) == pytest.approx(0.55)
    assert next_position([0.5], [0.53]) is None
    assert next_position([0.9], []) == 1.0


def test_ranges_place_values_between_mild_and_strong():
    up = Range(name="depth", value=1.0, low=0.25, high=4.0, log=True, stronger="high")
    assert (up.position, up.at(0.75)) == (0.5, 2.0)
    down = Range(name="weight", value=0.9, low=0.5, high=1.0, stronger="low")
    assert down.position == pytest.approx(0.2)
    assert down.at(1.0) == 0.5
    assert Range(name="epochs", value=None, low=1, high=40, log=True, whole=True).at(0.5) == 6
    with pytest.raises(InputError, match="must have low < high"):
        Range(name="epochs", value=1, low=2, high=2)


@pytest.mark.parametrize("name", METHODS)
def test_every_range_is_one_that_the_strategy_accepts(name):
    strategy = make_strategy(name, {}, Trainer())
    for kind in ("class", "instances"):
        for own in strategy.ranges(kind):
            for position in (0.0, 0.5, 1.0):
                changed = strategy.with_settings({own.name: own.at(position)})
                found = next(other for other in changed.ranges(kind) if other.name == own.name)
                assert found.value == own.at(position)


def test_a_chain_is_as_strong_as_what_comes_first():
    chain = Chain((GradientAscent(), FineTune()))
    repeated = Repeat(strategy=chain, rounds=3)
    stronger = [own.name for own in repeated.ranges("class") if own.stronger is not None]
    assert stronger == ["GradientAscent.depth", "GradientAscent.learning_rate"]
    assert [own.name for own in chain.ranges("class")][2:] == [
        "FineTune.learning_rate",
        "FineTune.epochs",
    ]
    changed = repeated.with_settings({"GradientAscent.depth": 4.0, "FineTune.epochs": 7})
    assert changed == Repeat(
        strategy=Chain((GradientAscent(depth=4.0), FineTune(epochs=7))), rounds=3
    )
    with pytest.raises(InputError, match="no strategy of the chain has NoOp"):
        chain.with_settings({"NoOp.x": 1})


def test_the_first_trial_is_the_strategy_as_given():
    """Where it reaches the target, the weights are those without a choice, bit for bit."""
    model, split = hybrid(seed=3), iris_split("instances", 0.2)
    strategy = NegGradPlus(epochs=1, stop_when_forgotten=False)
    wide = StrengthTarget(max_difference=99.0, max_spread_ratio=99.0, max_utility_loss=1.0)
    result = ChosenStrength(strategy=strategy, target=wide)(model, split, generator=7)
    assert len(result.choice.trials) == 1
    alone = strategy(model, split, generator=7)
    assert same_weights(weights_of(result.model), weights_of(alone.model))
    passes = 2 * len(split.validation) + len(split.forget)
    assert result.usage.forward_evaluations == alone.usage.forward_evaluations + passes
    assert result.usage.gradient_evaluations == alone.usage.gradient_evaluations


def test_test_rows_are_not_looked_at_and_a_seed_decides():
    model, split = hybrid(seed=3), iris_split("instances", 0.2)
    poisoned = replace(
        split,
        **{
            part: replace(rows, x=np.full_like(rows.x, np.nan))
            for part, rows in (
                ("test_forget", split.test_forget),
                ("test_retain", split.test_retain),
            )
        },
    )
    chosen = ChosenStrength(strategy=GradientAscent(max_epochs=2), trials=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first, second = (chosen(model, own, generator=5) for own in (split, poisoned))
    assert same_weights(weights_of(first.model), weights_of(second.model))
    assert first.choice == second.choice
    assert isinstance(first, UnlearningResult)


def test_what_cannot_choose_is_refused():
    with pytest.raises(InputError, match="FineTune has no strength to choose"):
        ChosenStrength(strategy=FineTune())
    split = iris_split("instances", 0.0)
    with pytest.raises(InputError, match="create it with a validation_fraction"):
        ChosenStrength(strategy=SelectiveDampening())(hybrid(), split, generator=0)
    chosen = ChosenStrength(strategy=GradientAscent(), trials=3)
    assert chosen.worst_case() == Chain((GradientAscent().worst_case(),) * 3)
    split = iris_split("instances")
    kept = [len(split.validation), len(split.retain)]
    assert chosen.stopping_passes(split) == [
        *kept,
        *([len(split.validation), len(split.forget), *kept] * 3),
    ]


def test_the_registry_wraps_what_has_a_strength():
    settings = {"strength": {"trials": 4}}
    chosen = make_strategy("ga-r", settings, Trainer())
    assert isinstance(chosen, ChosenStrength)
    assert chosen.trials == 4
    assert chosen.max_passes == Trainer().epochs / 2
    assert chosen.strategy == make_strategy("ga-r", {}, Trainer())
    for name in ("oracle", "noop", "gd"):
        assert make_strategy(name, settings, Trainer()) == make_strategy(name, {}, Trainer())
    with pytest.raises(InputError, match="does not accept these settings"):
        make_strategy("ga", {"strength": {"trials": 4, "speed": 1}}, Trainer())
