"""The ε-estimate of the NeurIPS 2023 unlearning challenge, row by row."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu.metrics.klom import as_models

Array = NDArray[np.float64]

_CAP = 50.0


def epsilon_estimate(
    unlearned: ArrayLike, retrained: ArrayLike, *, delta: float = 1e-5, intervals: bool = False
) -> Array:
    """Return how well a threshold tells unlearned models from retrained ones, for each row.

    It is the largest of ln((1 − δ − FPR)/FNR) and ln((1 − δ − FNR)/FPR) over all thresholds on a
    row's confidence, in both directions. Thresholds at which exactly one rate is 0 are left out, if
    both are 0 the estimate is 50. Triantafillou et al., https://arxiv.org/abs/2406.09073.

    It is a point estimate without a guarantee, and biased: for equal distributions it is 1.3 with
    16 models and 1.4 with 1,000. `against_retrained` removes that; for a bound that holds
    see `epsilon_lower_bound`.

    Args:
        unlearned: Confidence (logit-scaled or not) of the unlearned models, shape (models, rows).
        retrained: That of retrained models on the same rows, shape (models, rows).
        delta: The δ of the estimate.
        intervals: Whether to call models unlearned between two thresholds too, as the challenge
            does; the time is quadratic in the number of models, and the bias is larger.

    Returns:
        The estimate of each row, shape (rows,), between 0 and 50.

    Raises:
        InputError: If a group is empty, the rows differ in number, or a number is NaN or out of
            range.

    Example:
        >>> from qiskit_qmu.metrics import epsilon_estimate
        >>> epsilon_estimate([[3.0], [4.0]], [[1.0], [2.0]]).tolist()
        [50.0]
    """
    first, second = as_models(unlearned, retrained)
    _check.between(0, 1, delta=delta)
    scores = np.concatenate([first, second])
    order = np.argsort(scores, axis=0, kind="stable")
    is_first = order < len(first)
    below_first = _cumulated(is_first) / len(first)
    below_second = _cumulated(~is_first) / len(second)
    ordered = np.take_along_axis(scores, order, axis=0)
    # There is a threshold in front of each score that differs from the one before, and at the end.
    edges = np.ones(below_first.shape, dtype=bool)
    edges[1:-1] = ordered[1:] != ordered[:-1]
    best = np.zeros(scores.shape[1])
    # "Below" any threshold is an interval from the start.
    for start in range(len(scores)) if intervals else range(1):
        called = edges & edges[start]
        called[: start + 1] = False
        tpr = below_first - below_first[start]
        fpr = below_second - below_second[start]
        for caught, false in ((tpr, fpr), (1 - tpr, 1 - fpr)):
            best = np.maximum(best, np.where(called, _epsilon(caught, false, delta), 0).max(axis=0))
    return np.minimum(best, _CAP)


def challenge_score(epsilons: ArrayLike) -> float:
    """Return the forgetting score of the challenge, the mean of 2^(−⌊ε/½⌋) over the rows.

    Args:
        epsilons: Estimates of the rows, shape (rows,).

    Returns:
        The score, at most 1; its bias makes perfect unlearning score about 0.22.

    Example:
        >>> from qiskit_qmu.metrics import challenge_score
        >>> challenge_score([0.0, 0.6])
        0.75
    """
    return float(np.mean(2.0 ** -np.floor(np.asarray(epsilons, dtype=np.float64) / 0.5)))


def _cumulated(chosen: NDArray[np.bool_]) -> Array:
    """Return how many of each column lie before each position, shape (models + 1, rows)."""
    start = np.zeros((1, chosen.shape[1]))
    return np.concatenate([start, np.cumsum(chosen, axis=0)])


def _epsilon(tpr: Array, fpr: Array, delta: float) -> Array:
    # Differences of shares are multiples of 1/models up to rounding.
    fnr, fpr = np.maximum(1 - tpr, 0.0).round(12), np.maximum(fpr, 0.0).round(12)
    smallest = np.finfo(np.float64).tiny
    ratios = [
        np.log(np.maximum(1 - delta - right, smallest) / np.maximum(wrong, smallest))
        for right, wrong in ((fpr, fnr), (fnr, fpr))
    ]
    one_zero = (fnr == 0) != (fpr == 0)
    return np.where(one_zero, 0.0, np.maximum(*ratios))
