"""When rows count as forgotten: they are answered as rows are that were never seen."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.models import as_tensors, in_mode

FORGOTTEN_ACCURACY = 0.01
"""Share of a forgotten class that may still be classified correctly."""


@final
@dataclass(frozen=True)
class Performance:
    """How well a model does on rows.

    Attributes:
        loss: Mean cross-entropy, in nats.
        confidence: Mean probability of the true class.
        accuracy: Share of rows that are classified correctly.
    """

    loss: float
    confidence: float
    accuracy: float


def forgotten_confidence(num_classes: int) -> float:
    """Return the mean confidence below which a class counts as forgotten: half of chance."""
    return 0.5 / num_classes


def kept_validation(split: ForgetSplit) -> Rows:
    """Return the validation rows that are not of a forgotten class; there may be none."""
    rows = split.validation
    return rows if split.label is None else rows.take(np.flatnonzero(rows.y != split.label))


def unseen_loss(module: torch.nn.Module, split: ForgetSplit) -> float:
    """Return the loss at which single rows count as forgotten.

    It is the loss on the validation rows, which no model was trained on: a model that never saw the
    forgotten rows would do as well on them as on those. Without validation rows it is the loss of
    guessing, ln(classes), which over-forgets.

    Args:
        module: The original model.
        split: The task, best with validation rows.
    """
    if len(split.validation) == 0:
        return math.log(split.num_classes)
    return performance(module, split.validation).loss


def performance(module: torch.nn.Module, rows: Rows) -> Performance:
    """Return a module's loss, confidence and accuracy on rows, from one forward pass."""
    x, y = as_tensors(module, rows.x, rows.y)
    with in_mode(module, training=False), torch.no_grad():
        log_probability = torch.log_softmax(module(x).double(), dim=1)
    own = log_probability.gather(1, y.unsqueeze(1))
    correct = log_probability.argmax(1) == y
    return Performance(float(-own.mean()), float(own.exp().mean()), float(correct.double().mean()))
