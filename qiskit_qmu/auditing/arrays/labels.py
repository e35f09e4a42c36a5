"""The labels of recorded outputs become class numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError


def class_numbers(
    labels: NDArray[Any], classes: tuple[str, ...]
) -> tuple[NDArray[np.int64], tuple[str, ...] | None]:
    """Return the class number of each row, and what classes are called; None for numbers.

    Args:
        labels: Numbers or texts, shape (n,); -1 and 1 are the classes 0 and 1.
        classes: What the columns of the outputs are called; empty where they are numbered.

    Raises:
        InputError: If a label is missing, no whole number, or not among the classes.
    """
    if labels.ndim != 1:
        raise InputError(f"labels must have the shape (n,), got {labels.shape}")
    numbers = _as_integers(labels)
    if classes:
        texts = labels.astype(str) if numbers is None else numbers.astype(str)
        for text in texts:
            _check.one_of(classes, label=str(text))
        places = {name: place for place, name in enumerate(classes)}
        named = classes if list(classes) != [str(n) for n in range(len(classes))] else None
        return np.array([places[str(text)] for text in texts], dtype=np.int64), named
    if numbers is None:
        found, places_found = np.unique(labels.astype(str), return_inverse=True)
        return places_found.astype(np.int64), tuple(found.tolist())
    if set(numbers.tolist()) == {-1, 1}:
        return (numbers + 1) // 2, ("-1", "1")
    if (numbers < 0).any():
        raise InputError(f"labels must be numbers from 0, or -1 and 1; got {numbers.min()}")
    return numbers, None


def _as_integers(labels: NDArray[Any]) -> NDArray[np.int64] | None:
    """Return whole numbers; None for texts that are not."""
    if labels.dtype.kind == "U":
        try:
            return np.array([int(text) for text in labels], dtype=np.int64)
        except ValueError:
            return None
    _check.finite(labels=labels)
    whole = labels.astype(np.int64)
    if (whole != labels).any():
        raise InputError(f"labels must be whole numbers or names, got {labels[whole != labels][0]}")
    return whole
