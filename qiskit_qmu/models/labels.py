"""Labels as a model's user writes them, and the numbers of the logits that they belong to."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

Label = int | str


def numbers_of(labels: Sequence[Label] | None, y: ArrayLike) -> ArrayLike:
    """Return the numbers of the logits that labels (n,) belong to.

    Args:
        labels: Labels in the order of the logits; None where they are numbered.
        y: Labels. Numbers of logits are taken as they are.

    Raises:
        InputError: If a label is none of the model's.
    """
    given = np.asarray(y.detach().cpu() if isinstance(y, torch.Tensor) else y)
    if labels is None or given.ndim != 1 or _are_numbers(given, len(labels)):
        return y
    place = {label: number for number, label in enumerate(labels)}
    values = given.tolist()
    for value in values:
        _check.one_of(labels, label=value)
    return np.array([place[value] for value in values], dtype=np.int64)


def check_labels(labels: Sequence[Label], num_classes: int | None = None) -> None:
    """Refuse labels that do not tell classes apart.

    Args:
        labels: Labels in the order of the logits.
        num_classes: Number of classes, where it is known.

    Raises:
        InputError: If labels repeat, are too few, or are numbers of other classes than their own.
    """
    given = list(labels)
    if len(set(given)) < max(2, len(given)):
        raise InputError(f"labels must be at least two different ones, got {given}")
    if num_classes is not None and len(given) != num_classes:
        raise InputError(f"labels must be as many as classes, {num_classes}, got {given}")
    for number, label in enumerate(given):
        if label in range(len(given)) and label != number:
            raise InputError(
                f"labels from 0 to {len(given) - 1} must stand at their own place, got {given}"
            )


def _are_numbers(given: NDArray[Any], classes: int) -> bool:
    numeric = given.dtype.kind in "biuf"
    return numeric and bool(((given >= 0) & (given < classes)).all())
