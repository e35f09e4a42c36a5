"""P-values of permutation tests, which are never zero."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

Alternative = Literal["greater", "less", "two-sided"]


def permutation_p_value(
    observed: float, permuted: ArrayLike, *, alternative: Alternative = "greater"
) -> float:
    """Return the probability of a statistic as extreme as the observed one without an effect.

    It is (k + 1)/(n + 1), where k of the n permuted statistics are at least as extreme: the
    observed arrangement is one of those that chance allows, so the value is never zero, and a test
    that rejects at α is wrong with a probability of at most α for any n. Phipson and Smyth, 2010,
    https://arxiv.org/abs/1603.05766.

    Args:
        observed: The statistic of the data.
        permuted: Statistics of random permutations, shape (n,).
        alternative: Which statistics are extreme; ``"two-sided"`` doubles the smaller tail.

    Returns:
        The p-value, between 1/(n + 1) and 1.

    Raises:
        InputError: If there is no permuted statistic, a number is not finite, or the alternative is
            unknown.

    Example:
        >>> from qiskit_qmu.metrics import permutation_p_value
        >>> permutation_p_value(3.0, [0.1, 0.5, 1.0, 3.5])
        0.4
    """
    return float(permutation_p_values([observed], _as_column(permuted), alternative=alternative)[0])


def permutation_p_values(
    observed: ArrayLike, permuted: ArrayLike, *, alternative: Alternative = "greater"
) -> NDArray[np.float64]:
    """Return `permutation_p_value` of several statistics, such as one of every withdrawn row.

    Args:
        observed: Statistics of the data, shape (k,).
        permuted: The same statistics of random permutations, shape (n, k).
        alternative: Which statistics are extreme; ``"two-sided"`` doubles the smaller tail.

    Returns:
        The p-values, shape (k,); adjust them with `benjamini_hochberg` or `holm`.

    Raises:
        InputError: If there is no permuted statistic, the shapes do not match, a number is not
            finite, or the alternative is unknown.

    Example:
        >>> from qiskit_qmu.metrics import permutation_p_values
        >>> permutation_p_values([3.0, 0.0], [[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]]).tolist()
        [0.5, 1.0]
    """
    _check.one_of(("greater", "less", "two-sided"), alternative=alternative)
    values = np.asarray(observed, dtype=np.float64)
    chance = np.asarray(permuted, dtype=np.float64)
    if values.ndim != 1 or chance.ndim != 2 or chance.shape[1:] != values.shape:
        raise InputError(
            "observed and permuted need the shapes (k,) and (n, k), "
            f"got {values.shape} and {chance.shape}"
        )
    _check.not_empty(permuted=chance)
    _check.finite(observed=values, permuted=chance)
    # An equal arrangement may differ in the last digits, by the order of summation.
    rounding = 1e-12 * np.abs(values)
    above = _share(chance >= values - rounding)
    below = _share(chance <= values + rounding)
    tails = {"greater": above, "less": below, "two-sided": 2 * np.minimum(above, below)}
    return np.asarray(np.minimum(tails[alternative], 1.0))


def _share(extreme: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.asarray((extreme.sum(axis=0) + 1) / (len(extreme) + 1))


def _as_column(permuted: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(permuted, dtype=np.float64)
    if values.ndim != 1:
        raise InputError(f"permuted must be one-dimensional, got the shape {values.shape}")
    return values[:, np.newaxis]
