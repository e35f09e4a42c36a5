"""BaVarIA: LiRA whose variances borrow strength from all rows by a conjugate prior."""

from dataclasses import dataclass
from typing import final

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

from qiskit_qmu.attacks.group_moments import GroupMoments, target_and_groups
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.attacks.references import References


@final
@dataclass(frozen=True, kw_only=True)
class BaVarIA:
    """Likelihood ratio of two Student-t predictive distributions of the score.

    Each row's mean and variance, for models trained on it and for models that were not, have a
    normal-inverse-gamma prior that is fitted to all rows, so that no number of models has to be
    chosen at which rows get a variance of their own. The predictive is
    t with 2α_n degrees of freedom, location μ_n and squared scale β_n(κ_n + 1)/(α_n κ_n).

    The prior of the variances is fitted to the logarithms of the rows' variances by their mean and
    variance (Smyth, Linear models and empirical Bayes methods, 2004,
    https://doi.org/10.2202/1544-6115.1027), that of the means by the variance between rows.

    Brännvall, Exponential-Family Membership Inference: From LiRA and RMIA to BaVarIA, 2026,
    https://arxiv.org/abs/2603.11799.

    Attributes:
        offline: Use only the models that were not trained on a row; the score is then the logarithm
            of the predictive's distribution function.

    Example:
        >>> from qiskit_qmu.attacks import BaVarIA, References
        >>> references = References(
        ...     scores=[[2.0, 0.5], [2.3, 0.3], [1.0, 1.5], [1.1, 1.9]],
        ...     included=[[True, False], [True, False], [False, True], [False, True]],
        ... )
        >>> BaVarIA().scores([2.1, 0.4], references).round(1)  # the first row was a member
        array([10.1, -4.9])
    """

    offline: bool = False

    @property
    def needs(self) -> Needs:
        """References for a variance in each group that is used."""
        return Needs(references_in=0 if self.offline else 2, references_out=2)

    def scores(self, target: ArrayLike, references: References) -> NDArray[np.float64]:
        """Return the log-likelihood ratio of each row, higher = more likely a member.

        Args:
            target: Membership scores of the model under attack, shape (rows,).
            references: Scores of the reference models on the same rows; the target is not among
                them.

        Returns:
            Scores (rows,), in nats.

        Raises:
            InputError: If a row has fewer than two models in a group that is used, or shapes
                differ.
        """
        score, out, inside = target_and_groups(
            target, references, offline=self.offline, attack="BaVarIA"
        )
        if inside is None:
            return np.asarray(scipy.stats.t.logcdf(score, **_predictive(out)))
        return np.asarray(
            scipy.stats.t.logpdf(score, **_predictive(inside))
            - scipy.stats.t.logpdf(score, **_predictive(out))
        )


def _predictive(moments: GroupMoments) -> dict[str, NDArray[np.float64]]:
    """Return degrees of freedom, location and scale of each row's posterior predictive."""
    degrees, variance = variance_prior(moments)
    centre = float(moments.means.mean())
    strength = _mean_prior(moments, centre)
    kappa = strength + moments.counts
    mean = (strength * centre + moments.counts * moments.means) / kappa
    alpha = (degrees + moments.counts) / 2
    between = strength * moments.counts / kappa * (moments.means - centre) ** 2
    beta = (degrees * variance + moments.squares + between) / 2
    return {"df": 2 * alpha, "loc": mean, "scale": np.sqrt(beta * (kappa + 1) / (alpha * kappa))}


def variance_prior(moments: GroupMoments) -> tuple[float, float]:
    """Return degrees of freedom d₀ and location s₀² of the rows' variances' prior.

    A row's variance of d degrees of freedom is s₀² F(d, d₀). The logarithm of such a variable has
    the mean ln s₀² + ψ(d/2) − ln(d/2) − ψ(d₀/2) + ln(d₀/2) and the variance ψ'(d/2) + ψ'(d₀/2).
    """
    rows = (moments.degrees > 0) & (moments.squares > 0)
    if not rows.any():
        return 1.0, _SMALLEST_VARIANCE
    half = moments.degrees[rows] / 2
    logs = np.log(moments.squares[rows] / moments.degrees[rows]) - digamma(half) + np.log(half)
    spread = logs.var(ddof=1) - polygamma(1, half).mean() if len(logs) > 1 else 0.0
    half_degrees = _inverse_trigamma(float(spread))
    location = logs.mean() + digamma(half_degrees) - np.log(half_degrees)
    return 2 * half_degrees, float(np.exp(location))


def _mean_prior(moments: GroupMoments, centre: float) -> float:
    """Return as how many models the prior of a row's mean counts: variance within over between."""
    within = max(moments.pooled_variance, _SMALLEST_VARIANCE)
    noise = within * float((1 / moments.counts).mean())
    between = float(((moments.means - centre) ** 2).mean()) - noise
    return within / max(between, _SMALLEST_SHARE * within)


def _inverse_trigamma(value: float) -> float:
    """Return the argument at which ψ' has a value; the largest of use where there is none."""
    low, high = _HALF_DEGREES
    if value <= polygamma(1, high):
        return high
    if value >= polygamma(1, low):
        return low
    return float(brentq(lambda half: float(polygamma(1, half)) - value, low, high))


_HALF_DEGREES = (0.5, 1e4)
_SMALLEST_VARIANCE = 1e-12
_SMALLEST_SHARE = 1e-3
