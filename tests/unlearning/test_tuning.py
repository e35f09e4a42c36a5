"""tune(): finds the minimum of an objective that is known, and says what is missing."""

import sys
from dataclasses import dataclass, replace

import pytest
from tiny_models import hybrid, iris_split

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.models import clone_module
from qiskit_qmu.unlearning import (
    Chain,
    FineTune,
    GradientAscent,
    NoOp,
    Range,
    StrengthTarget,
    ToTarget,
    UnlearningStrategy,
    tune,
)

pytest.importorskip("optuna")


@dataclass(frozen=True, kw_only=True)
class Noted(UnlearningStrategy):
    """Changes nothing and hands on its hyperparameters as history; below 0.1 it diverges."""

    rate: float = 5.0
    epochs: int = 1

    def __call__(self, model, split, *, generator=None):
        if self.rate < 0.1:
            raise NonFiniteError("too low")
        result = NoOp()(model, split, generator=generator)
        return replace(result, history=({"rate": self.rate, "epochs": self.epochs},))

    def ranges(self, kind):
        return (
            Range(name="rate", value=self.rate, low=0.01, high=10.0, log=True),
            Range(name="epochs", value=self.epochs, low=1, high=9, whole=True),
        )


def _to_two_and_seven(result, given, split):
    (tried,) = result.history
    return abs(tried["rate"] - 2.0) + abs(tried["epochs"] - 7)


@pytest.fixture(scope="module")
def tasks():
    return [(hybrid(seed=3), iris_split("class", 0.2)), (hybrid(seed=4), iris_split("class", 0.2))]


def test_the_minimum_of_a_known_objective_is_found(tasks):
    found = tune(Noted(), tasks, objective=_to_two_and_seven, trials=40, seed=1)
    assert found.trials[0] == ({}, 9.0)
    assert found.given_value == 9.0
    assert found.value == min(value for _, value in found.trials) < 2.0
    assert found.strategy == Noted(**found.settings)
    diverged = [value for settings, value in found.trials if settings.get("rate", 1) < 0.1]
    assert diverged
    assert set(diverged) == {float("inf")}
    assert found == tune(Noted(), tasks, objective=_to_two_and_seven, trials=40, seed=1)


def test_some_hyperparameters_of_a_chain_alone(tasks):
    chain = Chain((Noted(), FineTune()))

    def rate(result, given, split):
        return result.history[0]["rate"]

    found = tune(chain, tasks[:1], objective=rate, trials=3, names=["Noted.rate"])
    assert found.strategy == Chain((Noted(rate=found.strategy.strategies[0].rate), FineTune()))
    with pytest.raises(InputError, match=r"names must be one of Noted\.rate, Noted\.epochs"):
        tune(chain, tasks, names=["Noted.speed"])


def test_the_default_objective_by_hand(tasks):
    model, split = tasks[0]
    result = GradientAscent(max_epochs=1)(clone_module(model), split, generator=0)
    target = StrengthTarget()
    before, after = (target.utility(own, split) for own in (model, result.model))
    judged = target.judge(result.model, split, before)
    passes = len(split.forget) / (len(split.forget) + len(split.retain))
    assert ToTarget(cost_weight=0.5)(result, model, split) == pytest.approx(
        judged.distance + before - after + 0.5 * passes
    )


def test_what_is_missing_is_said(tasks, monkeypatch):
    with pytest.raises(InputError, match="NoOp declares no ranges"):
        tune(NoOp(), tasks)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r"pip install 'qiskit_qmu\[tune\]'"):
        tune(Noted(), tasks)
