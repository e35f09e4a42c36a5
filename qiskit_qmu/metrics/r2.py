"""R²: the share of the targets' variance that a regression model explains."""

import numpy as np
import scipy
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.intervals import Interval


def r2_interval(targets: ArrayLike, predictions: ArrayLike, level: float = 0.95) -> Interval:
    """Return the coefficient of determination R² with limits over the rows.

    R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)², pooled over the values of a row, as in
    ``sklearn.metrics.r2_score(…, multioutput="variance_weighted")``. A model that always predicts
    the mean of the targets has 0; a worse one is negative.

    The limits come from the delta method on ln(1 − R²), the logarithm of a ratio of two means over
    the rows: 1 − R² is positive and skewed, its logarithm is nearly normal. With thirty rows the
    coverage is 93 % at a nominal 95 %, and lower with heavy tails.

    Args:
        targets: True values, shape (n,) or (n, values).
        predictions: Predicted values on the same rows, of the same shape.
        level: Confidence level, between 0 and 1.

    Returns:
        R² with its limits, at most 1. NaN if there are fewer than two rows or all targets are
        equal; a perfect prediction has no limits.

    Raises:
        InputError: If the shapes differ or a value is not finite.

    Example:
        >>> from qiskit_qmu.metrics import r2_interval
        >>> print(r2_interval([1.0, 2.0, 3.0, 4.0], [1.1, 1.9, 3.2, 3.9]))
        0.986 [0.827, 0.999]
    """
    truth, guess = (np.asarray(values, dtype=np.float64) for values in (targets, predictions))
    if truth.shape != guess.shape or truth.ndim not in (1, 2):
        raise InputError(
            "targets and predictions need the same shape, (n,) or (n, values); "
            f"got {truth.shape} and {guess.shape}"
        )
    _check.finite(targets=truth, predictions=guess)
    _check.between(0, 1, level=level)
    rows = len(truth)
    if rows < 2:
        return Interval(level=level)
    errors = ((truth - guess) ** 2).reshape(rows, -1).sum(axis=1)
    deviations = ((truth - truth.mean(axis=0)) ** 2).reshape(rows, -1).sum(axis=1)
    if deviations.sum() == 0:
        return Interval(level=level)
    unexplained = float(errors.sum() / deviations.sum())
    if unexplained == 0:
        return Interval(1.0, level=level)
    influence = errors / errors.mean() - deviations / deviations.mean()
    half = float(scipy.stats.t.ppf((1 + level) / 2, rows - 1) * influence.std(ddof=1) / rows**0.5)
    low, high = (1 - unexplained * np.exp(sign * half) for sign in (1, -1))
    return Interval(1 - unexplained, float(low), float(high), level)
