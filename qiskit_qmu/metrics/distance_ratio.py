"""Worse than nothing: the distance to retrained models after unlearning over that before it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.distances import euclidean
from qiskit_qmu.metrics.intervals import UNKNOWN, Interval
from qiskit_qmu.metrics.permutation import permutation_p_value
from qiskit_qmu.metrics.student import student_quantile

Array = NDArray[np.float64]
Distance = Callable[[ArrayLike, ArrayLike], Array]
"""Distance of outputs (…, rows, values) and (…, rows, values), row by row: (…, rows)."""


@final
@dataclass(frozen=True, kw_only=True)
class DistanceRatio:
    """How far a model is from retrained ones, as a share of how far it was before unlearning.

    Example:
        >>> from qiskit_qmu.metrics import DistanceRatio, Interval
        >>> result = DistanceRatio(ratio=Interval(1.6, 1.2, 2.1), floor=Interval(0.4, 0.3, 0.5))
        >>> result.harmful
        True
    """

    ratio: Interval
    """Mean distance to the oracles after, over before: above 1 it is worse than nothing."""

    floor: Interval
    """Mean distance between two oracles, over the distance before: what a further oracle has."""

    energy_ratio: Interval = UNKNOWN
    """The same of the energy distance, 0 for equal laws; it needs two models after and before."""

    p_value: float = 1.0
    """Probability of so large a distance to the oracles for a further oracle."""

    @property
    def harmful(self) -> bool:
        """Whether it is shown to be farther than before, and farther than a further oracle."""
        if not (self.ratio.has_limits and self.floor.has_limits):
            return False
        return self.ratio.low > max(1.0, self.floor.high)


def distance_ratio(
    after: ArrayLike,
    before: ArrayLike,
    oracles: ArrayLike,
    *,
    distance: Distance = euclidean,
    level: float = 0.95,
) -> DistanceRatio:
    """Return the distance to retrained models after unlearning, over that before it.

    ρ = mean d(U, O) / mean d(A, O) over the oracles O and the rows, for the unlearned model U and
    the original A. The floor is ρ₀ = mean d(O, O′) / mean d(A, O): a perfect unlearner has ρ = ρ₀,
    not 0, and where ρ₀ is near 1 the original cannot be told from an oracle and nothing was tested.
    With one oracle there are neither limits nor a floor: the ratio to one model says nothing.
    Defined after Wu et al., "Ascent fails to forget", https://arxiv.org/abs/2509.26427.

    The limits are those of ln ρ by the delta method, with the oracles, the rows and the unlearned
    models as independent sources of error, and Student's quantile with Welch–Satterthwaite degrees
    of freedom. One unlearned model shows no spread of its own, so the relative spread of the
    oracles' distances to each other stands in: a retrained model with an unlucky seed is not harm.
    The original is the one that was given; several of it are a further source.

    The energy distance Δ(U) = 2·mean d(U, O) − mean d(U, U′) − mean d(O, O′) has no such floor: it
    is 0 on average for equal laws. Its ratio Δ(U)/Δ(A) needs two models or more on each side; its
    limits are Fieller's, from a jackknife over the same sources, and it is unknown where Δ(A) is
    not shown to be positive.

    The p-value exchanges unlearned models and oracles: all ways if there are at most 1,000, a fixed
    thousand otherwise. With one unlearned model and K oracles it is at least 1/(K + 1).

    Args:
        after: Outputs of the unlearned model, shape (rows, values), or of one for each seed,
            (models, rows, values); probabilities rather than logits, whose scale is arbitrary.
        before: Outputs of the original, or of one for each seed, likewise.
        oracles: Outputs of retrained models, shape (oracles, rows, values).
        distance: Distance of two outputs, row by row: `euclidean` or `root_jensen_shannon`.
        level: Confidence level, between 0 and 1.

    Returns:
        The ratio with its floor, debiased form and p-value. Limits need two oracles and two rows;
        all is unknown if the original equals the oracles exactly.

    Raises:
        InputError: If the rows or values differ in number, there is no model or row, or an output
            is not finite.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.metrics import distance_ratio
        >>> generator = np.random.default_rng(0)
        >>> oracles = generator.normal(0, 1, (6, 200, 3))
        >>> fresh, original = generator.normal(0, 1, (200, 3)), generator.normal(1, 1, (200, 3))
        >>> result = distance_ratio(fresh, original, oracles)
        >>> print(result.ratio, round(result.floor.value, 3), result.harmful)
        0.783 [0.729, 0.841] 0.8 False
    """
    unlearned, original, retrained = _as_models(after), _as_models(before), _as_models(oracles)
    shapes = {models.shape[1:] for models in (unlearned, original, retrained)}
    if len(shapes) > 1:
        raise InputError(
            "after, before and oracles need the same rows and values, got the shapes "
            f"{unlearned.shape[1:]}, {original.shape[1:]} and {retrained.shape[1:]}"
        )
    _check.between(0, 1, level=level)
    near, far = (
        _distances(unlearned, retrained, distance),
        _distances(original, retrained, distance),
    )
    between = _distances(retrained, retrained, distance)
    if far.mean() == 0:
        return DistanceRatio(ratio=Interval(level=level), floor=Interval(level=level))
    return DistanceRatio(
        ratio=_ratio(near, far, between, level),
        floor=_floor(between, far, level),
        energy_ratio=_energy_ratio(near, far, between, (unlearned, original), distance, level),
        p_value=_exchange(unlearned, retrained, near, between, distance),
    )


def _as_models(outputs: ArrayLike) -> Array:
    """Return outputs as an array (models, rows, values)."""
    array = np.asarray(outputs, dtype=np.float64)
    if array.ndim == 2:
        array = array[np.newaxis]
    if array.ndim != 3 or not array.size:
        raise InputError(f"outputs must have the shape (models, rows, values), got {array.shape}")
    _check.finite(outputs=array)
    return array


def _distances(first: Array, second: Array, distance: Distance) -> Array:
    """Return the distances of all pairs, shape (first, second, rows)."""
    return np.stack([distance(model, second) for model in first])


def _ratio(near: Array, far: Array, between: Array, level: float) -> Interval:
    closeness, start = near.mean(), far.mean()
    if closeness == 0 or len(between) < 2:
        return Interval(float(closeness / start), level=level)
    sources = [
        near.mean(axis=(0, 2)) / closeness - far.mean(axis=(0, 2)) / start,
        near.mean(axis=(0, 1)) / closeness - far.mean(axis=(0, 1)) / start,
        *_several(near.mean(axis=(1, 2)) / closeness, far.mean(axis=(1, 2)) / start),
    ]
    variances = [source.var(ddof=1) / len(source) for source in sources]
    degrees = [len(source) - 1 for source in sources]
    among_oracles = _to_others(between).mean(axis=1)
    if len(near) == 1 and among_oracles.any():
        variances.append(np.var(among_oracles / among_oracles.mean(), ddof=1))
        degrees.append(len(between) - 1)
    return _exponential_limits(closeness / start, variances, degrees, level)


def _floor(between: Array, far: Array, level: float) -> Interval:
    if len(between) < 2:
        return Interval(level=level)
    to_others = _to_others(between)
    floor, start = to_others.mean(), far.mean()
    if floor == 0:
        return Interval(0.0, level=level)
    sources = [
        2 * to_others.mean(axis=1) / floor - far.mean(axis=(0, 2)) / start,
        to_others.mean(axis=0) / floor - far.mean(axis=(0, 1)) / start,
        *_several(far.mean(axis=(1, 2)) / start),
    ]
    variances = [source.var(ddof=1) / len(source) for source in sources]
    return _exponential_limits(floor / start, variances, [len(s) - 1 for s in sources], level)


def _several(*sources: Array) -> list[Array]:
    """Return the sources that have more than one model; of one, the spread is not known."""
    return [source for source in sources if len(source) > 1]


def _exponential_limits(
    ratio: float, variances: list[float], degrees: list[int], level: float
) -> Interval:
    """Return a ratio with limits from the variances of its logarithm."""
    if min(degrees) < 1:
        return Interval(float(ratio), level=level)
    half = student_quantile(variances, degrees, level) * math.sqrt(sum(variances))
    return Interval(
        float(ratio), float(ratio * math.exp(-half)), float(ratio * math.exp(half)), level
    )


def _energy_ratio(
    near: Array,
    far: Array,
    between: Array,
    models: tuple[Array, Array],
    distance: Distance,
    level: float,
) -> Interval:
    """Return Δ(U)/Δ(A) with Fieller's limits, or an unknown number."""
    if min(len(between), *map(len, models)) < 2 or near.shape[-1] < 2:
        return UNKNOWN
    among_oracles = _to_others(between)
    energies = [
        _Energy(cross, _to_others(_distances(own, own, distance)), among_oracles)
        for cross, own in zip((near, far), models, strict=True)
    ]
    after, before = energies
    none_after, none_before = np.zeros(len(after.of_models)), np.zeros(len(before.of_models))
    sources = [
        np.stack([after.of_oracles, before.of_oracles]),
        np.stack([after.of_rows, before.of_rows]),
        np.stack([after.of_models, none_after]),
        np.stack([none_before, before.of_models]),
    ]
    covariance = sum(np.cov(source) / source.shape[1] for source in sources)
    variances = [source[1].var(ddof=1) / source.shape[1] for source in sources]
    quantile = student_quantile(variances, [source.shape[1] - 1 for source in sources], level)
    return _fieller(after.value, before.value, np.asarray(covariance), quantile, level)


