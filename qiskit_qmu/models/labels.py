"""A user's labels, and the indices of their logits."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

Label = int | str


def numbers_of(labels: Sequence[Label] | None, y: ArrayLike) -> ArrayLike:
    """Return the indices of the logits of labels (n,).

    Args:
        labels: Labels in the order of the logits; None if they are numbers.
        y: Labels. Indices are returned unchanged.

    Raises:
        InputError: If a label is unknown to the model.
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
    """Raise InputError unless labels identify classes uniquely.

    Args:
        labels: Labels in the order of the logits.
        num_classes: Number of classes, if known.

    Raises:
        InputError: If labels have duplicates, are too few, or are indices of other classes.
    """
    given = list(labels)
    if len(set(given)) < max(2, len(given)):
        raise InputError(f"labels must be at least two, without duplicates, got {given}")
    if num_classes is not None and len(given) != num_classes:
        raise InputError(f"labels must be one for each of the {num_classes} classes, got {given}")
    for number, label in enumerate(given):
        if label in range(len(given)) and label != number:
            raise InputError(
                f"labels from 0 to {len(given) - 1} must be in ascending order, got {given}"
            )


def _are_numbers(given: NDArray[Any], classes: int) -> bool:
    numeric = given.dtype.kind in "biuf"
    return numeric and bool(((given >= 0) & (given < classes)).all())
