"""CountsLikelihoodAttack: how much better a row's counts fit its own class than other rows."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu.attacks.attack import MembershipAttack, assign_folds
from qiskit_qmu.attacks.column import AttackColumn
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.attacks.outcomes import counts_of, log_frequencies, log_likelihood
from qiskit_qmu.observation import Observations, concatenate

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True)
class CountsLikelihoodAttack(MembershipAttack):
    """Score every row by the likelihood ratio of its counts, its class against all other rows.

    Λ = Σ_m k_m ln(p_m / q_m), where k_m says how often outcome m was measured, p are the
    frequencies over never-seen rows of its class, and q those over never-seen and known rows of
    other classes; without any of them all outcomes are alike. Outcomes count half a time more than
    measured, so that none is impossible. It is the log-odds of the true label as an attacker reads
    them who gets counts, and nothing behind them: the direction is fixed, as in `LossAttack`.

    The rows are assigned to folds by class, and each fold is scored by the frequencies of the
    others, so that no row counts in what it is compared with.

    With reference models use `CountsRatio`.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.attacks import CountsLikelihoodAttack
        >>> from qiskit_qmu.observation import Observations
        >>> def asked(counts):
        ...     return Observations(row_losses=np.zeros(len(counts)), counts=counts)
        >>> sure, unsure = asked([[10, 0]] * 4), asked([[7, 3], [6, 4]] * 3)
        >>> attack = CountsLikelihoodAttack(folds=2)
        >>> inside, outside = attack.scores(sure, unsure, generator=np.random.default_rng(0))
        >>> bool(inside.min() > outside.max())
        True
    """

    folds: int = 5
    """Number of folds."""

    def __post_init__(self) -> None:
        _check.at_least(2, folds=self.folds)

    @property
    def needs(self) -> Needs:
        """Counts, and never-seen rows among them."""
        return Needs(counts=True, never_seen=True)

    def scores(
        self,
        members: Observations,
        nonmembers: Observations,
        *,
        generator: np.random.Generator,
        known_members: Observations | None = None,
    ) -> tuple[Array, Array]:
        """Return the log-likelihood ratio of every row.

        Args:
            members: Outputs on the training rows under attack.
            nonmembers: Outputs of the same model on rows it never saw, the population.
            generator: Assigns the rows to folds.
            known_members: Outputs on other training rows; those of other classes are compared with.

        Returns:
            Scores of shapes (members,) and (nonmembers,), in nats, which grow with the shots.

        Raises:
            InputError: If a group is empty or has no counts, or the groups differ in outcomes or
                shots.
        """
        _check.not_empty(members=members, nonmembers=nonmembers)
        known = nonmembers.take([]) if known_members is None else known_members
        concatenate(members, nonmembers, known)  # refuses what differs
        groups = (members, nonmembers)
        counts = [counts_of(group, "CountsLikelihoodAttack") for group in groups]
        others = _Totals.of(counts_of(known, "CountsLikelihoodAttack"), known.strata)
        folds = [assign_folds(group.strata, self.folds, generator) for group in groups]
        scores = [np.empty(len(group)) for group in groups]
        for fold in range(self.folds):
            learned = folds[1] != fold
            never_seen = _Totals.of(counts[1][learned], nonmembers.strata[learned])
            for group, of_group, dealt, values in zip(groups, counts, folds, scores, strict=True):
                for label in np.unique(group.strata):
                    rows = (dealt == fold) & (group.strata == label)
                    own = log_frequencies(never_seen.of_class(label))
                    rest = never_seen.of_others(label) + others.of_others(label)
                    values[rows] = log_likelihood(of_group[rows], own - log_frequencies(rest))
        return scores[0], scores[1]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Totals:
    """Sums of counts by class."""

    by_class: dict[int, NDArray[np.int64]]
    every: NDArray[np.int64]

    @staticmethod
    def of(counts: NDArray[np.int64], strata: NDArray[np.int64]) -> "_Totals":
        by_class = {int(label): counts[strata == label].sum(axis=0) for label in np.unique(strata)}
        return _Totals(by_class=by_class, every=counts.sum(axis=0))

    def of_class(self, label: int) -> NDArray[np.int64]:
        return self.by_class.get(int(label), np.zeros_like(self.every))

    def of_others(self, label: int) -> NDArray[np.int64]:
        return np.asarray(self.every - self.of_class(label))


COUNTS_LIKELIHOOD = AttackColumn(
    attack=CountsLikelihoodAttack(),
    key="mia_auc_likelihood",
    heading="likelihood",
    summary="ranks rows by the likelihood of their counts in their class against others",
    reading="by how much better its counts fit never-seen rows of its class than others",
)
