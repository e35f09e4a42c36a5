"""One model's recorded outputs become Observations."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.auditing.arrays.names import OUTPUT_KINDS, prefix_of
from qiskit_qmu.auditing.arrays.outcomes import Interpret, class_counts
from qiskit_qmu.auditing.arrays.reading import Recorded
from qiskit_qmu.observation import Observations

Floats = NDArray[np.float64]

_SUM_TOLERANCE = 1e-3
"""Tolerance of sums of probabilities, which files hold with a few digits."""


def observations_of(
    recorded: Recorded,
    whose: str,
    labels: NDArray[np.int64] | None,
    interpret: Interpret | Callable[[int], int],
) -> Observations:
    """Return the outputs of one model on all rows.

    Raises:
        InputError: If values are missing, of another range, or the same in all rows.
    """
    prefix = prefix_of(whose)
    given = {
        kind: recorded.arrays[f"{prefix}{kind}"]
        for kind in OUTPUT_KINDS
        if f"{prefix}{kind}" in recorded.arrays
    }
    shots = _shots(recorded.arrays.get("shots"))
    counts = None
    if "counts" in given:
        name = f"{prefix}counts"
        least = 2 if labels is None else int(labels.max()) + 1
        outcomes = recorded.endings.get(name, ())
        counts = class_counts(given["counts"], outcomes, interpret, least, name)
        shots = int(counts.sum(axis=1).min())
    numbers: dict[str, Floats] = {
        kind: _numbers(f"{prefix}{kind}", x) for kind, x in given.items() if kind != "counts"
    }
    logits = None if labels is None else _logits(numbers, counts, shots, prefix)
    losses = numbers.get("losses")
    if logits is None and losses is None:
        raise InputError(
            f"{prefix}{next(iter(given))} need labels: what is told from the outputs alone is the "
            "class, not membership"
        )
    observed = Observations(
        logits=logits,
        labels=None if logits is None else labels,
        expectations=_as_matrix(numbers.get("expectations")),
        counts=counts,
        shots=shots,
        row_losses=losses,
    )
    _check_varies(observed, f"{prefix}{next(iter(given))}")
    return observed


def _logits(
    numbers: dict[str, Floats], counts: NDArray[np.int64] | None, shots: int | None, prefix: str
) -> Floats | None:
    if "logits" in numbers:
        return numbers["logits"]
    if "probabilities" in numbers:
        return _log_shares(_two_classes(numbers["probabilities"], f"{prefix}probabilities"), shots)
    if "expectations" in numbers:
        return _of_expectations(numbers["expectations"], shots, f"{prefix}expectations")
    return None if counts is None else np.log(counts + 0.5)


def _two_classes(values: Floats, name: str) -> Floats:
    """Return probabilities (n, classes) after checking them; a single one is that of class 1."""
    outside = values[(values < -_SUM_TOLERANCE) | (values > 1 + _SUM_TOLERANCE)]
    if outside.size:
        raise InputError(f"{name} must lie between 0 and 1, got {outside.flat[0]:.4g}")
    matrix = values.reshape(len(values), -1)
    if matrix.shape[1] == 1:
        return np.hstack([1 - matrix, matrix])
    sums = matrix.sum(axis=1)
    wrong = np.flatnonzero(np.abs(sums - 1) > _SUM_TOLERANCE)
    if len(wrong):
        raise InputError(
            f"{name} must sum to 1 in each row, got {sums[wrong[0]]:.4g} in row {wrong[0]}"
        )
    return matrix


def _of_expectations(values: Floats, shots: int | None, name: str) -> Floats:
    """Return logits: of one ⟨Z⟩ the class 1 has (1 + ⟨Z⟩)/2, and several are one for each class."""
    outside = values[np.abs(values) > 1 + _SUM_TOLERANCE]
    if outside.size:
        raise InputError(f"{name} must lie between -1 and 1, got {outside.flat[0]:.4g}")
    matrix = values.reshape(len(values), -1)
    if matrix.shape[1] > 1:
        return matrix
    positive = np.clip((1 + matrix) / 2, 0, 1)
    return _log_shares(np.hstack([1 - positive, positive]), shots)


def _log_shares(shares: Floats, shots: int | None) -> Floats:
    """Return logarithms that are finite: half a count more for each class where there are shots."""
    if shots is None:
        return np.log(np.clip(shares, np.finfo(np.float64).eps, None))
    return np.log(np.clip(shares, 0, None) * shots + 0.5)


def _numbers(name: str, values: NDArray[Any]) -> Floats:
    if values.dtype.kind not in "biuf":
        raise InputError(f"{name} must be numbers, got dtype {values.dtype}")
    _check.finite(**{name: values})
    return values.astype(np.float64)


def _as_matrix(values: Floats | None) -> Floats | None:
    return None if values is None else values.reshape(len(values), -1)


def _shots(values: NDArray[Any] | None) -> int | None:
    """Return the shots of a row; the fewest where rows differ."""
    if values is None:
        return None
    _check.finite(shots=values)
    fewest = float(np.min(values))
    if fewest < 1 or fewest != int(fewest):
        raise InputError(f"shots must be whole numbers of at least 1, got {fewest:g}")
    return int(fewest)


def _check_varies(observed: Observations, name: str) -> None:
    score = observed.membership_score
    answers = score[:, None] if observed.logits is None else observed.logits
    if np.ptp(score) == 0 or (answers == answers[0]).all():
        raise InputError(
            f"{name} give every row the same score, by which no row can be told from another"
        )
