"""AttackColumn: an attack and the column of its AUC in results, tables and reports."""

from dataclasses import dataclass
from typing import final

from qiskit_qmu.attacks.attack import MembershipAttack
from qiskit_qmu.attacks.needs import Needs, needs_of
from qiskit_qmu.observation import Observations


@final
@dataclass(frozen=True, kw_only=True)
class AttackColumn:
    """An attack and how its AUC is reported.

    Attributes:
        attack: The attack.
        key: Name of the AUC in result rows; ``key_low`` and ``key_high`` hold its 95 % interval.
        heading: Heading of the column, under "AUC".
        summary: What the attack does, in one line.
        reading: How to read the AUC, as the end of a sentence about the ranking of rows.

    Example:
        >>> from qiskit_qmu.attacks import ATTACKS
        >>> from qiskit_qmu.observation import Observations
        >>> exact = Observations(logits=[[1.0, 0.0]], labels=[0], expectations=[[0.5]])
        >>> [key for key, column in ATTACKS.items() if not column.can_read(exact)]
        ['mia_auc_counts', 'mia_auc_quantiles', 'mia_auc_likelihood']
    """

    attack: MembershipAttack
    key: str
    heading: str
    summary: str
    reading: str

    @property
    def needs(self) -> Needs:
        """What the attack needs."""
        return needs_of(self.attack)

    def can_read(self, observations: Observations) -> bool:
        """Return whether what the attack reads was observed."""
        return not self.needs.missing(observations)
