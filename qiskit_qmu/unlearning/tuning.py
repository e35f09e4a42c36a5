"""tune(): searches the hyperparameters of a strategy for an objective, with Optuna."""

import statistics
import warnings
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, final

import torch

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu._seeds import stream
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import UnchangedWarning, UnlearningResult
from qiskit_qmu.unlearning.strategy import UnlearningStrategy
from qiskit_qmu.unlearning.strength_target import StrengthTarget

Task = tuple[torch.nn.Module, ForgetSplit]
"""A trained model and the rows that it is to forget."""

TuningObjective = Callable[[UnlearningResult[Any], torch.nn.Module, ForgetSplit], float]
"""Maps a strategy's result, the model that it was given and the split to a number to minimise."""


@final
@dataclass(frozen=True, kw_only=True)
class ToTarget:
    """Distance from a target, then what is lost on validation rows, then the cost.

    It is the distance in tolerances, plus the loss of validation accuracy (or the rise of the
    validation loss), plus ``cost_weight`` times the passes over the training rows to which the
    gradient evaluations amount. Test rows are not used.

    Attributes:
        target: When forgetting and utility are right.
        cost_weight: What one pass over the training rows is worth.

    Example:
        >>> import qiskit_qmu as qmu
        >>> ds = qmu.load_dataset("iris")
        >>> split = qmu.ForgetSplit.by_class(ds, label=1, validation_fraction=0.1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> result = qmu.unlearning.FineTune(epochs=1)(model, split, generator=0)
        >>> qmu.unlearning.ToTarget()(result, model, split) > 0
        True
    """

    target: StrengthTarget = StrengthTarget()  # noqa: RUF009 (frozen)
    cost_weight: float = 1e-3

    def __call__(
        self, result: UnlearningResult[Any], given: torch.nn.Module, split: ForgetSplit
    ) -> float:
        """Return the number to minimise; see `tune`."""
        before = self.target.utility(given, split)
        judged = self.target.judge(result.model, split, before)
        rows = len(split.forget) + len(split.retain)
        passes = result.usage.gradient_evaluations / rows
        lost = before - self.target.utility(result.model, split)
        return judged.distance + lost + self.cost_weight * passes


@final
@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What a search of hyperparameters found.

    Attributes:
        strategy: The best strategy that was tried.
        settings: Its hyperparameters by the names of `ranges`; none if it is the given one.
        value: Its objective, the mean over the tasks.
        given_value: That of the given strategy.
        trials: Hyperparameters and objective of each trial, in order; the first is the given
            strategy. One that diverged has an infinite objective.
    """

    strategy: UnlearningStrategy
    settings: dict[str, float]
    value: float
    given_value: float
    trials: tuple[tuple[dict[str, float], float], ...]


def tune(
    strategy: UnlearningStrategy,
    tasks: Sequence[Task],
    *,
    objective: TuningObjective | None = None,
    trials: int = 20,
    names: Collection[str] | None = None,
    seed: int = 0,
) -> Tuned:
    """Search the hyperparameters of a strategy within its declared ranges, with Optuna.

    For one model and its rows `ChosenStrength` is cheaper. This finds values for many, such as
    presets: on several models, of which none should be the one that they are then judged by.

    Args:
        strategy: The strategy to start from, which is the first trial.
        tasks: Pairs of a trained model and its split; models are not changed.
        objective: A function of a result, the given model and the split that is minimised in the
            mean over the tasks; `ToTarget` if None. It should not look at test rows.
        trials: Number of trials, 1 or more; each applies the strategy once to every task.
        names: Hyperparameters to search, of those that ``strategy.ranges`` names; None for all.
        seed: Seed of the search and of the strategy.

    Raises:
        InputError: If Optuna is missing, there are no tasks, a name is unknown, or the strategy
            declares no ranges.

    Example:
        >>> import qiskit_qmu as qmu
        >>> ds = qmu.load_dataset("iris")
        >>> split = qmu.ForgetSplit.by_class(ds, label=1, validation_fraction=0.1)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> history = qmu.Trainer(epochs=5).fit(model, split.train.x, split.train.y, generator=0)
        >>> ascent = qmu.unlearning.GradientAscent(max_epochs=3)
        >>> found = qmu.unlearning.tune(ascent, [(model, split)], trials=3)
        >>> len(found.trials), found.value <= found.given_value
        (3, True)
    """
    _check.at_least(1, trials=trials)
    _check.at_least(0, seed=seed)
    _check.not_empty(tasks=tasks)
    ranges = _searched(strategy, tasks[0][1].kind, names)
    optuna = _optuna()
    judge = objective or ToTarget()
    tried: list[tuple[dict[str, float], float]] = []

    def value_of(trial: Any) -> float:
        settings = {own.name: _suggested(trial, own) for own in ranges} if tried else {}
        tried.append((settings, _mean_value(strategy.with_settings(settings), tasks, judge, seed)))
        return tried[-1][1]

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=5))
    study.optimize(value_of, n_trials=trials)
    settings, value = min(tried, key=lambda trial: trial[1])
    return Tuned(
        strategy=strategy.with_settings(settings),
        settings=settings,
        value=value,
        given_value=tried[0][1],
        trials=tuple(tried),
    )


def _searched(
    strategy: UnlearningStrategy, kind: str, names: Collection[str] | None
) -> tuple[Range, ...]:
    ranges = strategy.ranges(kind)
    if not ranges:
        raise InputError(f"{type(strategy).__name__} declares no ranges to search")
    known = tuple(own.name for own in ranges)
    for name in names or ():
        _check.one_of(known, names=name)
    return tuple(own for own in ranges if names is None or own.name in names)


def _suggested(trial: Any, own: Range) -> float:
    suggest = trial.suggest_int if own.whole else trial.suggest_float
    found: float = suggest(own.name, own.low, own.high, log=own.log)
    return found


def _mean_value(
    strategy: UnlearningStrategy, tasks: Sequence[Task], judge: TuningObjective, seed: int
) -> float:
    values = []
    for number, (model, split) in enumerate(tasks):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UnchangedWarning)
                result = strategy(model, split, generator=stream(seed, "tuning", str(number)))
        except NonFiniteError:
            return float("inf")
        values.append(float(judge(result, model, split)))
    return statistics.fmean(values)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise InputError(
            "tuning needs Optuna; install it: pip install 'qiskit_qmu[tune]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
