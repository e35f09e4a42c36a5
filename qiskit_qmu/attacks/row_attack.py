"""RowAttack: an attack that scores every row by itself, without training."""

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu.attacks.attack import MembershipAttack
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.observation import Observations


class RowAttack(MembershipAttack):
    """An attack without training or randomness, whose score of a row depends on that row alone.

    Subclasses are frozen dataclasses with `row_scores` and, where they need more than scores,
    `needs`.
    """

    @property
    def needs(self) -> Needs:
        """Scores only."""
        return Needs()

    @abstractmethod
    def row_scores(self, observations: Observations) -> NDArray[np.float64]:
        """Return the score of every row, shape (n,), higher = more likely a member.

        Args:
            observations: Outputs of a model.
        """

    def scores(
        self,
        members: Observations,
        nonmembers: Observations,
        *,
        generator: np.random.Generator | None = None,
        known_members: Observations | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the score of every row.

        Args:
            members: Outputs on the training rows under attack.
            nonmembers: Outputs of the same model on rows it never saw.
            generator: Not used; nothing is random.
            known_members: Not used; nothing is trained.

        Returns:
            Scores of shapes (members,) and (nonmembers,), as `row_scores` gives them.

        Raises:
            InputError: If a group is empty or lacks what the attack needs.
        """
        _check.not_empty(members=members, nonmembers=nonmembers)
        self.needs.check(type(self).__name__, members, nonmembers)
        return self.row_scores(members), self.row_scores(nonmembers)
