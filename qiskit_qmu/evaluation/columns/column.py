"""Column: the description of one reported number."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, final

from qiskit_qmu._check import InputError
from qiskit_qmu.evaluation.evidence import Evidence
from qiskit_qmu.metrics import Interval

NOTHING = "–"
"""Placeholder for a missing number."""

Applies = Literal["classes", "values", "any"]
"""The models that a number applies to: classifiers, other models, or both."""

Better = Literal["higher", "lower", "as the oracle", "½", "0"]
"""The value that a good method reaches."""


ALWAYS, COIN, CHANCE, DESTROYED = "always “member”", "coin", "chance", "destroyed model"

BASELINES: Mapping[str, str] = {
    ALWAYS: "an attack that calls every row a member",
    COIN: "an attack that tosses a coin",
    CHANCE: "a model that guesses",
    DESTROYED: "the same output for every row",
}
"""Uninformed attacks and models, with their descriptions."""

CHANCE_SHARE = "{chance}"
"""Placeholder in `Column.baselines` for 1 / number of classes, in per cent."""


Measure = Callable[[Evidence], Interval | None]
"""The formula of a number; None where there is nothing to compute."""


@final
@dataclass(frozen=True, kw_only=True)
class Column:
    """One number of a result row; tables, pages and lists are made from these rows.

    Attributes:
        key: Name in the row; ``key_low`` and ``key_high`` hold its 95 % interval.
        group: Heading shared by neighbouring columns.
        heading: Heading of the column itself.
        computed: How it is computed, in one line.
        better: The value that a good method reaches.
        unit: Unit in which it is shown.
        reading: How to read the group, for a legend; empty if another column of the group has it.
        baselines: Values of uninformed attacks and models, as shown, by name.
        applies: Models that it applies to.
        measure: Computes it from the evidence; None for values that a run counts itself.
        factor: Factor from the stored to the shown number.
        decimals: Decimals shown.
        minimum: Smallest possible value; intervals are clipped there.
        maximum: Largest possible value.
        in_text: How the table in the terminal shows it; the page shows every column.
        with_gap: Whether the table in the terminal shows its difference from the oracle.

    Example:
        >>> from qiskit_qmu.evaluation import RESULTS
        >>> column = RESULTS[0]
        >>> column.name, column.show(0.925), column.show_signed(-0.05), column.unit
        ('forget accuracy, train', '92.5', '-5.0', '%')
        >>> print(column.read({"acc_forget_train": 0.9, "acc_forget_train_low": 0.8}))
        0.900 [0.800, nan]
    """

    key: str
    group: str
    heading: str
    computed: str
    better: Better
    unit: str = ""
    reading: str = ""
    baselines: Mapping[str, str] = field(default_factory=dict)
    applies: Applies = "any"
    measure: Measure | None = None
    factor: float = 1.0
    decimals: int = 0
    minimum: float = 0.0
    maximum: float = math.inf
    in_text: Literal["", "value", "interval"] = ""
    with_gap: bool = False

    @property
    def title(self) -> str:
        """Heading of the group, with the unit."""
        return f"{self.group}, {self.unit}" if self.unit else self.group

    @property
    def name(self) -> str:
        """Group and heading in one, for a sentence."""
        return f"{self.group}, {self.heading}" if self.heading else self.group

    def show(self, value: float) -> str:
        """Return the number as text, a dash if missing."""
        if not math.isfinite(value):
            return NOTHING
        return f"{value * self.factor:,.{self.decimals}f}"

    def show_signed(self, value: float) -> str:
        """Return a difference as text, with its sign and an ASCII minus."""
        if not math.isfinite(value):
            return NOTHING
        text = f"{value * self.factor:+.{self.decimals}f}"
        return text.replace("-", "+") if float(text) == 0 else text

    def read(self, row: Mapping[str, Any]) -> Interval:
        """Return a result row's number with its limits; NaN for missing values.

        Raises:
            InputError: If the row has a value there that is not a number.
        """
        return Interval(*(number(row, f"{self.key}{end}") for end in ("", "_low", "_high")))


def number(row: Mapping[str, Any], key: str) -> float:
    """Return a row's number; NaN if it is absent, null or not finite.

    Args:
        row: A result row.
        key: Name of the number.

    Returns:
        The number.

    Raises:
        InputError: If the row has a value there that is not a number.
    """
    value = row.get(key)
    if value is None:
        return math.nan
    try:
        value = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{key} must be a number or null, got {value!r}") from None
    return value if math.isfinite(value) else math.nan


def show_ratio(ratio: float) -> str:
    """Return a ratio as text with three digits, a dash if missing."""
    if not math.isfinite(ratio):
        return NOTHING
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"
