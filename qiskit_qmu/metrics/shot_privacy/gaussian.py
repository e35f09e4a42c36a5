"""Gaussian differential privacy: what shots leak in the limit of many of them.

By the central limit theorem the log likelihood ratio of many shots is normal, so that the best
attack tells N(μ, 1) from N(0, 1) (Dong, Roth and Su, 2022, https://arxiv.org/abs/1905.02383). These
are approximations for many shots and small differences, not bounds: `audited_privacy` is exact.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

import scipy
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.shot_privacy.release import Release


@final
@dataclass(frozen=True)
class GaussianPrivacy:
    """What an attacker can do who tells N(μ, 1) from N(0, 1).

    Example:
        >>> from qiskit_qmu.metrics.shot_privacy import GaussianPrivacy
        >>> of_shots = GaussianPrivacy.of_shots(0.55, 0.5, shots=256)
        >>> round(of_shots.mu, 2), round(of_shots.auc, 2), round(of_shots.epsilon(1e-5), 1)
        (1.6, 0.87, 7.6)
    """

    mu: float
    """Separation μ ≥ 0 in standard deviations."""

    def __post_init__(self) -> None:
        _check.non_negative(mu=self.mu)

    @staticmethod
    def of_shots(p: ArrayLike, q: ArrayLike, shots: int) -> "GaussianPrivacy":
        """Return the limit for shots of outcome distributions p and q.

        μ² = N Σ_m (p_m − q_m)²/p̄_m with p̄ = (p + q)/2; with two outcomes N (p − q)²/(p̄(1 − p̄)).
        It is the squared distance of the mean frequencies in units of their covariance.

        Args:
            p: Outcome probabilities, or that of the second of two outcomes.
            q: The same of the model without the row.
            shots: Number of shots.

        Raises:
            InputError: If they are not probabilities of the same outcomes, or there is no shot.
        """
        release = Release.of(p, q, shots)
        mean = (release.p + release.q) / 2
        seen = mean > 0
        squares = (release.p - release.q)[seen] ** 2 / mean[seen]
        return GaussianPrivacy(math.sqrt(shots * float(squares.sum())))

    @staticmethod
    def composed(parts: Iterable["GaussianPrivacy"]) -> "GaussianPrivacy":
        """Return the privacy of independent releases together: their μ² add up."""
        return GaussianPrivacy(math.hypot(*(part.mu for part in parts)))

    @property
    def auc(self) -> float:
        """AUC of the best attack: Φ(μ/√2)."""
        return _phi(self.mu / math.sqrt(2))

    @property
    def advantage(self) -> float:
        """Largest TPR − FPR: 2Φ(μ/2) − 1."""
        return 2 * _phi(self.mu / 2) - 1

    def tpr(self, fpr: float) -> float:
        """Return the true-positive rate of the best attack at a false-positive rate."""
        _check.between(0, 1, fpr=fpr)
        return _phi(self.mu + float(scipy.special.ndtri(fpr)))

    def delta(self, epsilon: float) -> float:
        """Return δ(ε) = Φ(μ/2 − ε/μ) − e^ε Φ(−μ/2 − ε/μ)."""
        _check.non_negative(epsilon=epsilon)
        if self.mu == 0:
            return 0.0
        first, second = (
            float(scipy.special.log_ndtr(sign * self.mu / 2 - epsilon / self.mu))
            for sign in (1, -1)
        )
        return max(0.0, math.exp(first) - math.exp(epsilon + second))

    def epsilon(self, delta: float) -> float:
        """Return ε(δ), the smallest ε ≥ 0 with δ(ε) ≤ δ.

        Raises:
            InputError: If δ is not above 0 and at most 1; at δ = 0 there is no ε.
        """
        _check.between(0, 1, delta=delta)
        if delta == 0:
            raise InputError("delta must be above 0: a normal distribution has no bounded loss")
        if self.delta(0.0) <= delta:
            return 0.0
        high = 1.0
        while self.delta(high) > delta:
            high *= 2
        return float(scipy.optimize.brentq(lambda e: self.delta(e) - delta, 0.0, high, xtol=1e-10))


def shots_to_detect(p: float, q: float, *, tpr: float, fpr: float) -> int:
    """Return the shots with which an attacker tells two outcome probabilities apart.

    N = (z_tpr − z_fpr)² p̄(1 − p̄)/(p − q)², where z are normal quantiles: `GaussianPrivacy.tpr`
    solved for N. It is a normal approximation.

    Args:
        p: Probability of one of two outcomes with the row.
        q: The same without it.
        tpr: True-positive rate to reach, above ``fpr``.
        fpr: False-positive rate.

    Raises:
        InputError: If p equals q, a number is out of range, or the rate needs no shots.

    Example:
        >>> from qiskit_qmu.metrics.shot_privacy import shots_to_detect
        >>> shots_to_detect(0.55, 0.5, tpr=0.5, fpr=0.01)
        540
    """
    _check.between(0, 1, p=p, q=q)
    for name, value in (("tpr", tpr), ("fpr", fpr)):
        _check.number(**{name: value})
        if not 0 < value < 1:
            raise InputError(f"{name} must lie between 0 and 1, both excluded; got {value}")
    if p == q or tpr <= fpr:
        raise InputError(
            "p must differ from q, and tpr must be above fpr; "
            f"got p = {p}, q = {q}, tpr = {tpr}, fpr = {fpr}"
        )
    mean = (p + q) / 2
    apart = float(scipy.special.ndtri(tpr) - scipy.special.ndtri(fpr))
    return math.ceil(apart**2 * mean * (1 - mean) / (p - q) ** 2)


def _phi(x: float) -> float:
    return float(scipy.special.ndtr(x))
