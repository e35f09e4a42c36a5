"""PopulationAttack: a row's place among never-seen rows of its class, and a threshold from them."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.attacks.attack import MembershipAttack
from qiskit_qmu.attacks.column import AttackColumn
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.observation import Observations

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True)
class PopulationAttack(MembershipAttack):
    """Score every row by the share of its class's never-seen rows that it outscores.

    A class in which the model is sure of every row no longer looks like membership: scores of
    different classes become comparable, and a threshold of 1 − α has the same false positive rate α
    in each. Within a class rows are ranked as `LossAttack` ranks them, ties included.

    Ye et al., Enhanced Membership Inference Attacks against Machine Learning Models, 2022,
    https://arxiv.org/abs/2111.09679.

    Example:
        >>> from qiskit_qmu.attacks import PopulationAttack
        >>> from qiskit_qmu.observation import Observations
        >>> members = Observations(logits=[[3.0, 0.0], [0.0, 3.0]], labels=[0, 1])
        >>> never_seen = Observations(
        ...     logits=[[1.0, 0.0], [2.0, 0.0], [0.0, 2.0], [0.0, 4.0]], labels=[0, 0, 1, 1]
        ... )
        >>> PopulationAttack().scores(members, never_seen)  # the same score counts more in class 0
        (array([1. , 0.5]), array([0.25, 0.75, 0.25, 0.75]))
    """

    @property
    def needs(self) -> Needs:
        """Never-seen rows of every class."""
        return Needs(never_seen=True)

    def scores(
        self,
        members: Observations,
        nonmembers: Observations,
        *,
        generator: np.random.Generator | None = None,
        known_members: Observations | None = None,
    ) -> tuple[Array, Array]:
        """Return for every row the share of its class's never-seen rows that score less.

        Rows that score the same count ½. A never-seen row is its own equal, which adds the same
        constant to all of them and so tells nothing of its score.

        Args:
            members: Outputs on the training rows under attack.
            nonmembers: Outputs of the same model on rows it never saw, the population.
            generator: Not used; nothing is random.
            known_members: Not used.

        Returns:
            Scores of shapes (members,) and (nonmembers,), between 0 and 1; ½ in classes without
            never-seen rows.

        Raises:
            InputError: If a group is empty.
        """
        _check.not_empty(members=members, nonmembers=nonmembers)
        return _share_below(members, nonmembers), _share_below(nonmembers, nonmembers)

    def called_members(
        self, rows: Observations, population: Observations, *, fpr: float
    ) -> NDArray[np.bool_]:
        """Call rows members whose score lies above a threshold from never-seen rows of their class.

        A row is called if at most fpr (m + 1) − 1 of the m never-seen rows of its class score as
        high. For a never-seen row that is not among the population this happens with probability
        fpr at most, at any m.

        Args:
            rows: Outputs on the rows to be called members or not.
            population: Outputs of the same model on other rows, which it never saw.
            fpr: False positive rate in every class, above 0 and below 1.

        Returns:
            Booleans (rows,).

        Raises:
            InputError: If a class has fewer than 1/fpr − 1 never-seen rows, with which nothing
                could ever be called.

        Example:
            >>> from qiskit_qmu.attacks import PopulationAttack
            >>> from qiskit_qmu.observation import Observations
            >>> seen = Observations(row_losses=[0.1, 0.6])
            >>> never_seen = Observations(row_losses=[0.5, 0.7, 0.8])
            >>> PopulationAttack().called_members(seen, never_seen, fpr=0.25)
            array([ True, False])
        """
        _check.not_empty(rows=rows, population=population)
        _check.between(0.0, 1.0, fpr=fpr)
        called = np.zeros(len(rows), dtype=np.bool_)
        for group in np.unique(rows.strata):
            inside = rows.strata == group
            others = np.sort(population.membership_score[population.strata == group])
            if fpr * (len(others) + 1) < 1:
                raise InputError(
                    f"a false positive rate of {fpr:g} needs at least {1 / fpr - 1:.0f} never-seen "
                    f"rows of each class, got {len(others)} of class {group}"
                )
            as_high = len(others) - np.searchsorted(others, rows.membership_score[inside])
            called[inside] = as_high + 1 <= fpr * (len(others) + 1)
        return called


def _share_below(rows: Observations, population: Observations) -> Array:
    """Return the share of the population's rows of the same class below each row, equal ones ½."""
    shares = np.full(len(rows), 0.5)
    for group in np.intersect1d(rows.strata, population.strata):
        inside = rows.strata == group
        others = np.sort(population.membership_score[population.strata == group])
        found = rows.membership_score[inside]
        below, up_to = (np.searchsorted(others, found, side=side) for side in _SIDES)
        shares[inside] = (below + up_to) / (2 * len(others))
    return shares


_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")

POPULATION = AttackColumn(
    attack=PopulationAttack(),
    key="mia_auc_population",
    heading="population",
    summary="ranks rows by their place among never-seen rows of their class",
    reading="by how many never-seen rows of its class a row outscores",
)
