"""EntropyAttack: how certain a model is, of whatever class; no label is read."""

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
class EntropyAttack(RowAttack):
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

    def row_scores(self, observations: Observations) -> NDArray[np.float64]:
        """Return the negative entropy of every row in nats, at most 0, shape (n,).

        Args:
            observations: Outputs of a model that predicts classes.
        """
        return -_entropy(observations)


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
