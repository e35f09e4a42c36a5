"""LabelOnlyAttack: whether the predicted class is right; nothing else is read of an answer."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.attacks.column import AttackColumn
from qiskit_qmu.attacks.needs import Needs
from qiskit_qmu.attacks.row_attack import RowAttack
from qiskit_qmu.observation import Observations


@final
@dataclass(frozen=True, kw_only=True)
class LabelOnlyAttack(RowAttack):
    """Score every row 1 if the predicted class is the true one, and 0 otherwise.

    For a model that hands out nothing but its decision. The AUC is
    ½ + ½ (accuracy on members − accuracy on non-members): the gap attack of Yeom et al., Privacy
    Risk in Machine Learning, 2018, https://arxiv.org/abs/1709.01604.

    An attacker who may ask more than once, with fresh shots or with slightly changed copies of a
    row, scores it by the share of right answers: `robustness`. Choquette-Choo et al., Label-Only
    Membership Inference Attacks, 2021, https://arxiv.org/abs/2007.14321.

    Example:
        >>> from qiskit_qmu.attacks import LabelOnlyAttack
        >>> from qiskit_qmu.observation import Observations
        >>> members = Observations(logits=[[3.0, 0.0], [0.1, 0.0]], labels=[0, 0])
        >>> nonmembers = Observations(logits=[[9.0, 0.0], [0.0, 0.1]], labels=[0, 0])
        >>> LabelOnlyAttack().scores(members, nonmembers)
        (array([1., 1.]), array([1., 0.]))
    """

    @property
    def needs(self) -> Needs:
        """Classes; of the logits only the largest is read."""
        return Needs(classes=True)

    def row_scores(self, observations: Observations) -> NDArray[np.float64]:
        """Return 1 for each row whose predicted class is right, and 0 for the others, shape (n,).

        Args:
            observations: Outputs of a model that predicts classes.
        """
        assert observations.logits is not None
        named = observations.logits.argmax(axis=1)
        return np.asarray(named == observations.labels, dtype=np.float64)

    @staticmethod
    def robustness(answers: ArrayLike, labels: ArrayLike) -> NDArray[np.float64]:
        """Return the share of a row's answers that name its class, higher = more likely a member.

        Args:
            answers: Predicted classes of several queries of each row, integers (rows, queries).
            labels: True classes (rows,).

        Returns:
            Scores (rows,), between 0 and 1.

        Raises:
            InputError: If shapes do not fit, or there is no query.

        Example:
            >>> from qiskit_qmu.attacks import LabelOnlyAttack
            >>> LabelOnlyAttack.robustness([[1, 1, 1, 0], [2, 0, 1, 2]], [1, 0])
            array([0.75, 0.25])
        """
        named, true = np.asarray(answers), np.asarray(labels)
        if named.ndim != 2 or not named.shape[1] or true.shape != named.shape[:1]:
            raise InputError(
                "answers and labels must have the shapes (rows, queries) and (rows,) with at least "
                f"one query, got {named.shape} and {true.shape}"
            )
        return np.asarray((named == true[:, None]).mean(axis=1))


LABEL_ONLY = AttackColumn(
    attack=LabelOnlyAttack(),
    key="mia_auc_label_only",
    heading="label only",
    summary="ranks rows by whether the predicted class is right; no training",
    reading="by whether the decision is right, all that a model without probabilities hands out",
)
