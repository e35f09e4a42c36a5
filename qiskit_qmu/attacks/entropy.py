"""EntropyAttack: how certain a model is, of whatever class; no label is read."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu.attacks.attack import MembershipAttack
from qiskit_qmu.attacks.column import AttackColumn
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.observation import Observations


@final
@dataclass(frozen=True, kw_only=True)
class EntropyAttack(MembershipAttack):
    """Score every row by the negative entropy of its probabilities, −H(p) = Σ p_i ln p_i.

    For an attacker who does not know the true label. A certain wrong answer counts as much as a
    certain right one, so a model that errs on never-seen rows with certainty is seen less well than
    by `ModifiedEntropyAttack`.

    Example:
        >>> from qiskit_qmu.attacks import EntropyAttack
        >>> from qiskit_qmu.observation import Observations
        >>> sure = Observations(logits=[[3.0, 0.0]], labels=[0])
        >>> unsure = Observations(logits=[[0.0, 0.0]], labels=[0])
        >>> inside, outside = EntropyAttack().scores(sure, unsure)
        >>> inside.round(3), outside.round(3)  # and −ln 2
        (array([-0.191]), array([-0.693]))
    """

    @property
    def needs(self) -> Needs:
        """Classes; of these only the logits are read."""
        return Needs(classes=True)

    def scores(
        self,
        members: Observations,
        nonmembers: Observations,
        *,
        generator: np.random.Generator | None = None,
        known_members: Observations | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the negative entropy of every row.

        Args:
            members: Outputs on the training rows under attack.
            nonmembers: Outputs of the same model on rows it never saw.
            generator: Not used; nothing is random.
            known_members: Not used; nothing is trained.

        Returns:
            Scores of shapes (members,) and (nonmembers,), in nats, at most 0.

        Raises:
            InputError: If a group is empty or has no classes.
        """
        _check.not_empty(members=members, nonmembers=nonmembers)
        self.needs.check("EntropyAttack", members, nonmembers)
        return -_entropy(members), -_entropy(nonmembers)


def _entropy(observations: Observations) -> NDArray[np.float64]:
    """Return H(p) = Σ p_i (ln Σ_j exp z_j − z_i), in which no probability is rounded to 0."""
    assert observations.logits is not None
    below_top = observations.logits - observations.logits.max(axis=1, keepdims=True)
    surprise = np.log(np.exp(below_top).sum(axis=1, keepdims=True)) - below_top
    return np.asarray((observations.probabilities * surprise).sum(axis=1))


ENTROPY = AttackColumn(
    attack=EntropyAttack(),
    key="mia_auc_entropy",
    heading="entropy",
    summary="ranks rows by how certain the answer is, right or wrong; reads no label",
    reading="by the entropy of the classes' probabilities, without the true label",
)
