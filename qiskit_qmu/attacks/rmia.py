"""RMIA: how often a row's likelihood ratio beats that of rows that were not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_expit, logsumexp

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.attacks.references import References, check_models, check_target


@final
@dataclass(frozen=True, kw_only=True)
class RMIA:
    """Share of population rows z whose likelihood ratio a row x beats by a factor γ.

    Score(x) = P_z[(p(x|θ)/p(x)) / (p(z|θ)/p(z)) ≥ γ]. Online p(x) is the mean of the reference
    models that were trained on x and of those that were not, ½(P_in + P_out). Offline there are
    only the latter, and P_in is taken as a P_out + (1 − a), so that
    p(x) = ½[(1 + a) P_out + (1 − a)].

    The strongest attack with few references: 4 to 8 are enough.

    Zarifzadeh et al., Low-Cost High-Power Membership Inference Attacks, 2024,
    https://arxiv.org/abs/2312.03262.

    Attributes:
        offline: Use only the models that were not trained on a row.
        gamma: Factor γ, at least 1.
        a: How P_in is guessed offline, from 0 to 1. It matters: `tuned` chooses it on reference
            models that take the target's place.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.attacks import RMIA, References
        >>> references = References(
        ...     scores=[[2.0, 0.5, 1.0, 1.0], [1.0, 1.5, 1.0, 1.0]],
        ...     included=[[True, False, False, False], [False, True, False, False]],
        ... )
        >>> population = np.array([False, False, True, True])
        >>> RMIA().scores([2.5, 0.4, 1.1, 1.0], references, population)[:2]
        array([1., 0.])
    """

    offline: bool = False
    gamma: float = 1.0
    a: float = 0.3

    def __post_init__(self) -> None:
        _check.finite(gamma=np.asarray(self.gamma))
        if self.gamma < 1:
            raise InputError(f"gamma must be at least 1, got {self.gamma}")
        _check.between(0.0, 1.0, a=self.a)

    @property
    def needs(self) -> Needs:
        """One reference in each group that is used."""
        return Needs(references_in=0 if self.offline else 1, references_out=1)

    def scores(
        self, target: ArrayLike, references: References, population: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        """Return the share of population rows that each row beats, higher = more likely a member.

        Args:
            target: Membership scores of the model under attack, shape (rows,).
            references: Scores of the reference models on the same rows; the target is not among
                them.
            population: Which rows make up the population z, booleans (rows,). The target must not
                have been trained on any of them: with members among them, the score says less the
                more the model leaks. Their own scores are NaN, since they are what others are
                compared with. None to return the rows' log-likelihood ratios ln p(x|θ) − ln p(x)
                themselves, which rank rows as an unlimited population would at γ = 1.

        Returns:
            Scores (rows,), between 0 and 1; without a population in nats.

        Raises:
            InputError: If a row has no model that was not trained on it, or, online and outside of
                the population, none that was; or shapes differ, or the population is empty.
        """
        score = check_target(target, references)
        rows = _mask(population, len(score))
        check_models(1, references.outside(), "not trained on", "RMIA")
        if not self.offline:
            check_models(1, references.inside()[~rows], "trained on", "online RMIA")
        ratios = _log_likelihood(score, references) - self._log_marginals(references)
        if population is None:
            return ratios
        against = np.sort(ratios[rows])
        beaten = np.searchsorted(against, ratios - np.log(self.gamma), side="right")
        return np.where(rows, np.nan, beaten / len(against))

    def tuned(
        self, references: References, candidates: Sequence[float] = (0.0, 0.1, 0.3, 0.6, 0.9, 1.0)
    ) -> "RMIA":
        """Return the attack with the a that suits the reference models, offline.

        Each reference model takes the target's place once, with all others but its twin as
        references, and the candidate with the largest mean AUC is taken. The target is not asked.

        Args:
            references: Reference models in pairs of complementary halves, as
                `qiskit_qmu.shadows.ShadowModels.references` has them; at least four.
            candidates: Values from 0 to 1.

        Raises:
            InputError: If there are fewer than four models, a row has none left that was not
                trained on it, or a candidate is out of range.

        Example:
            >>> import numpy as np
            >>> from qiskit_qmu.attacks import RMIA, References
            >>> rng = np.random.default_rng(0)
            >>> half = rng.random((4, 500)) < 0.5
            >>> included = np.stack([half, ~half], axis=1).reshape(8, 500)
            >>> scores = rng.normal(0, 3, 500) + rng.normal(0, 0.1, (8, 500)) + included
            >>> RMIA(offline=True).tuned(References(scores=scores, included=included)).a
            1.0
        """
        from qiskit_qmu.metrics import auroc  # late: importing SciPy's statistics takes a while

        _check.at_least(4, references=references.num_models)
        _check.not_empty(candidates=candidates)
        attacks = [replace(self, offline=True, a=a) for a in candidates]
        totals = np.zeros(len(attacks))
        for model in range(references.num_models):
            target, members = references.scores[model], references.included[model]
            others = references.without(*{model, model ^ 1} & set(range(references.num_models)))
            for position, attack in enumerate(attacks):
                found = attack.scores(target, others)
                totals[position] += auroc(found[members], found[~members])
        return attacks[int(totals.argmax())]

    def _log_marginals(self, references: References) -> NDArray[np.float64]:
        """Return ln p(x) of each row over the reference models."""
        logs = _log_likelihood(references.scores, references)
        out = _log_mean(logs, ~references.included)
        with np.errstate(divide="ignore"):
            guessed = np.logaddexp(np.log((1 + self.a) / 2) + out, np.log((1 - self.a) / 2))
        if self.offline:
            return np.asarray(guessed)
        # Population rows that no reference was trained on have no P_in to be had.
        has_inside = references.inside() > 0
        inside = _log_mean(logs, references.included)
        return np.asarray(np.where(has_inside, np.logaddexp(inside, out) - np.log(2), guessed))


def _mask(population: ArrayLike | None, rows: int) -> NDArray[np.bool_]:
    """Return which rows are the population; none of them if there is no population."""
    if population is None:
        return np.zeros(rows, dtype=np.bool_)
    mask = np.asarray(population)
    if mask.dtype != np.bool_ or mask.shape != (rows,) or not mask.any():
        raise InputError(
            "population must be a mask of booleans over the rows with at least one of them, "
            f"got {mask.dtype} of shape {mask.shape}"
        )
    return mask


def _log_likelihood(scores: NDArray[np.float64], references: References) -> NDArray[np.float64]:
    """Return ln p of the true label, or the negative loss, of which p is the exponential."""
    return np.asarray(log_expit(scores)) if references.log_odds else scores


def _log_mean(logs: NDArray[np.float64], group: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return by row the logarithm of the mean likelihood over the models of a group."""
    counts = np.maximum(group.sum(axis=0), 1)
    totals = logsumexp(np.where(group, logs, -np.inf), axis=0)
    return np.asarray(totals - np.log(counts))
