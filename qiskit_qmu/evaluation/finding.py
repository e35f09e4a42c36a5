"""Finding: what one test of an audit found, beside what it finds where nothing is left."""

from dataclasses import dataclass
from typing import Any, Literal, final

from qiskit_qmu.evaluation.measure import interval_row
from qiskit_qmu.metrics import UNKNOWN, Interval

FindingGroup = Literal[
    "strategy", "model", "oracles", "retained rows", "four groups", "slices", "layers"
]
"""What a test is about: the strategy over many models, the audited model itself, the oracles, the
rows that were not withdrawn, forgotten and retained rows beside never-seen ones, groups of rows, or
where in the model a leak sits."""


@final
@dataclass(frozen=True, kw_only=True)
class Finding:
    """One test of an audit and its null.

    Attributes:
        key: Name in files, such as ``"strategy_auc"``.
        group: What the test is about.
        name: What was tested, in a few words.
        value: What was found, with its interval.
        null: What the same test finds where nothing is left: of retrained models, or a number
            that follows from the test's design, with equal limits.
        reading: What the number means here, in one sentence.
        p_value: Probability of a value as extreme where nothing is left; None without such a test.
        num_models: Number of models behind the value; 1 for the audited model alone.
        num_rows: Number of rows behind the value.

    Example:
        >>> from qiskit_qmu.evaluation import Finding
        >>> from qiskit_qmu.metrics import Interval
        >>> finding = Finding(
        ...     key="strategy_auc",
        ...     group="strategy",
        ...     name="U-LiRA over 32 shadow models",
        ...     value=Interval(0.56, low=0.54, high=0.58),
        ...     null=Interval(0.5, low=0.49, high=0.51),
        ...     reading="Forgotten rows are still told from rows that were never trained on.",
        ...     num_models=32,
        ... )
        >>> finding.to_dict()["value_low"], finding.value.low > finding.null.high
        (0.54, True)
    """

    key: str
    group: FindingGroup
    name: str
    value: Interval
    null: Interval = UNKNOWN
    reading: str = ""
    p_value: float | None = None
    num_models: int = 1
    num_rows: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON values; unknown numbers are None."""
        return {
            "key": self.key,
            "group": self.group,
            "name": self.name,
            **interval_row({"value": self.value, "null": self.null}),
            "p_value": self.p_value,
            "num_models": self.num_models,
            "num_rows": self.num_rows,
            "reading": self.reading,
        }