class _Energy:
    """An energy distance and what each oracle, model and row contributes to it."""

    def __init__(self, cross: Array, own: Array, among_oracles: Array) -> None:
        self.value = float(2 * cross.mean() - own.mean() - among_oracles.mean())
        self.of_oracles = 2 * (cross.mean(axis=(0, 2)) - among_oracles.mean(axis=1))
        self.of_models = 2 * (cross.mean(axis=(1, 2)) - own.mean(axis=1))
        self.of_rows = 2 * cross.mean(axis=(0, 1)) - own.mean(axis=0) - among_oracles.mean(axis=0)


def _to_others(distances: Array) -> Array:
    """Return the mean distance of each model to the others, shape (models, rows)."""
    return np.asarray(distances.sum(axis=1) / (len(distances) - 1))


def _fieller(
    above: float, below: float, covariance: Array, quantile: float, level: float
) -> Interval:
    """Return the limits of a ratio of two correlated estimates, unknown if ``below`` may be 0."""
    square = below**2 - quantile**2 * covariance[1, 1]
    if below <= 0 or square <= 0:
        return UNKNOWN
    middle = above * below - quantile**2 * covariance[0, 1]
    constant = above**2 - quantile**2 * covariance[0, 0]
    half = math.sqrt(max(middle**2 - square * constant, 0.0))
    low, high = (float((middle + sign * half) / square) for sign in (-1, 1))
    return Interval(above / below, low, high, level)


def _exchange(
    unlearned: Array, oracles: Array, near: Array, between: Array, distance: Distance
) -> float:
    """Return the p-value of the distance when unlearned models and oracles change places."""
    count, total = len(unlearned), len(unlearned) + len(oracles)
    own = _distances(unlearned, unlearned, distance).mean(axis=-1)
    cross = near.mean(axis=-1)
    matrix = np.block([[own, cross], [cross.T, between.mean(axis=-1)]])
    if math.comb(total, count) <= _EXCHANGES:
        chosen = list(combinations(range(total), count))[1:]
    else:
        generator = np.random.default_rng(0)
        chosen = [tuple(generator.permutation(total)[:count]) for _ in range(_EXCHANGES)]
    taken = np.zeros((len(chosen), total), dtype=bool)
    np.put_along_axis(taken, np.array(chosen), True, axis=1)
    pairs = count * len(oracles)
    permuted = np.einsum("nj,jk,nk->n", taken.astype(float), matrix, (~taken).astype(float)) / pairs
    return permutation_p_value(float(cross.mean()), permuted)


_EXCHANGES = 1000
