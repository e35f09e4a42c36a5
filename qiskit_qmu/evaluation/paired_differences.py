"""Differences between a model and several others on the same rows, with paired intervals."""

import math
from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from qiskit_qmu.metrics import Interval, difference_interval, mean_interval
from qiskit_qmu.observation import Observations


def accuracy_difference(
    seen: Observations, others: Sequence[Observations], level: float = 0.95
) -> Interval:
    """Return a model's accuracy minus the mean accuracy of others on the same rows.

    Only rows count on which the two disagree: the shares of those that one has right and the other
    wrong have Clopper–Pearson limits, which Newcombe's method combines. With several others, the
    error of their mean is added.

    Args:
        seen: The model's answers.
        others: Those of one model or several to compare with.
        level: Confidence level of the limits.

    Example:
        >>> from qiskit_qmu.evaluation.paired_differences import accuracy_difference
        >>> from qiskit_qmu.observation import Observations
        >>> right = Observations(logits=[[1.0, 0.0]] * 90, labels=[0] * 90)
        >>> wrong = Observations(logits=[[0.0, 1.0]] * 90, labels=[0] * 90)
        >>> print(accuracy_difference(right, [wrong]))
        1.000 [0.943, 1.000]
        >>> print(accuracy_difference(right, [right]))
        0.000 [-0.040, 0.040]
    """
    own = _right(seen)
    theirs = np.array([_right(other) for other in others])
    gained = _share(float((own & ~theirs).sum(axis=1).mean()), len(own), level)
    lost = _share(float((~own & theirs).sum(axis=1).mean()), len(own), level)
    return _with_spread(difference_interval(gained, lost), theirs.mean(axis=1))


def loss_rise(seen: Observations, others: Sequence[Observations], level: float = 0.95) -> Interval:
    """Return by what share a model's mean loss lies above the mean loss of others.

    Args:
        seen: The model's answers.
        others: Those of one model or several to compare with.
        level: Confidence level of the limits.
    """
    theirs = np.array([other.losses for other in others])
    base = abs(float(theirs.mean()))
    if base == 0:
        rise = math.inf if seen.losses.mean() > 0 else 0.0
        return Interval(rise, rise, rise, level)
    rises = (seen.losses - theirs.mean(axis=0)) / base
    return _with_spread(mean_interval(rises, level), theirs.mean(axis=1) / base)


def r2_loss(seen: Observations, others: Sequence[Observations], level: float = 0.95) -> Interval:
    """Return the mean R² of others minus a model's own.

    Args:
        seen: The model's predicted values.
        others: Those of one model or several to compare with.
        level: Confidence level of the limits.
    """
    targets = np.asarray(seen.targets)
    deviations = _squares(targets, targets.mean(axis=0)).mean()
    if not deviations > 0:
        return Interval(level=level)
    theirs = np.array([_errors(other) for other in others]) / deviations
    losses = _errors(seen) / deviations - theirs.mean(axis=0)
    return _with_spread(mean_interval(losses, level), theirs.mean(axis=1))


def _right(seen: Observations) -> NDArray[np.bool_]:
    return np.asarray(seen.predictions == seen.labels)


def _errors(seen: Observations) -> NDArray[np.float64]:
    return _squares(seen.targets, seen.outputs)


def _squares(truth: object, guess: object) -> NDArray[np.float64]:
    squares = np.square(np.asarray(truth) - np.asarray(guess))
    return np.asarray(squares.reshape(len(squares), -1).sum(axis=1))


def _share(count: float, rows: int, level: float) -> Interval:
    """Return the Clopper–Pearson limits of a share, whose count may be a mean of counts."""
    tail = (1 - level) / 2
    low = scipy.stats.beta.ppf(tail, count, rows - count + 1) if count > 0 else 0.0
    high = scipy.stats.beta.ppf(1 - tail, count + 1, rows - count) if count < rows else 1.0
    return Interval(count / rows, float(low), float(high), level)


def _with_spread(difference: Interval, of_others: NDArray[np.float64]) -> Interval:
    """Return a difference whose limits count in that the others are a sample of models."""
    count = len(of_others)
    if count < 2:
        return difference
    quantile = float(scipy.stats.t.ppf((1 + difference.level) / 2, count - 1))
    error = quantile * float(of_others.std(ddof=1)) / math.sqrt(count)
    value = difference.value
    return Interval(
        value,
        value - math.hypot(value - difference.low, error),
        value + math.hypot(difference.high - value, error),
        difference.level,
    )
