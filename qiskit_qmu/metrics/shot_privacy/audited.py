"""audited_privacy: what a measured pair of models leaks, exactly; no promise for other rows."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, final

import numpy as np
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu._check import InputTypeError
from qiskit_qmu.metrics.shot_privacy.bounds import Bounds
from qiskit_qmu.metrics.shot_privacy.loss_distribution import LossDistribution
from qiskit_qmu.metrics.shot_privacy.release import Release
from qiskit_qmu.metrics.shot_privacy.released_loss import released_loss


@final
@dataclass(frozen=True)
class AuditedPrivacy:
    """What shots tell of one row, given the outcome distributions with it and without it.

    Every number is that of the best attack on these two distributions, so that no attack does
    better, and some attack does as well. It holds for this pair and not for other rows or models:
    it is an audit, not a guarantee; see `GuaranteedPrivacy`.

    Attributes:
        releases: The independent releases, see `audited_privacy`.
    """

    assumes: ClassVar[tuple[str, ...]] = (
        "the distributions with and without the row are known, as measured by retraining",
        "shots are independent, and an attacker gets no others",
        "the model's parameters are not published: shots protect answers only",
    )
    """What the numbers rest on."""

    releases: tuple[Release, ...]

    @cached_property
    def loss(self) -> LossDistribution:
        """The distribution of the privacy loss."""
        return released_loss(self.releases)

    def delta(self, epsilon: float) -> Bounds:
        """Return the smallest δ at an ε ≥ 0, in both directions."""
        return self.loss.delta(epsilon)

    def epsilon(self, delta: float) -> Bounds:
        """Return the smallest ε ≥ 0 at a δ between 0 and 1; ∞ if there is none."""
        return self.loss.epsilon(delta)

    @property
    def advantage(self) -> Bounds:
        """Largest TPR − FPR of any attack, the total variation distance."""
        return self.loss.advantage

    @property
    def auc(self) -> Bounds:
        """Largest AUC of any attack."""
        return self.loss.auc

    @property
    def pure_epsilon(self) -> float:
        """The ε at δ = 0: the sum of the shots' largest losses, ∞ if an outcome may be excluded."""
        return float(sum(each.shots * np.abs(each.loss).max() for each in self.releases))

    def composed(self, *others: "AuditedPrivacy") -> "AuditedPrivacy":
        """Return the privacy of these and other releases about the same row together.

        Raises:
            InputTypeError: If one is not audited: a guarantee and an audit do not add up to either.
        """
        for other in others:
            if not isinstance(other, AuditedPrivacy):
                raise InputTypeError(
                    f"audited privacy composes with audited privacy, got {type(other).__name__}"
                )
        return AuditedPrivacy((*self.releases, *(r for other in others for r in other.releases)))


def audited_privacy(p: ArrayLike, q: ArrayLike, shots: int, *, queries: int = 1) -> AuditedPrivacy:
    """Return what N shots of outcome distributions p and q tell of a row.

    With two outcomes the result is exact; with more it is enclosed by proven bounds that an FFT
    with 2^17 points gives (see `qiskit_qmu.metrics.shot_privacy.convolution`). The lower bound of
    the AUC is attained; other bounds are about as far apart as a step of the losses' grid times
    the square root of the shots.

    Shot noise is not additive noise: where p is near 0 or 1 it vanishes, and with it the privacy.
    Repeated queries of the same row add their shots up, unless the same answer is given again (see
    `qiskit_qmu.models.CachedObserver`). Error mitigation is post-processing and does not raise the
    numbers, but all circuits that it runs count.

    Args:
        p: Outcome probabilities (outcomes,) of the model that was trained with the row, or the
            probability of the second of two outcomes.
        q: The same of the model that was trained without it.
        shots: Shots of a query.
        queries: Number of queries, each with shots of its own.

    Raises:
        InputError: If they are not probabilities of the same outcomes, or there is no shot.

    Example:
        >>> from qiskit_qmu.metrics.shot_privacy import audited_privacy
        >>> few, many = (audited_privacy(0.55, 0.5, shots) for shots in (16, 256))
        >>> round(few.auc.value, 2), round(many.auc.value, 2)
        (0.61, 0.87)
        >>> round(few.epsilon(1e-5).value, 2), round(many.epsilon(1e-5).value, 1)
        (1.46, 7.6)
        >>> audited_privacy(0.55, 0.5, 16, queries=16).auc == many.auc
        True
    """
    _check.at_least(1, shots=shots, queries=queries)
    return AuditedPrivacy((Release.of(p, q, shots * queries),))
