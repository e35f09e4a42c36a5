"""P-values adjusted for several tests that are judged at once."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

PValues = NDArray[np.float64]


def holm(p_values: ArrayLike) -> PValues:
    """Return p-values adjusted so that any false alarm at all is rare.

    Rejecting where the adjusted value is at most α keeps the probability of one or more false
    rejections at α, whatever the dependence between the tests. Holm, Scandinavian Journal of
    Statistics 1979, https://www.jstor.org/stable/4615733.

    Args:
        p_values: P-values of the tests, shape (n,), in [0, 1].

    Returns:
        Adjusted p-values in the same order, shape (n,).

    Raises:
        InputError: If there is no p-value, one lies outside [0, 1], or they are not
            one-dimensional.

    Example:
        >>> from qiskit_qmu.metrics import holm
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
    """
    values = _as_p_values(p_values)
    order = np.argsort(values, kind="stable")
    raised = values[order] * np.arange(len(values), 0, -1)
    return _in_place(np.maximum.accumulate(raised), order)


def benjamini_hochberg(p_values: ArrayLike) -> PValues:
    """Return p-values adjusted so that few of the rejections are false.

    Rejecting where the adjusted value is at most q keeps the expected share of false rejections
    among all rejections at q, for independent and for positively dependent tests: the rule for the
    withdrawn rows of an audit, of which any number may still be seen. Benjamini and Hochberg,
    Journal of the Royal Statistical Society B 1995,
    https://doi.org/10.1111/j.2517-6161.1995.tb02031.x.

    Args:
        p_values: P-values of the tests, shape (n,), in [0, 1].

    Returns:
        Adjusted p-values in the same order, shape (n,).

    Raises:
        InputError: If there is no p-value, one lies outside [0, 1], or they are not
            one-dimensional.

    Example:
        >>> from qiskit_qmu.metrics import benjamini_hochberg
        >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
        [0.04, 0.0533, 0.0533, 0.5]
    """
    values = _as_p_values(p_values)
    order = np.argsort(values, kind="stable")
    raised = values[order] * len(values) / np.arange(1, len(values) + 1)
    return _in_place(np.minimum.accumulate(raised[::-1])[::-1], order)


def simultaneous_level(level: float, count: int) -> float:
    """Return the level of each of several intervals that all hold at once with ``level``.

    The bound is Bonferroni's, which needs no assumption on how the intervals depend on each other.

    Args:
        level: Probability that all intervals hold, between 0 and 1.
        count: Number of intervals that are judged at once.

    Returns:
        ``1 − (1 − level) / count``.

    Raises:
        InputError: If the level lies outside [0, 1] or there is no interval.

    Example:
        >>> from qiskit_qmu.metrics import simultaneous_level
        >>> round(simultaneous_level(0.95, 5), 4)
        0.99
    """
    _check.between(0, 1, level=level)
    _check.at_least(1, count=count)
    return 1 - (1 - level) / count


def _as_p_values(p_values: ArrayLike) -> PValues:
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1:
        raise InputError(f"p_values must be one-dimensional, got the shape {values.shape}")
    _check.not_empty(p_values=values)
    _check.finite(p_values=values)
    _check.between(0, 1, lowest_p_value=values.min(), highest_p_value=values.max())
    return values


def _in_place(adjusted: PValues, order: NDArray[np.intp]) -> PValues:
    """Return adjusted values in the order of the tests, at most 1."""
    result = np.empty_like(adjusted)
    result[order] = np.minimum(adjusted, 1.0)
    return result
