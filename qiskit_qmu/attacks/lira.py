"""LiRA: how much better a normal fit of the models trained on a row explains the target's score."""

from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu.attacks.group_moments import GroupMoments, target_and_groups
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.attacks.references import References

Variance = Literal["auto", "row", "pooled"]

_MODELS_FOR_ROW_VARIANCE = 32


@final
@dataclass(frozen=True, kw_only=True)
class LiRA:
    """Likelihood ratio of two normal distributions of the score, fitted to each row.

    Online, with models trained on each row and models that were not:
    Λ(x) = ln N(φ; μ_in, σ_in²) − ln N(φ; μ_out, σ_out²). Offline, with models that never saw the
    rows: Λ(x) = ln P[N(μ_out, σ_out²) ≤ φ], which ranks rows as the paper's 1 − P[N > φ] does.

    Carlini et al., Membership Inference Attacks From First Principles, 2022,
    https://arxiv.org/abs/2112.03570.

    Attributes:
        offline: Use only the models that were not trained on a row.
        variance: "row" for each row's own variance; "pooled" for the variance within rows, pooled
            over them and centred row by row; "auto" for the rows' own where each has at least 32
            models in each group that is used, and pooled otherwise: with fewer its estimate is
            noisier than what it is to measure.

    Example:
        >>> from qiskit_qmu.attacks import LiRA, References
        >>> references = References(
        ...     scores=[[2.0, 0.5], [2.2, 0.3], [1.0, 1.5], [1.2, 1.7]],
        ...     included=[[True, False], [True, False], [False, True], [False, True]],
        ... )
        >>> LiRA().scores([2.1, 0.4], references).round(1)  # the first row was a member
        array([ 25., -36.])
    """

    offline: bool = False
    variance: Variance = "auto"

    def __post_init__(self) -> None:
        _check.one_of(get_args(Variance), variance=self.variance)

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
            target, references, offline=self.offline, attack="LiRA"
        )
        if inside is None:
            return np.asarray(
                scipy.stats.norm.logcdf(score, out.means, _deviations(out, self._own(out)))
            )
        own = self._own(out) and self._own(inside)
        return np.asarray(
            scipy.stats.norm.logpdf(score, inside.means, _deviations(inside, own))
            - scipy.stats.norm.logpdf(score, out.means, _deviations(out, own))
        )

    def _own(self, moments: GroupMoments) -> bool:
        """Return whether rows have a variance of their own."""
        enough = bool(moments.counts.min() >= _MODELS_FOR_ROW_VARIANCE)
        return self.variance == "row" or (self.variance == "auto" and enough)


def _deviations(moments: GroupMoments, own: bool) -> NDArray[np.float64]:
    pooled = np.full(len(moments.means), moments.pooled_variance)
    variances = moments.squares / np.maximum(moments.degrees, 1) if own else pooled
    # Models that all answer alike would be certain beyond every number.
    return np.sqrt(np.maximum(variances, _SMALLEST_VARIANCE))


_SMALLEST_VARIANCE = 1e-12
