"""The ROC curve with a band from the bootstrap."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu.metrics.roc import Pair, Rates, as_grid, mean_curve, pairs_of_strata

_NUMBERS_AT_ONCE = 1_000_000
"""Rows and points of curves, of all resamples, that are held in memory together."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class RocBand:
    """A ROC curve on a grid of false positive rates, with pointwise limits.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import roc_band
        >>> scores = np.arange(10.0)
        >>> band = roc_band(scores, scores, generator=np.random.default_rng(0), resamples=100)
        >>> band.fpr.shape, band.level, bool(np.allclose(band.tpr, band.fpr))
        ((101,), 0.95, True)
    """

    fpr: Rates
    """The grid, shape (k,)."""

    tpr: Rates
    """True positive rates of the data, shape (k,)."""

    low: Rates
    """Lower limits, shape (k,)."""

    high: Rates
    """Upper limits, shape (k,)."""

    level: float = 0.95
    """Pointwise confidence level; that of the band as a whole is lower."""


def roc_band(
    members: ArrayLike,
    nonmembers: ArrayLike,
    *,
    generator: np.random.Generator,
    member_strata: ArrayLike | None = None,
    nonmember_strata: ArrayLike | None = None,
    fpr: ArrayLike | None = None,
    resamples: int = 1000,
    level: float = 0.95,
) -> RocBand:
    """Return a ROC curve with a pointwise band, for a figure.

    Members and non-members are resampled with replacement, each group of each stratum separately
    (stratified bootstrap), and the limits are percentiles. They are an illustration, not a proof:
    if the groups separate perfectly, their width is zero. For a claim use `stratified_auroc` or
    `tpr_at_fpr`.

    Args:
        members: Finite scores of members, shape (n,), higher = more likely a member.
        nonmembers: Finite scores of non-members, shape (m,).
        generator: Source of the resamples.
        member_strata: Groups (usually classes) within which members are compared, shape (n,); one
            group if None.
        nonmember_strata: Groups of the non-members, shape (m,).
        fpr: False positive rates in [0, 1], shape (k,); 0, 0.01, …, 1 if None.
        resamples: Number of bootstrap samples.
        level: Confidence level, between 0 and 1.

    Returns:
        The curve of `stratified_roc` and its limits on the grid.

    Raises:
        InputError: If a group is empty, not finite or not one-dimensional, no stratum has both
            members and non-members, the grid leaves [0, 1], or there is no resample.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import roc_band
        >>> generator = np.random.default_rng(0)
        >>> band = roc_band([3, 4], [1, 2], generator=generator, fpr=[0.1, 0.5], resamples=100)
        >>> band.tpr.tolist(), band.low.tolist()  # perfect separation: zero width
        ([1.0, 1.0], [1.0, 1.0])
    """
    pairs = pairs_of_strata(members, nonmembers, member_strata, nonmember_strata)
    grid = as_grid(fpr)
    _check.between(0, 1, level=level)
    _check.at_least(1, resamples=resamples)
    numbers = sum(len(first) + len(second) + len(grid) for first, second in pairs)
    block = max(1, _NUMBERS_AT_ONCE // numbers)
    curves = np.concatenate(
        [
            _resampled_curves(pairs, grid, generator, min(block, resamples - start))
            for start in range(0, resamples, block)
        ]
    )
    low, high = np.quantile(curves, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return RocBand(fpr=grid, tpr=mean_curve(pairs, grid), low=low, high=high, level=level)


def _resampled_curves(
    pairs: Sequence[Pair], grid: Rates, generator: np.random.Generator, resamples: int
) -> Rates:
    """Return the `mean_curve` of each resample, shape (resamples, k)."""
    sizes = [len(scores) for pair in pairs for scores in pair]
    # The rows that `generator.choice` would draw, group by group, for one resample after another.
    rows = generator.integers(0, np.repeat(sizes, sizes), (resamples, sum(sizes)))
    of_groups = iter(np.split(rows, np.cumsum(sizes)[:-1], axis=1))
    curves = []
    for first, second in pairs:
        thresholds = np.unique(np.concatenate([first, second]))
        tpr = _shares_from(thresholds, first, next(of_groups))
        fpr = _shares_from(thresholds, second, next(of_groups))
        # A threshold that a resample lacks repeats a point, which moves no line between points.
        curves.append([np.interp(grid, *points) for points in zip(fpr, tpr, strict=True)])
    return np.average(curves, axis=0, weights=[len(first) for first, _ in pairs])


def _shares_from(thresholds: Rates, scores: Rates, rows: NDArray[np.int64]) -> Rates:
    """Return the shares of each resample at or above each threshold, the highest first, after a 0.

    Args:
        thresholds: All distinct scores, ascending, shape (t,).
        scores: The scores.
        rows: Which of them each resample holds, shape (resamples, n).
    """
    resamples, bins = len(rows), len(thresholds) + 1
    ranks = bins * np.arange(resamples)[:, None] + np.searchsorted(thresholds, scores)[rows] + 1
    counts = np.bincount(ranks.ravel(), minlength=resamples * bins).reshape(resamples, bins)
    # The first bin stays empty: no score lies below the lowest threshold.
    below = np.cumsum(counts, axis=1)[:, ::-1]
    return 1.0 - below / len(scores)
