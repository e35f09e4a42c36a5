"""Checks of the arrays of observations."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError


def check_kind(*, logits: Any, labels: Any, row_losses: Any) -> None:
    """Raise InputError unless there are classes or losses, as arrays or None."""
    classes = [n for n, array in (("logits", logits), ("labels", labels)) if array is not None]
    if len(classes) == 1:
        raise InputError(
            f"observations of classes need both logits and labels, got only {classes[0]}"
        )
    if not classes and row_losses is None:
        raise InputError("observations need logits and labels, or row_losses; got neither")


def check_classes(logits: NDArray[np.float64], labels: NDArray[Any]) -> None:
    """Raise InputError unless logits (n, classes) are finite and labels (n,) are among them."""
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise InputError(
            f"logits must have the shape (n, classes) with at least 2 classes, got {logits.shape}"
        )
    if labels.ndim != 1:
        raise InputError(f"labels must have the shape (n,), got {labels.shape}")
    _check.same_length(logits=logits, labels=labels)
    _check.finite(logits=logits)
    _check.labels_in_range(logits.shape[1], labels=labels)


def check_values(rows: int, **arrays: NDArray[np.float64] | None) -> None:
    """Raise InputError unless losses, outputs and targets are finite and of the same rows.

    Args:
        rows: Number of examples.
        **arrays: ``row_losses`` (n,), ``outputs`` and ``targets`` (n,) or (n, values), or None.
    """
    present = {name: array for name, array in arrays.items() if array is not None}
    for name, array in present.items():
        if name == "row_losses" and array.shape != (rows,):
            raise InputError(f"{name} must have the shape ({rows},), got {array.shape}")
        if array.ndim not in (1, 2) or len(array) != rows:
            raise InputError(
                f"{name} must have the shape ({rows},) or ({rows}, values), got {array.shape}"
            )
        _check.finite(**{name: array})
    shapes = [present[name].shape for name in ("outputs", "targets") if name in present]
    if len(set(shapes)) > 1:
        raise InputError(
            f"outputs and targets must have the same shape, got {shapes[0]} and {shapes[1]}"
        )


def check_columns(rows: int, **arrays: NDArray[np.float64]) -> None:
    """Raise InputError unless arrays are finite and of the shape (rows, columns)."""
    for name, array in arrays.items():
        if array.ndim != 2 or len(array) != rows:
            raise InputError(f"{name} must have the shape ({rows}, columns), got {array.shape}")
    _check.finite(**arrays)


def as_counts(counts: Any, rows: int) -> NDArray[np.int64]:
    """Return outcome counts (rows, outcomes, …), which are whole and not negative."""
    array = np.asarray(counts)
    if not np.issubdtype(array.dtype, np.integer):
        raise InputError(f"counts must be an array of integers, got dtype {array.dtype}")
    if array.ndim < 2 or len(array) != rows:
        raise InputError(f"counts must have the shape ({rows}, outcomes), got {array.shape}")
    if array.size and array.min() < 0:
        raise InputError(f"counts must not be negative, got {array.min()}")
    return array.astype(np.int64)


def as_positions(positions: ArrayLike, rows: int) -> NDArray[np.int64]:
    """Return positions (k,), from positions or from a mask (rows,)."""
    array = np.asarray(positions)
    if array.dtype == np.bool_:
        if array.shape != (rows,):
            raise InputError(f"a mask must have the shape ({rows},), got {array.shape}")
        return np.flatnonzero(array)
    if array.ndim != 1:
        raise InputError(f"positions must have the shape (k,), got {array.shape}")
    if array.size:
        _check.labels_in_range(rows, positions=array)
    return array.astype(np.int64)
