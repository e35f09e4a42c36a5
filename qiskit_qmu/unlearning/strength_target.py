"""StrengthTarget: how a model must perform on validation and forgotten rows to count as right."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.unlearning.result import Step
from qiskit_qmu.unlearning.stopping import (
    FORGOTTEN_ACCURACY,
    RowPerformance,
    kept_validation,
    row_performance,
)


@final
@dataclass(frozen=True, kw_only=True)
class Judgement:
    """How far a model is from a target.

    Attributes:
        measured: The numbers behind it.
        forgetting: How far the forgotten rows are from the target, in tolerances beyond the first:
            negative if they are remembered, positive if they are over-forgotten, else 0.
        spread: The same of the spread of their losses; 0 for a class.
        utility: How much more than tolerated was lost on the rows to keep, in tolerances; 0 or
            more.
    """

    measured: Step
    forgetting: float
    spread: float
    utility: float

    @property
    def distance(self) -> float:
        """Distance from the target in tolerances, 0 if it is reached."""
        return abs(self.forgetting) + abs(self.spread) + self.utility

    @property
    def reached(self) -> bool:
        """Whether the target is reached."""
        return self.distance == 0

    @property
    def too_weak(self) -> bool:
        """Whether the rows are still remembered; what was lost on others does not count then."""
        return (self.forgetting or self.spread) < 0


@final
@dataclass(frozen=True, kw_only=True)
class StrengthTarget:
    """How an unlearned model must perform, on forgotten and validation rows alone.

    A class counts as forgotten if hardly any of its rows is classified correctly, as by a model
    that never saw it. Single rows do if their losses have the mean and the spread of losses on
    never-seen rows of equal difficulty: on validation rows, weighted so that their labels occur as
    often as among the forgotten rows; or, better, on the same rows under models that were trained
    without them. In either case the model must not lose on validation rows that are to be kept;
    where these are too few to show such a loss, retained rows count too.

    No more is asked of single rows than can be told apart: a limit below the standard error of
    what it limits is raised to it. Of five rows a difference below 0.45 standard deviations thus
    counts as none, which does not mean that there is none.

    Attributes:
        max_forget_accuracy: Share of a forgotten class that may be classified correctly.
        max_difference: Largest difference of the mean loss of single rows from that of unseen ones,
            in standard deviations of the latter.
        max_spread_ratio: Largest ratio of the two standard deviations, either way; at least 1.
        max_utility_loss: Accuracy that may be lost on the validation rows to keep; if no classes
            are predicted, the share by which their mean loss may rise.
        references: Losses of each single row under models that were trained without it, one tuple
            for each row in the order of ``split.forget``; None to compare with validation rows.

    Example:
        >>> import qiskit_qmu as qmu
        >>> ds = qmu.load_dataset("iris")
        >>> split = qmu.ForgetSplit.by_class(ds, label=1, validation_fraction=0.1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> target = qmu.unlearning.StrengthTarget()
        >>> target.judge(model, split, target.utility(model, split)).utility
        0.0
    """

    max_forget_accuracy: float = FORGOTTEN_ACCURACY
    max_difference: float = 0.1
    max_spread_ratio: float = 1.5
    max_utility_loss: float = 0.02
    references: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self) -> None:
        _check.between(0.0, 1.0, max_forget_accuracy=self.max_forget_accuracy)
        _check.positive(
            max_difference=self.max_difference,
            max_utility_loss=self.max_utility_loss,
        )
        if not self.max_spread_ratio > 1:
            raise InputError(f"max_spread_ratio must be above 1, got {self.max_spread_ratio}")
        if self.references is not None:
            given = tuple(tuple(float(loss) for loss in row) for row in self.references)
            object.__setattr__(self, "references", given)
            if not given or not all(row and all(map(math.isfinite, row)) for row in given):
                raise InputError("references must hold at least one finite loss for each row")

    def utility(
        self,
        model: torch.nn.Module,
        split: ForgetSplit,
        objective: RowLoss | HasRowLosses | None = None,
    ) -> float:
        """Return what a model is worth on the rows to keep.

        They are validation rows, joined by the retained ones if they are too few. It is the
        accuracy, or minus the mean loss if no classes are predicted.

        Raises:
            InputError: If there are no such rows.
        """
        return _worth(self._kept_performance(model, split, objective))

    def judge(
        self,
        model: torch.nn.Module,
        split: ForgetSplit,
        utility: float,
        objective: RowLoss | HasRowLosses | None = None,
    ) -> Judgement:
        """Return how far a model is from the target, by one pass over each set of rows.

        Args:
            model: The unlearned model.
            split: The task; test rows are not used.
            utility: That of the given model, see `utility`.
            objective: What the model learned; None to infer it from the type of the labels.

        Raises:
            InputError: If references are not one for each row, or a class is forgotten by a model
                that predicts none.
        """
        forgotten = row_performance(model, split.forget, objective)
        kept = self._kept_performance(model, split, objective)
        worth = _worth(kept)
        if kept.correct is None:
            allowed = self.max_utility_loss * max(abs(utility), np.finfo(float).tiny)
            measured = {"kept_loss": -worth}
        else:
            allowed = self.max_utility_loss
            measured = {"kept_accuracy": worth}
        lost = _beyond(utility - worth, allowed)
        if split.kind == "class":
            accuracy = self._class_accuracy(forgotten)
            miss = _beyond(accuracy, self.max_forget_accuracy)
            return Judgement(
                measured={"forget_accuracy": accuracy, **measured},
                forgetting=-max(0.0, miss),
                spread=0.0,
                utility=max(0.0, lost),
            )
        unseen = kept.losses[: len(split.validation)]
        mean, spread, error = self._unseen_losses(split, unseen)
        error = math.sqrt(error**2 + 1 / len(split.forget))
        difference = (forgotten.losses.mean() - mean) / spread
        ratio = max(float(forgotten.losses.std()), np.finfo(float).tiny) / spread
        comparable = len(split.forget) > 1
        spread_limit = max(math.log(self.max_spread_ratio), error / math.sqrt(2))
        return Judgement(
            measured={
                "forget_loss": float(forgotten.losses.mean()),
                "unseen_loss": mean,
                "difference": float(difference),
                "spread_ratio": ratio,
                **measured,
            },
            forgetting=_beyond(float(difference), max(self.max_difference, error)),
            spread=_beyond(math.log(ratio), spread_limit) if comparable else 0.0,
            utility=max(0.0, lost),
        )

    def passes(self, split: ForgetSplit) -> list[int]:
        """Return the rows of the forward passes that tell the utility, at most."""
        rows = len(split.validation)
        return [rows, len(split.retain)]

    def _is_enough(self, validation: int) -> bool:
        return validation * self.max_utility_loss >= 1

    def _class_accuracy(self, forgotten: RowPerformance) -> float:
        if forgotten.correct is None:
            raise InputError(
                "forgetting a class requires a model that predicts classes; forget the rows as "
                "instances"
            )
        return float(forgotten.correct.mean())

    def _kept_performance(
        self,
        model: torch.nn.Module,
        split: ForgetSplit,
        objective: RowLoss | HasRowLosses | None,
    ) -> RowPerformance:
        """Return how a model does on the validation rows to keep, before retained rows, if any."""
        validation = kept_validation(split)
        if not len(validation):
            raise InputError(
                "a strength is chosen on validation rows, and the split has none that are to be "
                "kept: create it with a validation_fraction"
            )
        found = row_performance(model, validation, objective)
        if self._is_enough(len(validation)):
            return found
        more = row_performance(model, split.retain, objective)
        both = found.correct is not None and more.correct is not None
        return RowPerformance(
            np.concatenate([found.losses, more.losses]),
            np.concatenate([found.correct, more.correct]) if both else None,
        )

    def _unseen_losses(
        self, split: ForgetSplit, losses: NDArray[np.float64]
    ) -> tuple[float, float, float]:
        """Return mean and deviation of unseen losses, and the mean's standard error in these."""
        if self.references is None:
            weights = matching_weights(split.validation.y, split.forget.y)
            mean = float(weights @ losses)
            variance = float(weights @ np.square(losses - mean))
            error = math.sqrt(float(np.square(weights).sum()))
        else:
            if len(self.references) != len(split.forget):
                raise InputError(
                    f"references must hold losses for each of the {len(split.forget)} forgotten "
                    f"rows, got {len(self.references)}"
                )
            own = [np.asarray(row) for row in self.references]
            mean = float(np.mean([row.mean() for row in own]))
            variance = float(np.mean([np.square(row - mean).mean() for row in own]))
            error = 0.0  # (the same rows)
        return mean, max(math.sqrt(variance), 1e-12), error


def matching_weights(
    given: NDArray[np.generic], wanted: NDArray[np.generic]
) -> NDArray[np.float64]:
    """Return weights of rows, summing to 1, under which labels occur as often as in other rows.

    Labels that none of the rows has are left out. Values, and labels of which none occurs, match
    nothing: all rows then weigh the same.

    Args:
        given: Labels of the rows, shape (n,).
        wanted: Labels of the other rows, shape (m,).

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.unlearning.strength_target import matching_weights
        >>> matching_weights(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1])).tolist()
        [0.125, 0.125, 0.75, 0.0]
    """
    labels = given.dtype.kind in "iu" and wanted.dtype.kind in "iu"
    weights = np.zeros(len(given))
    for label in np.unique(given) if labels else ():
        own = given == label
        weights[own] = (wanted == label).sum() / own.sum()
    return weights / weights.sum() if weights.any() else np.full(len(given), 1 / len(given))


def _worth(found: RowPerformance) -> float:
    return float(-found.losses.mean() if found.correct is None else found.correct.mean())


def _beyond(value: float, tolerance: float) -> float:
    """Return by how many tolerances a value lies outside of ±tolerance, with its sign."""
    excess = max(0.0, abs(value) - tolerance * (1 + 1e-9))
    return math.copysign(excess / (tolerance or FORGOTTEN_ACCURACY), value) if excess else 0.0
