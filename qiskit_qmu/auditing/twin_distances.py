"""How far unlearned models are from their retrained twins, less what chance alone gives."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import Interval, permutation_p_value

Array = NDArray[np.float64]

RowDistance = Callable[[Array, Array], Array]
"""Maps unlearned and retrained models' scores (…, models, rows) to distances (…, rows)."""


@final
@dataclass(frozen=True, kw_only=True)
class TwinDistance:
    """A distance of unlearned models from retrained ones, averaged over rows.

    Attributes:
        excess: The distance less its mean where unlearned and retrained models change places, with
            limits by the jackknife over pairs of twins. 0 is what retraining has.
        null: Limits of what chance gives around 0.
        p_value: Probability of a distance as large for models that are like retrained ones.
        raw: The distance itself, which is above 0 for two groups of retrained models too.
    """

    excess: Interval
    null: Interval
    p_value: float
    raw: float = field(repr=False)


def twin_distance(
    distance: RowDistance,
    unlearned: ArrayLike,
    retrained: ArrayLike,
    forgotten: ArrayLike,
    *,
    generator: np.random.Generator,
    permutations: int = 999,
    level: float = 0.95,
) -> TwinDistance:
    """Compare unlearned models with their retrained twins, row by row.

    Of each row those models count that forgot it. An unlearned model and its twin come from the
    same rows, so that they can change places where the strategy does what retraining does: the
    permutations exchange whole models, all of their rows at once.

    Args:
        distance: `normal_divergence` or `smoothed_epsilon`.
        unlearned: Scores of the unlearned models, shape (models, rows).
        retrained: Scores of their twins, likewise.
        forgotten: Whether the model forgot the row, booleans of the same shape.
        generator: Source of the permutations.
        permutations: How many.
        level: Confidence level.

    Raises:
        InputError: If shapes differ, or a row was forgotten by fewer than two models.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.auditing import normal_divergence, twin_distance
        >>> generator = np.random.default_rng(0)
        >>> twins = generator.normal(size=(16, 50))
        >>> far = twin_distance(
        ...     normal_divergence, twins[::-1] + 2.0, twins, np.ones((16, 50), dtype=bool),
        ...     generator=generator,
        ... )
        >>> far.excess.low > far.null.high
        True
    """
    given, twins = (np.asarray(scores, dtype=np.float64) for scores in (unlearned, retrained))
    rows = _models_of_rows(np.asarray(forgotten, dtype=bool), given.shape, twins.shape)
    models = len(given)
    raw = float(_means(distance, given, twins, rows, np.zeros((1, models), dtype=bool))[0])
    exchanged = generator.random((permutations, models)) < 0.5
    at_once = max(1, _NUMBERS_AT_ONCE // given.size)
    permuted = np.concatenate(
        [
            _means(distance, given, twins, rows, exchanged[first : first + at_once])
            for first in range(0, permutations, at_once)
        ]
    )
    centre = float(permuted.mean())
    left_out = np.array([_mean_without(distance, given, twins, rows, k) for k in range(models)])
    error = math.sqrt((models - 1) * float(left_out.var()))
    arm = float(scipy.stats.t.ppf((1 + level) / 2, models - 1)) * error
    low, high = np.quantile(permuted - centre, [(1 - level) / 2, (1 + level) / 2])
    excess = raw - centre
    return TwinDistance(
        excess=Interval(excess, low=excess - arm, high=excess + arm, level=level),
        null=Interval(0.0, low=float(low), high=float(high), level=level),
        p_value=permutation_p_value(raw, permuted),
        raw=raw,
    )


def normal_divergence(first: Array, second: Array) -> Array:
    """Return the Kullback–Leibler divergence of normal distributions of two groups of scores.

    This is KLoM, the divergence of a row's margin over unlearned models from that over retrained
    ones (Georgiev et al., Attribute-to-Delete, 2024, https://arxiv.org/abs/2410.23232), with normal
    distributions in place of histograms, for which a few dozen models are far too few.

    Args:
        first: Scores of unlearned models, shape (…, models, rows).
        second: Scores of retrained models, likewise.

    Returns:
        Divergences in nats, shape (…, rows).
    """
    means = first.mean(axis=-2), second.mean(axis=-2)
    pooled = (first.var(axis=-2, ddof=1) + second.var(axis=-2, ddof=1)) / 2
    smallest = np.maximum(_SMALLEST_SHARE * pooled, _SMALLEST_VARIANCE)
    variances = [np.maximum(group.var(axis=-2, ddof=1), smallest) for group in (first, second)]
    squared = (means[0] - means[1]) ** 2
    ratio = (variances[0] + squared) / variances[1]
    return np.asarray((ratio - 1 - np.log(variances[0] / variances[1])) / 2)


_SMALLEST_SHARE = 1e-3
_SMALLEST_VARIANCE = 1e-12


def smoothed_epsilon(first: Array, second: Array) -> Array:
    """Return the largest log-ratio of error rates by which a threshold tells two groups apart.

    This is the estimate of ε of the NeurIPS 2023 unlearning challenge (Triantafillou et al., Are
    we making progress in unlearning?, 2024, https://arxiv.org/abs/2406.09073) with one threshold
    and δ = 10⁻⁵. It is 1.3 to 1.4 for two groups of the same distribution, however many models
    there are, since either group may lie above the other. Where a threshold makes no error at all,
    half an error counts, since n models cannot show more than ln 2n; the challenge counted 50, as
    `qiskit_qmu.metrics.epsilon_estimate` does.

    Args:
        first: Scores of unlearned models, shape (…, models, rows).
        second: Scores of retrained models, likewise.

    Returns:
        Estimates of ε, shape (…, rows), at least 0.
    """
    count = first.shape[-2]
    both = np.concatenate([first, second], axis=-2)
    order = np.argsort(both, axis=-2, kind="stable")
    below = np.cumsum(order < count, axis=-2)[..., :-1, :] / count
    others_below = np.cumsum(order >= count, axis=-2)[..., :-1, :] / count
    ordered = np.take_along_axis(both, order, axis=-2)
    # No threshold parts equal scores.
    apart = ordered[..., 1:, :] > ordered[..., :-1, :]
    # Positives are unlearned models above a threshold; below it the rates are the complements.
    rates = [(below, 1 - others_below), (1 - below, others_below)]
    found = np.zeros(both.shape[:-2] + both.shape[-1:])
    for misses, alarms in rates:
        for one, other in ((misses, alarms), (alarms, misses)):
            # A threshold with exactly one vanishing rate says nothing, as in the challenge.
            usable = apart & ((one > 0) == (other > 0))
            floor = np.maximum(one, 1 / (2 * count))
            ratio = np.where(usable, np.log(np.maximum(1 - _DELTA - other, _DELTA) / floor), 0.0)
            found = np.maximum(found, ratio.max(axis=-2))
    return np.asarray(found)


_DELTA = 1e-5


def _models_of_rows(
    forgotten: NDArray[np.bool_], first: tuple[int, ...], second: tuple[int, ...]
) -> NDArray[np.bool_]:
    if forgotten.ndim != 2 or not forgotten.shape == first == second:
        raise InputError(
            "unlearned, retrained and forgotten must have the same shape (models, rows), "
            f"got {first}, {second} and {forgotten.shape}"
        )
    if forgotten.sum(axis=0).min(initial=2) < 2:
        raise InputError("each row must have been forgotten by at least two models")
    return forgotten


def _means(
    distance: RowDistance,
    unlearned: Array,
    retrained: Array,
    forgotten: NDArray[np.bool_],
    exchanged: NDArray[np.bool_],
) -> Array:
    """Return mean distances over rows after some models have changed places with their twins.

    Args:
        distance: Of two groups of scores.
        unlearned: Scores (models, rows).
        retrained: Likewise.
        forgotten: Which models count for which row, likewise.
        exchanged: Which models change places, in each of several permutations (n, models).

    Returns:
        Means (n,).
    """
    swap = exchanged[:, :, np.newaxis]
    first, second = np.where(swap, retrained, unlearned), np.where(swap, unlearned, retrained)
    total, counts = np.zeros(len(exchanged)), forgotten.sum(axis=0)
    for count in np.unique(counts):  # nearly always one
        rows = np.flatnonzero(counts == count)
        models = np.argsort(~forgotten[:, rows], axis=0, kind="stable")[:count]
        total += distance(first[:, models, rows], second[:, models, rows]).sum(axis=-1)
    return np.asarray(total / forgotten.shape[1])


_NUMBERS_AT_ONCE = 2**18


def _mean_without(
    distance: RowDistance,
    unlearned: Array,
    retrained: Array,
    forgotten: NDArray[np.bool_],
    model: int,
) -> float:
    rest = np.arange(len(unlearned)) != model
    kept = np.ix_(rest, forgotten[rest].sum(axis=0) >= 2)
    never = np.zeros((1, len(unlearned) - 1), dtype=bool)
    return float(_means(distance, unlearned[kept], retrained[kept], forgotten[kept], never)[0])
