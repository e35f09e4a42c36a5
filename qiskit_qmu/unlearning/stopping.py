"""When rows count as forgotten: when the model performs on them as on unseen rows."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.models import answered, as_tensors, in_mode
from qiskit_qmu.objectives import (
    CrossEntropy,
    HasRowLosses,
    RowLoss,
    SquaredError,
    objective_for,
)

FORGOTTEN_ACCURACY = 0.01
"""Share of a forgotten class that may still be classified correctly."""


@final
@dataclass(frozen=True)
class Performance:
    """A model's performance on rows.

    Attributes:
        loss: Mean loss, by the objective.
        confidence: Mean probability of the true class; None if no classes are predicted.
        accuracy: Share of rows classified correctly; None likewise.
    """

    loss: float
    confidence: float | None
    accuracy: float | None

    def __str__(self) -> str:
        if self.confidence is None or self.accuracy is None:
            return f"loss {self.loss:.4g}"
        return (
            f"loss {self.loss:.4g}, confidence {self.confidence:.4g} and accuracy "
            f"{self.accuracy:.4g}"
        )


def forgotten_confidence(num_classes: int) -> float:
    """Return the mean confidence below which a class counts as forgotten: half of chance."""
    return 0.5 / num_classes


def kept_validation(split: ForgetSplit) -> Rows:
    """Return the validation rows without those of a forgotten class; possibly none."""
    rows = split.validation
    return rows if split.label is None else rows.take(np.flatnonzero(rows.y != split.label))


def target_loss(
    module: torch.nn.Module, split: ForgetSplit, objective: RowLoss | HasRowLosses | None = None
) -> float | None:
    """Return the loss at which rows count as forgotten; None for a class, judged by accuracy.

    Args:
        module: The original model.
        split: The task.
        objective: What the model learned.

    Raises:
        InputError: If the model does not predict classes but a class is to be forgotten, or as for
            `unseen_loss`.
    """
    if split.kind == "instances":
        return unseen_loss(module, split, objective)
    if objective_for(objective, module, split.forget.y).predicts != "classes":
        raise InputError(
            "forgetting a class requires a model that predicts classes; pass a loss_threshold to "
            "the ascent, or forget the rows as instances"
        )
    return None


def unseen_loss(
    module: torch.nn.Module, split: ForgetSplit, objective: RowLoss | HasRowLosses | None = None
) -> float:
    """Return the loss at which single rows count as forgotten.

    It is the loss on the validation rows, which no model was trained on: a model that never saw the
    forgotten rows would perform equally well on both. Without validation rows it is the loss of
    guessing, which over-forgets: ln(classes) for cross-entropy, and for squared error that of
    predicting the mean of the targets.

    Args:
        module: The original model.
        split: The task, preferably with validation rows.
        objective: What the model learned; None to infer it from the type of the labels.

    Raises:
        InputError: If there are no validation rows and the objective is a custom one.
    """
    if len(split.validation):
        return performance(module, split.validation, objective).loss
    learned = objective_for(objective, module, split.forget.y)
    if isinstance(learned, CrossEntropy) and split.num_classes is not None:
        return math.log(split.num_classes)
    if isinstance(learned, SquaredError):
        targets = split.train.y.astype(np.float64)
        return float(np.square(targets - targets.mean(axis=0)).mean())
    raise InputError(
        "a custom objective needs validation rows to determine when rows are forgotten: create the "
        "split with a validation_fraction, or pass a loss_threshold to the ascent"
    )


def reached_now(
    module: torch.nn.Module, split: ForgetSplit, objective: RowLoss | HasRowLosses | None = None
) -> str | None:
    """Return in what sense the forgotten rows count as forgotten at the current weights, if at all.

    Single rows do at the loss that unseen rows have now: it moves while a model unlearns, and a
    target that was measured on the original model would be reached too early. A class does at half
    of chance confidence, with at most one row in a hundred classified correctly.

    Args:
        module: The model being unlearned.
        split: The task.
        objective: What the model learned.

    Raises:
        InputError: As for `target_loss`.
    """
    target = target_loss(module, split, objective)
    found = performance(module, split.forget, objective)
    if target is not None:
        return f"the rows had {found}, unseen rows {target:.4g}" if found.loss >= target else None
    if found.confidence is None or found.accuracy is None or split.num_classes is None:
        return None
    unsure = found.confidence < forgotten_confidence(split.num_classes)
    return f"the rows had {found}" if unsure and found.accuracy <= FORGOTTEN_ACCURACY else None


@final
@dataclass(frozen=True, eq=False)
class RowPerformance:
    """A model's performance on single rows.

    Attributes:
        losses: Loss of each row, by the objective.
        correct: Whether each is classified correctly; None if no classes are predicted.
    """

    losses: NDArray[np.float64]
    correct: NDArray[np.bool_] | None


def row_performance(
    module: torch.nn.Module, rows: Rows, objective: RowLoss | HasRowLosses | None = None
) -> RowPerformance:
    """Return a module's performance on each row, from one forward pass.

    Args:
        module: Any module.
        rows: The rows.
        objective: What the module learned; None to infer it from the type of ``rows.y``.
    """
    found, y = _answered(module, rows, objective)
    logits = found.get("logits")
    losses = found.get("row_losses")
    if losses is None:
        log_probability = torch.log_softmax(found["logits"].double(), dim=1)
        losses = -log_probability.gather(1, y.unsqueeze(1)).squeeze(1)
    correct = None if logits is None else (logits.argmax(1) == y).cpu().numpy()
    return RowPerformance(losses.double().cpu().numpy(), correct)


def _answered(
    module: torch.nn.Module, rows: Rows, objective: RowLoss | HasRowLosses | None
) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Return a module's answers to rows, from one forward pass, and the rows' labels."""
    learned = objective_for(objective, module, rows.y)
    x, y = as_tensors(module, rows.x, rows.y, learned.predicts)
    with in_mode(module, training=False), torch.no_grad():
        return answered(module, x, y, learned), y


def performance(
    module: torch.nn.Module, rows: Rows, objective: RowLoss | HasRowLosses | None = None
) -> Performance:
    """Return a module's performance on rows, from one forward pass.

    Args:
        module: Any module.
        rows: The rows.
        objective: What the module learned; None to infer it from the type of ``rows.y``.
    """
    found, y = _answered(module, rows, objective)
    losses = found.get("row_losses")
    if "logits" not in found:
        return Performance(float(found["row_losses"].double().mean()), None, None)
    log_probability = torch.log_softmax(found["logits"].double(), dim=1)
    own = log_probability.gather(1, y.unsqueeze(1))
    correct = log_probability.argmax(1) == y
    return Performance(
        float(-own.mean() if losses is None else losses.double().mean()),
        float(own.exp().mean()),
        float(correct.double().mean()),
    )
