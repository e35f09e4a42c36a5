"""AttackColumn: an attack and the column of its AUC in results, tables and reports."""

from dataclasses import dataclass
from typing import final

from qiskit_qmu.attacks.attack import FeatureName, MembershipAttack
from qiskit_qmu.observation import Observations


@final
@dataclass(frozen=True, kw_only=True)
class AttackColumn:
    """An attack and how its AUC is reported.

    Attributes:
        attack: The attack.
        features: Features that it reads; see `FeatureName`.
        key: Name of the AUC in result rows; ``key_low`` and ``key_high`` hold its 95 % interval.
        heading: Heading of the column, under "AUC".
        summary: What the attack does, in one line.
        reading: How to read the AUC, as the end of a sentence about the ranking of rows.

    Example:
        >>> from qiskit_qmu.attacks import ATTACKS
        >>> from qiskit_qmu.observation import Observations
        >>> exact = Observations(logits=[[1.0, 0.0]], labels=[0], expectations=[[0.5]])
        >>> [(column.heading, column.can_read(exact)) for column in ATTACKS.values()]
        [('confidence', True), ('outputs', True), ('counts', False)]
    """

    attack: MembershipAttack
    features: tuple[FeatureName, ...]
    key: str
    heading: str
    summary: str
    reading: str

    def can_read(self, observations: Observations) -> bool:
        """Return whether the features that the attack reads were observed."""
        has_counts = observations.counts is not None
        has_expectations = observations.expectations is not None
        return (has_counts or "frequencies" not in self.features) and (
            has_expectations or "expectations" not in self.features
        )
