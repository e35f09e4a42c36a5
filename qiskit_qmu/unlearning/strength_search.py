"""The search for a strength: trials of a strategy, stronger or milder, until one is right."""

import copy
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic

import numpy as np

from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.backends import Usage, metered
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import (
    Module,
    StrengthChoice,
    UnchangedWarning,
    UnlearningResult,
)
from qiskit_qmu.unlearning.strategy import UnlearningStrategy
from qiskit_qmu.unlearning.strength_target import Judgement

_STEP = 0.25
"""Share of a range by which a strength is changed until the target lies between two trials."""

_CLOSEST = 1 / 32
"""Share of a range below which two strengths count as equal."""


def strengths(strategy: UnlearningStrategy, kind: str) -> tuple[Range, ...]:
    """Return the ranges of the hyperparameters that make a strategy stronger.

    Args:
        strategy: The strategy.
        kind: What is forgotten: "class" or "instances".
    """
    return tuple(own for own in strategy.ranges(kind) if own.stronger is not None)


@dataclass(frozen=True, kw_only=True)
class _Trial(Generic[Module]):
    """A strategy at one strength, and how it did; no result if it diverged."""

    strategy: UnlearningStrategy
    name: str
    value: float | None
    judged: Judgement
    result: UnlearningResult[Module]


class StrengthSearch(Generic[Module]):
    """The trials so far, and what they took."""

    def __init__(
        self,
        strategy: UnlearningStrategy,
        model: Module,
        split: ForgetSplit,
        *,
        trials: int,
        max_passes: float | None,
        stop_early: bool,
        judge: Callable[[Module], Judgement],
        generator: np.random.Generator,
        usage: Usage,
    ) -> None:
        """Begin a search; the arguments are those of `ChosenStrength` but for these.

        Args:
            strategy: The strategy to start from.
            model: The model, which stays as it is.
            split: The task.
            trials: Largest number of trials.
            max_passes: Budget in passes over the training rows.
            stop_early: Whether to stop at the first trial that reaches the target.
            judge: Says how an unlearned model did.
            generator: Random numbers, the same in every trial.
            usage: What was used before the first trial.
        """
        self._strategy = strategy
        self._model = model
        self._split = split
        self._trials = trials
        self._max_passes = max_passes
        self._stop_early = stop_early
        self._judge = judge
        self._generator = generator
        self._random_state = copy.deepcopy(generator)
        self._tried: list[dict[str, float | str | None]] = []
        self._dearest = 0
        self._limit = ""
        self.usage = usage
        self.errors: list[NonFiniteError] = []
        self.best: _Trial[Module] | None = None

    def run(self) -> None:
        """Try strengths until one reaches the target, all were tried or the budget is used up."""
        strategy = self._strategy
        for number, name in enumerate(r.name for r in strengths(strategy, self._split.kind)):
            base = strategy if self.best is None else self.best.strategy
            own = next(r for r in base.ranges(self._split.kind) if r.name == name)
            start, known = own.position, None
            last = None if self.best is None else self.best.judged
            if number and self.best is not None:
                known = self._is_too_weak(self.best.judged)
            weak = [start] if known is True else []
            strong = [start] if known is False else []
            position = start if known is None else next_position(weak, strong)
            while position is not None and not self._is_over():
                as_given = not self._tried
                value = own.value if as_given else own.at(position)
                changed = base if as_given else base.with_settings({name: value})
                judged = self._try(changed, name, value)
                too_weak = judged is not None and judged.too_weak
                (weak if too_weak else strong).append(position)
                if judged is not None and last is not None and _is_vain(judged, last):
                    break
                last = judged
                position = next_position(weak, strong)

    def choice(self) -> StrengthChoice:
        """Return what was chosen, and from which trials."""
        if self.best is None:
            raise self.errors[-1]
        return StrengthChoice(
            name=self.best.name,
            value=self.best.value,
            reached=self.best.judged.reached,
            limit=self._limit,
            trials=tuple(self._tried),
        )

    def _is_over(self) -> bool:
        if self._stop_early and self.best is not None and self.best.judged.reached:
            return True
        if len(self._tried) >= self._trials:
            self._limit = f"trials={self._trials} allows no other"
            return True
        limit, spent = self._max_passes, self.usage.gradient_evaluations
        rows = len(self._split.forget) + len(self._split.retain)
        if limit is not None and self._tried and spent + self._dearest > limit * rows:
            self._limit = f"max_passes={limit:.4g} leaves too few gradients for another"
            return True
        return False

    @staticmethod
    def _is_too_weak(judged: Judgement) -> bool | None:
        return None if judged.reached else judged.too_weak

    def _try(
        self, strategy: UnlearningStrategy, name: str, value: float | None
    ) -> Judgement | None:
        generator = copy.deepcopy(self._random_state) if self._tried else self._generator
        row: dict[str, float | str | None] = {"name": name, "value": value}
        self._tried.append(row)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UnchangedWarning)
                result = strategy(self._model, self._split, generator=generator)
        except NonFiniteError as error:
            row["error"] = str(error)
            self.errors.append(error)
            return None
        self._dearest = max(self._dearest, result.usage.gradient_evaluations)
        with metered(result.model) as meter:
            judged = self._judge(result.model)
        self.usage += result.usage + meter.usage
        row |= {
            **judged.measured,
            "distance": judged.distance,
            "gradient_evaluations": result.usage.gradient_evaluations,
        }
        trial = _Trial(
            strategy=strategy,
            name=name,
            value=value,
            judged=judged,
            result=result,
        )
        if self.best is None or judged.distance < self.best.judged.distance:
            self.best = trial
        return judged


def _is_vain(judged: Judgement, last: Judgement) -> bool:
    """Return whether a change had no effect, or only made the strategy milder to no avail."""
    is_milder = not judged.too_weak and not last.too_weak
    return judged.measured == last.measured or (is_milder and judged.distance >= last.distance)


def next_position(weak: Sequence[float], strong: Sequence[float]) -> float | None:
    """Return where to try next, or None if nothing new is left to try.

    Args:
        weak: Positions between 0 and 1 that forgot too little.
        strong: Positions that forgot too much, or lost too much.

    Example:
        >>> from qiskit_qmu.unlearning.strength_search import next_position
        >>> next_position([0.5], []), next_position([0.5], [0.75]), next_position([1.0], [])
        (0.75, 0.625, None)
    """
    low, high = max(weak, default=None), min(strong, default=None)
    if low is not None and high is not None:
        return (low + high) / 2 if high - low >= 2 * _CLOSEST else None
    if low is not None:
        return min(1.0, low + _STEP) if low < 1 else None
    if high is not None:
        return max(0.0, high - _STEP) if high > 0 else None
    return None
