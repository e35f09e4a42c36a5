"""Worse than nothing: whether a model is farther from the oracles than the original is."""

import math
from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu.evaluation.evidence import SplitObservations
from qiskit_qmu.evaluation.finding import Finding
from qiskit_qmu.metrics import distance_ratio, root_jensen_shannon
from qiskit_qmu.metrics.distance_ratio import Distance
from qiskit_qmu.observation import Observations

FEWEST_ORACLES = 3
"""Oracles that it takes to know how far retrained models are from each other."""


def oracle_ratio(
    observed: SplitObservations,
    original: SplitObservations | None,
    oracles: Sequence[SplitObservations],
) -> Finding | None:
    """Return the distance to the oracles after unlearning over that before it.

    The distance is the mean over the forgotten rows of the root of the Jensen–Shannon divergence,
    or of the distance of predicted values. A retrained model is as far from the oracles as they are
    from each other, and may by its own seed be farther than the original. So the p-value is that of
    one more oracle being as far, by Student's t on the logarithm of the oracles' mean distances to
    each other. These share pairs, which shrinks their spread by (K − 2)/(K − 1) for K oracles; that
    is undone.

    Args:
        observed: The model's outputs.
        original: Those of the model before unlearning.
        oracles: Those of retrained models.

    Returns:
        The finding ``"oracle_ratio"``; None with fewer than two oracles, without an original or
        outputs, or where the original equals the oracles.
    """
    if original is None or len(oracles) < 2:
        return None
    after, before, *others = (_outputs(each.forget) for each in (observed, original, *oracles))
    if after is None or before is None or any(other is None for other in others):
        return None
    retrained = np.array(others)
    distance: Distance = root_jensen_shannon if observed.forget.logits is not None else _of_values
    found = distance_ratio(after, before, retrained, distance=distance)
    if not found.ratio.known:
        return None
    p_value = None
    if len(oracles) >= FEWEST_ORACLES:
        matrix = np.array([distance(each, retrained).mean(axis=-1) for each in retrained])
        p_value = _of_one_more(float(distance(after, retrained).mean()), matrix)
    return Finding(
        key="oracle_ratio",
        group="model",
        name="distance to the oracles after unlearning, over that before",
        value=found.ratio,
        null=found.floor,
        p_value=p_value,
        num_models=len(oracles),
        num_rows=len(observed.forget),
        reading="Above 1 it is worse than doing nothing; the null is what retrained models have "
        "beside each other.",
    )


def _of_one_more(distance: float, between: NDArray[np.float64]) -> float | None:
    """Return the probability that one more oracle is at least so far from the others."""
    count = len(between)
    own = between.sum(axis=1) / (count - 1)
    if distance <= 0 or own.min() <= 0:
        return None
    logs = np.log(own)
    spread = logs.std(ddof=1) * (count - 1) / (count - 2)
    if spread == 0:
        return None
    shift = (math.log(distance) - logs.mean()) / (spread * math.sqrt(1 + 1 / count))
    return float(scipy.stats.t.sf(shift, count - 1))


def _outputs(seen: Observations) -> NDArray[np.float64] | None:
    if seen.logits is not None:
        return seen.probabilities
    return None if seen.outputs is None else np.asarray(seen.outputs).reshape(len(seen), -1)


def _of_values(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(np.abs(np.subtract(first, second)).sum(axis=-1))
