"""The privacy loss of shots with two outcomes, exactly."""

import numpy as np
import scipy
from numpy.typing import NDArray

from qiskit_qmu.metrics.shot_privacy.loss_distribution import LossDistribution, LossSide
from qiskit_qmu.metrics.shot_privacy.release import Release

Array = NDArray[np.float64]


def binomial_loss(release: Release) -> LossDistribution:
    """Return the loss of N shots of two outcomes: counts are Bin(N, p) or Bin(N, q).

    The loss of k counts is k·ln(p/q) + (N − k)·ln((1−p)/(1−q)). Nothing is rounded but
    floating-point numbers.

    Args:
        release: Shots with two outcomes.
    """
    counts = np.arange(release.shots + 1)
    first, second = (
        scipy.stats.binom.logpmf(counts, release.shots, float(each[1]))
        for each in (release.p, release.q)
    )
    return LossDistribution(with_row=_side(first, second), without_row=_side(second, first))


def _side(own: Array, other: Array) -> LossSide:
    possible = own > -np.inf
    shared = possible & (other > -np.inf)
    masses = np.exp(own[shared])
    infinite = float(np.exp(own[possible & ~shared]).sum())
    total = float(masses.sum()) + infinite
    losses = own[shared] - other[shared]
    order = np.argsort(losses, kind="stable")
    return LossSide(scores=losses[order], masses=masses[order] / total, infinite=infinite / total)
