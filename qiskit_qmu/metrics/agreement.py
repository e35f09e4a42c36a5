"""Agreement of two models' outputs on the same rows."""

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.bounded_mean import bounded_mean_interval
from qiskit_qmu.metrics.intervals import Interval, binomial_interval


def jensen_shannon(first: ArrayLike, second: ArrayLike) -> float:
    """Return the mean Jensen–Shannon divergence of two models' class probabilities.

    Per row it is ½·KL(p‖m) + ½·KL(q‖m) with m = (p + q)/2, in nats: 0 for equal rows, ln 2 for rows
    without a common class. Zero probabilities are allowed. Lin, IEEE Transactions on Information
    Theory 1991, https://doi.org/10.1109/18.61115.

    A small value alone proves nothing: two models with random outputs agree. Compare it with the
    divergence between two oracles.

    Args:
        first: Probabilities of one model, shape (n, classes), rows that sum to 1.
        second: Probabilities of the other model on the same rows in the same order.

    Returns:
        The mean over the rows, between 0 and ln 2.

    Raises:
        InputError: If the shapes differ, there is no row, or a row is not a distribution.

    Example:
        >>> from qiskit_qmu.metrics import jensen_shannon
        >>> divergence = jensen_shannon([[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]])
        >>> round(divergence, 4)  # the mean of ln 2 and 0
        0.3466
    """
    return float(_divergences(first, second).mean())


def jensen_shannon_interval(first: ArrayLike, second: ArrayLike, level: float = 0.95) -> Interval:
    """Return `jensen_shannon` with the limits of `bounded_mean_interval` over the rows.

    Most rows diverge little and a few a lot, so limits that assume a normal mean have too little
    coverage. Few rows prove little: the upper limit for 30 identical rows is 0.08 nats.

    Args:
        first: Probabilities of one model, shape (n, classes), rows that sum to 1.
        second: Probabilities of the other model on the same rows in the same order.
        level: Confidence level, between 0 and 1.

    Returns:
        The mean over the rows with its limits in [0, ln 2].

    Raises:
        InputError: If the shapes differ, there is no row, or a row is not a distribution.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import jensen_shannon_interval
        >>> probabilities = np.full((30, 2), 0.5)
        >>> print(jensen_shannon_interval(probabilities, probabilities))
        0.000 [0.000, 0.081]
    """
    # Rows that sum to 1 only in single precision may diverge slightly more than ln 2.
    divergences = np.minimum(_divergences(first, second), _LARGEST)
    return bounded_mean_interval(divergences, minimum=0.0, maximum=_LARGEST, level=level)


_LARGEST = float(np.log(2.0))


def prediction_agreement(first: ArrayLike, second: ArrayLike, level: float = 0.95) -> Interval:
    """Return the share of rows on which two models predict the same class.

    Args:
        first: Predicted classes of one model, shape (n,).
        second: Predicted classes of the other model on the same rows.
        level: Confidence level, between 0 and 1.

    Returns:
        The share with its Clopper–Pearson limits.

    Raises:
        InputError: If the shapes differ or there is no row.

    Example:
        >>> from qiskit_qmu.metrics import prediction_agreement
        >>> print(prediction_agreement([0, 1, 1, 2], [0, 1, 2, 2]))
        0.750 [0.194, 0.994]
    """
    one, other = np.asarray(first), np.asarray(second)
    _check_aligned(one, other, dimensions=1)
    return binomial_interval(int(np.sum(one == other)), len(one), level)


def _divergences(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    p, q = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    _check_aligned(p, q, dimensions=2)
    _check_distributions(first=p, second=q)
    middle = (p + q) / 2
    rows = (scipy.special.rel_entr(p, middle) + scipy.special.rel_entr(q, middle)).sum(axis=1) / 2
    # Rounding gives -1e-17 for equal rows.
    return np.asarray(np.maximum(rows, 0.0))


def _check_aligned(
    first: NDArray[np.float64], second: NDArray[np.float64], dimensions: int
) -> None:
    if first.shape != second.shape or first.ndim != dimensions:
        raise InputError(
            f"first and second need the same {dimensions}-dimensional shape, "
            f"got {first.shape} and {second.shape}"
        )
    _check.not_empty(first=first)


def _check_distributions(**arrays: NDArray[np.float64]) -> None:
    _check.finite(**arrays)
    for name, rows in arrays.items():
        if rows.min() < 0:
            raise InputError(f"{name} contains the negative value {rows.min()}")
        # Tolerant enough for probabilities computed in float32.
        worst = rows.sum(axis=1)[np.abs(rows.sum(axis=1) - 1).argmax()]
        if abs(worst - 1) > 1e-4:
            raise InputError(f"the rows of {name} must sum to 1, but one sums to {worst}")
