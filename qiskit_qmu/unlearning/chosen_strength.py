"""ChosenStrength: a strategy whose strength is chosen for the model and the rows at hand."""

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Generic, final

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.backends import Usage, metered
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.unlearning.chain import Chain
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import (
    Module,
    StrengthChoice,
    TargetMissedWarning,
    UnchangedWarning,
    UnlearningResult,
)
from qiskit_qmu.unlearning.strategy import UnlearningStrategy
from qiskit_qmu.unlearning.strength_target import Judgement, StrengthTarget

_STEP = 0.25
"""Share of a range by which a strength is changed until the target lies between two trials."""

_CLOSEST = 1 / 32
"""Share of a range below which two strengths count as equal."""


@final
@dataclass(frozen=True, kw_only=True)
class ChosenStrength(UnlearningStrategy):
    """Apply a strategy at the strength that the model and the rows need.

    The strategy is tried as it is, each time on a copy of the model and with the same random
    numbers, and judged on forgotten and validation rows: never on test rows or an oracle. If it
    forgets too little it is tried stronger, if it forgets too much or loses on the rows to keep
    milder, and between two such trials by bisection. A hyperparameter is left as soon as a change
    has no effect, or a milder one is no better. The first strength that reaches the target is
    taken; otherwise the one closest to it, with a warning. The hyperparameters that make a strategy
    stronger are searched one after another in the order of its `ranges`.

    Attributes:
        strategy: The strategy to start from, such as one with preset hyperparameters.
        trials: Largest number of trials, 1 or more.
        max_passes: Budget in passes over the training rows, to which the gradient evaluations of
            all trials amount; None for no limit. No trial is begun that would exceed it if it took
            as many as the most expensive so far. The first one always runs.
        target: When forgetting and utility are right.
        objective: What the model learned; see `GradientAscent`.
        stop_early: Whether to stop at the first trial that reaches the target.

    Example:
        >>> import qiskit_qmu as qmu
        >>> ds = qmu.load_dataset("iris")
        >>> split = qmu.ForgetSplit.by_class(ds, label=2, validation_fraction=0.2)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=20, learning_rate=0.05)
        >>> history = trainer.fit(model, split.train.x, split.train.y, generator=0)
        >>> ascent = qmu.unlearning.GradientAscent(learning_rate=0.05)
        >>> repair = qmu.unlearning.FineTune(epochs=3, learning_rate=0.05)
        >>> strategy = qmu.unlearning.Chain((ascent, repair))
        >>> chosen = qmu.unlearning.ChosenStrength(strategy=strategy)
        >>> result = chosen(model, split, generator=0)
        >>> result.choice.reached, len(result.choice.trials)
        (True, 2)
    """

    strategy: UnlearningStrategy
    trials: int = 8
    max_passes: float | None = None
    target: StrengthTarget = StrengthTarget()  # noqa: RUF009 (frozen)
    objective: RowLoss | HasRowLosses | None = None
    stop_early: bool = True

    def __post_init__(self) -> None:
        _check.at_least(1, trials=self.trials)
        if self.max_passes is not None:
            _check.positive(max_passes=self.max_passes)
        if not strengths(self.strategy, "class"):
            raise InputError(
                f"{type(self.strategy).__name__} has no strength to choose: its ranges() names no "
                "hyperparameter that makes it stronger"
            )

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the model at the chosen strength; see `UnlearningStrategy`.

        Its usage and seconds are those of all trials, with the passes that judged them; of a trial
        that diverged only the seconds are known.

        Raises:
            InputError: If the split has no validation rows to keep.
            NonFiniteError: If every trial diverged.

        Warns:
            TargetMissedWarning: If no strength that was tried reached the target.
        """
        started = perf_counter()
        with metered(model) as meter:
            utility = self.target.utility(model, split, self.objective)
        search = _Search(self, model, split, utility, as_generator(generator), meter.usage)
        search.run()
        if search.best is None:
            raise search.errors[-1]
        choice = search.choice()
        if not choice.reached:
            warnings.warn(str(choice), TargetMissedWarning, stacklevel=2)
        result = search.best.result
        if not result.changed and result.stopped != "nothing to do":
            warnings.warn(f"nothing was changed: {result.reason}", UnchangedWarning, stacklevel=2)
        return replace(
            result,
            usage=search.usage,
            seconds=perf_counter() - started,
            stopped="goal reached" if choice.reached else "limit",
            reason=f"{choice}; {result.reason}",
            choice=choice,
        )

    def ranges(self, kind: str) -> tuple[Range, ...]:
        """Return none: the strength is chosen."""
        return ()

    def worst_case(self) -> "Chain":
        """Return all trials, each in the strategy's worst case."""
        return Chain((self.strategy.worst_case(),) * self.trials)

    def stopping_passes(self, split: ForgetSplit) -> list[int]:
        """Return the passes of all trials and those that judge them."""
        kept = self.target.passes(split)
        own = self.strategy.stopping_passes(split)
        return [*kept, *([*own, len(split.forget), *kept] * self.trials)]


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


class _Search(Generic[Module]):
    """The trials so far, and what they took."""

    def __init__(
        self,
        chosen: ChosenStrength,
        model: Module,
        split: ForgetSplit,
        utility: float,
        generator: np.random.Generator,
        usage: Usage,
    ) -> None:
        self._chosen = chosen
        self._model = model
        self._split = split
        self._utility = utility
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
        strategy = self._chosen.strategy
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
        if self._chosen.stop_early and self.best is not None and self.best.judged.reached:
            return True
        if len(self._tried) >= self._chosen.trials:
            self._limit = f"trials={self._chosen.trials} allows no other"
            return True
        limit, spent = self._chosen.max_passes, self.usage.gradient_evaluations
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
            judged = self._chosen.target.judge(
                result.model, self._split, self._utility, self._chosen.objective
            )
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
        >>> from qiskit_qmu.unlearning.chosen_strength import next_position
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
