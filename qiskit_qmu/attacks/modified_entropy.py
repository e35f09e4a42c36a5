"""ModifiedEntropyAttack: how certain a model is, and of the right class."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.attacks.column import AttackColumn
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.attacks.row_attack import RowAttack
from qiskit_qmu.observation import Observations


@final
@dataclass(frozen=True, kw_only=True)
class ModifiedEntropyAttack(RowAttack):
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

    def row_scores(self, observations: Observations) -> NDArray[np.float64]:
        """Return −M of every row in nats, at most 0, shape (n,).

        Args:
            observations: Outputs of a model that predicts classes.
        """
        return -observations.modified_entropy


MODIFIED_ENTROPY = AttackColumn(
    attack=ModifiedEntropyAttack(),
    key="mia_auc_modified_entropy",
    heading="modified entropy",
    summary="ranks rows by confidence in the true label and in the others; no training",
    reading="by the modified entropy of all classes' probabilities, which counts a certain wrong "
    "answer against membership",
)
