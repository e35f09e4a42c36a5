"""RowFinding: what an audit found of one withdrawn row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final


@final
@dataclass(frozen=True, kw_only=True)
class RowFinding:
    """One withdrawn row.

    Attributes:
        position: Its position among the training rows.
        id: Its id; None if rows have no ids.
        label: Its class, by name where classes have names; None without classes.
        scores: Scores of the attacks by their names, higher = more likely a member.
        p_value: Probability of scores as extreme, in either direction, where nothing is left; None
            if untested.
        adjusted_p_value: The same, adjusted for all rows that are tested at once (Benjamini and
            Hochberg); None if untested.
        seen_by: Names of the attacks that still find it at the stated false discovery rate.

    Example:
        >>> from qiskit_qmu.evaluation import RowFinding
        >>> row = RowFinding(position=7, id="c-104", label="benign", scores={"loss": 0.4})
        >>> row.to_dict()["seen_by"]
        []
    """

    position: int
    id: str | None = None
    label: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    p_value: float | None = None
    adjusted_p_value: float | None = None
    seen_by: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return {
            "position": self.position,
            "id": self.id,
            "label": self.label,
            "scores": dict(self.scores),
            "p_value": self.p_value,
            "adjusted_p_value": self.adjusted_p_value,
            "seen_by": list(self.seen_by),
        }
