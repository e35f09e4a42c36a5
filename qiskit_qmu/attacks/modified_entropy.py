"""ModifiedEntropyAttack: how certain a model is, and of the right class."""

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
class ModifiedEntropyAttack(MembershipAttack):
    """Score every row by the negative modified entropy of its probabilities.

    M = −(1 − p_y) ln p_y − Σ_{i≠y} p_i ln(1 − p_i) is 0 for a certain right answer and grows
    without limit for a certain wrong one. Unlike the loss it also depends on the wrong classes: the
    same p_y is less suspicious if the rest goes to one of them. Each row is scored by itself,
    whatever the other rows are. Song and Mittal, Systematic Evaluation of Privacy
    Risks of Machine Learning Models, 2021, https://arxiv.org/abs/2003.10595.

    Example:
        >>> from qiskit_qmu.attacks import ModifiedEntropyAttack
        >>> from qiskit_qmu.observation import Observations
        >>> right = Observations(logits=[[3.0, 0.0]], labels=[0])
        >>> wrong = Observations(logits=[[3.0, 0.0]], labels=[1])
        >>> inside, outside = ModifiedEntropyAttack().scores(right, wrong)
        >>> inside.round(3), outside.round(3)
        (array([-0.005]), array([-5.808]))
    """

    @property
    def needs(self) -> Needs:
        """Classes."""
        return Needs(classes=True)

    def scores(
        self,
        members: Observations,
        nonmembers: Observations,
        *,
        generator: np.random.Generator | None = None,
        known_members: Observations | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return −M of every row.

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
        self.needs.check("ModifiedEntropyAttack", members, nonmembers)
        return -members.modified_entropy, -nonmembers.modified_entropy


MODIFIED_ENTROPY = AttackColumn(
    attack=ModifiedEntropyAttack(),
    key="mia_auc_modified_entropy",
    heading="modified entropy",
    summary="ranks rows by confidence in the true label and in the others; no training",
    reading="by the modified entropy of all classes' probabilities, which counts a certain wrong "
    "answer against membership",
)
