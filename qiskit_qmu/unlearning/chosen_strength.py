"""ChosenStrength: a strategy whose strength is chosen for the model and the rows at hand."""

import warnings
from dataclasses import dataclass, replace
from time import perf_counter
from typing import final

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.backends import metered
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.unlearning.chain import Chain
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import (
    Module,
    TargetMissedWarning,
    UnchangedWarning,
    UnlearningResult,
)
from qiskit_qmu.unlearning.strategy import UnlearningStrategy
from qiskit_qmu.unlearning.strength_search import StrengthSearch, strengths
from qiskit_qmu.unlearning.strength_target import StrengthTarget


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
        search = StrengthSearch(
            self.strategy,
            model,
            split,
            trials=self.trials,
            max_passes=self.max_passes,
            stop_early=self.stop_early,
            judge=lambda made: self.target.judge(made, split, utility, self.objective),
            generator=as_generator(generator),
            usage=meter.usage,
        )
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
