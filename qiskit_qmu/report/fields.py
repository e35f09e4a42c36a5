"""The numbers of a result row: their keys, their headings and how they are written."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from qiskit_qmu._check import InputError

NOTHING = "–"
"""What stands where a number is missing."""


@final
@dataclass(frozen=True, kw_only=True)
class Field:
    """One number of a result row.

    Args:
        key: Name in the row; ``key_low`` and ``key_high`` hold its 95 % interval.
        group: Heading shared by neighbouring columns, with the unit.
        heading: Heading of the column itself.
        factor: What the stored number is multiplied with before it is shown.
        decimals: Decimals shown.
        minimum: Smallest possible value; intervals are cut off there.
        maximum: Largest possible value.
    """

    key: str
    group: str
    heading: str
    factor: float = 1.0
    decimals: int = 0
    minimum: float = 0.0
    maximum: float = math.inf

    def show(self, value: float) -> str:
        """Return the number as text, a dash where it is missing."""
        if not math.isfinite(value):
            return NOTHING
        return f"{value * self.factor:,.{self.decimals}f}"

    def show_signed(self, value: float) -> str:
        """Return a difference as text, with its sign and an ASCII minus."""
        if not math.isfinite(value):
            return NOTHING
        text = f"{value * self.factor:+.{self.decimals}f}"
        return text.replace("-", "+") if float(text) == 0 else text


def _percent(key: str, group: str, heading: str) -> Field:
    return Field(key=key, group=group, heading=heading, factor=100.0, decimals=1, maximum=1.0)


_FORGET = "forget accuracy, %"
_RETAIN = "retain accuracy, %"
_MEMBER = "called a member, %"
_DISTANCE = "JS, nats"

FORGET_TRAIN = _percent("acc_forget_train", _FORGET, "train")
FORGET_TEST = _percent("acc_forget_test", _FORGET, "test")
RETAIN_TRAIN = _percent("acc_retain_train", _RETAIN, "train")
RETAIN_TEST = _percent("acc_retain_test", _RETAIN, "test")
PAPER_RATE = _percent("mia_paper_rate", _MEMBER, "forgotten")
PAPER_CONTROL = _percent("mia_paper_control", _MEMBER, "control")
PAPER_EXCESS = Field(
    key="mia_paper_excess",
    group=_MEMBER,
    heading="difference",
    factor=100.0,
    decimals=1,
    minimum=-1.0,
    maximum=1.0,
)
"""The paper's rate minus its control; computed here, not read from the row."""
AUC = Field(key="mia_auc", group="AUC", heading="in class", decimals=2, maximum=1.0)
JS_FORGET = Field(
    key="js_oracle_forget", group=_DISTANCE, heading="forget", decimals=3, maximum=math.log(2)
)
JS_RETAIN = Field(
    key="js_oracle_retain", group=_DISTANCE, heading="retain", decimals=3, maximum=math.log(2)
)
GRADIENTS = Field(key="gradient_evaluations", group="cost", heading="gradients")
CIRCUITS = Field(key="circuits", group="cost", heading="circuits")
SHOTS = Field(key="shots", group="cost", heading="shots")
SECONDS = Field(key="seconds", group="cost", heading="seconds", decimals=1)

RESULTS = (
    FORGET_TRAIN,
    FORGET_TEST,
    RETAIN_TRAIN,
    RETAIN_TEST,
    PAPER_RATE,
    PAPER_CONTROL,
    PAPER_EXCESS,
    AUC,
    JS_FORGET,
    JS_RETAIN,
)
"""What a method achieved, in the order of the tables."""

COSTS = (GRADIENTS, CIRCUITS, SHOTS, SECONDS)
"""What a method cost, in the order of the tables."""


def show_ratio(ratio: float) -> str:
    """Return a multiple as text with three digits, a dash where it is missing."""
    if not math.isfinite(ratio):
        return NOTHING
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"


def number(row: Mapping[str, Any], key: str) -> float:
    """Return a row's number, NaN where it is absent, null or not finite.

    Args:
        row: A result row.
        key: Name of the number.

    Returns:
        The number.

    Raises:
        InputError: The row holds something there that is not a number.
    """
    value = row.get(key)
    if value is None:
        return math.nan
    try:
        value = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{key} must be a number or null, got {value!r}") from None
    return value if math.isfinite(value) else math.nan
