"""Finds the rows that someone withdraws among those that a model was fitted to."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data.rows import as_integers


def withdrawn_positions(
    x: ArrayLike, y: ArrayLike, fitted_x: ArrayLike, fitted_y: ArrayLike
) -> NDArray[np.int64]:
    """Return where withdrawn rows stand among fitted ones.

    Each withdrawn row takes one fitted row with the same features and label; of several equal ones,
    the first. To withdraw a row that was fitted twice, give it twice.

    Args:
        x: Withdrawn rows (m, …).
        y: Their labels or values (m,) or (m, outputs).
        fitted_x: Fitted rows (n, …), of the same dtype.
        fitted_y: Their labels or values.

    Returns:
        Positions (m,), each once.

    Raises:
        InputError: If a row is not among the fitted ones, or more often than it was fitted.

    Example:
        >>> from qiskit_qmu.data import withdrawn_positions
        >>> withdrawn_positions([[2.0]], [1], [[1.0], [2.0]], [0, 1])
        array([1])
    """
    rows, fitted = np.asarray(x), np.asarray(fitted_x)
    answers, fitted_answers = np.asarray(y), np.asarray(fitted_y)
    _check.not_empty(X=rows)
    _check.same_length(X=rows, y=answers)
    if rows.shape[1:] != fitted.shape[1:]:
        raise InputError(
            f"rows must have the shape of the fitted ones, {fitted.shape[1:]}, got {rows.shape[1:]}"
        )
    free: dict[tuple[bytes, object], list[int]] = {}
    for position in range(len(fitted) - 1, -1, -1):
        free.setdefault(_key(fitted[position], fitted_answers[position]), []).append(position)
    found, missing = [], []
    for number in range(len(rows)):
        places = free.get(_key(rows[number].astype(fitted.dtype), answers[number]))
        if places:
            found.append(places.pop())
        else:
            missing.append(number)
    if missing:
        listed = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
        raise InputError(
            f"{len(missing)} of {len(rows)} rows with these labels are not among the fitted rows, "
            f"or no longer: {listed}"
        )
    return np.asarray(found, dtype=np.int64)


def _key(row: NDArray[np.generic], answer: object) -> tuple[bytes, object]:
    values = np.asarray(answer).tolist()
    return (row + 0).tobytes(), tuple(values) if isinstance(values, list) else values


def checked_positions(rows: ArrayLike, size: int) -> NDArray[np.int64]:
    """Return positions of rows to withdraw from a fitted model, which keeps at least one row.

    Args:
        rows: Positions (m,).
        size: Number of rows that the model has.

    Raises:
        InputError: If there are none, one is not there or given twice, or no row would be left.

    Example:
        >>> from qiskit_qmu.data.withdrawn import checked_positions
        >>> checked_positions([2, 0], 4)
        array([2, 0])
    """
    gone = as_integers("rows", rows)
    _check.not_empty(rows=gone)
    if gone.min() < 0 or gone.max() >= size or len(np.unique(gone)) < len(gone):
        raise InputError(
            f"rows must be different positions from 0 to {size - 1}, got {gone.tolist()[:8]}"
        )
    if len(gone) == size:
        raise InputError(f"at least one row must be left, got all {size} withdrawn")
    return gone
