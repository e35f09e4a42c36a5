"""The distribution of the privacy loss of releases, by the method that suits them."""

from collections.abc import Sequence

from qiskit_qmu.metrics.shot_privacy.binomial import binomial_loss
from qiskit_qmu.metrics.shot_privacy.convolution import convolved_loss
from qiskit_qmu.metrics.shot_privacy.loss_distribution import LossDistribution
from qiskit_qmu.metrics.shot_privacy.release import Release


def released_loss(releases: Sequence[Release]) -> LossDistribution:
    """Return the exact distribution for one release of two outcomes, else an enclosed one.

    Args:
        releases: Independent releases, at least one.
    """
    if len(releases) == 1 and len(releases[0].p) == 2:
        return binomial_loss(releases[0])
    return convolved_loss(releases)
