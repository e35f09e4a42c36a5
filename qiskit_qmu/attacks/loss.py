"""LossAttack: scores rows by their loss, without training."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu.attacks.column import AttackColumn
from qiskit_qmu.attacks.row_attack import RowAttack
from qiskit_qmu.observation import Observations

_STATISTICS = ("membership_score", "loss")


@final
@dataclass(frozen=True, kw_only=True)
class LossAttack(RowAttack):
    """Score every row by how well the model predicts it.

    The direction is fixed: a lower loss means "member". Nothing is fitted, so no row can leak into
    its own score, rows are independent, and the intervals of `stratified_auroc` apply directly.
    After unlearning the AUC is two-sided: above ½ the rows are still remembered, below ½ they are
    predicted worse than unseen rows (over-forgotten), which also reveals them. An attack that
    learns its direction cannot distinguish the two.

    A model with random outputs, or the same output for every row of a class, has an AUC of ½ within
    the class whatever it was trained on: read the AUC together with the accuracy.

    Yeom et al., Privacy Risk in Machine Learning, 2018, https://arxiv.org/abs/1709.01604.

    Example:
        >>> from qiskit_qmu.attacks import LossAttack
        >>> from qiskit_qmu.observation import Observations
        >>> members = Observations(logits=[[3.0, 0.0], [0.0, 1.0]], labels=[0, 1])
        >>> nonmembers = Observations(logits=[[0.0, 0.0], [2.0, 0.0]], labels=[0, 1])
        >>> LossAttack().scores(members, nonmembers)
        (array([3., 1.]), array([ 0., -2.]))
    """

    statistic: Literal["membership_score", "loss"] = "membership_score"
    """Score, signed so that members score high. The membership score is the log-odds φ of the true
    label, which ranks rows like the cross-entropy but without ties from rounding, or the negative
    loss for other objectives."""

    def __post_init__(self) -> None:
        _check.one_of(_STATISTICS, statistic=self.statistic)

    def row_scores(self, observations: Observations) -> NDArray[np.float64]:
        """Return φ or −loss of every row in nats, shape (n,).

        Args:
            observations: Outputs of a model.
        """
        if self.statistic == "loss":
            return -observations.losses
        return observations.membership_score


CONFIDENCE = AttackColumn(
    attack=LossAttack(),
    key="mia_auc",
    heading="confidence",
    summary="ranks rows by the log-odds of their true label, or by their loss; no training",
    reading="by the confidence of the answer; below ½ is over-forgetting, which leaks too",
)
