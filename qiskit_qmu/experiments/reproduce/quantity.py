"""Quantity: one number of a protocol's tables, read from the rows of one cell."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from qiskit_qmu.evaluation.columns import number
from qiskit_qmu.evaluation.method_summary import ORACLE

Rows: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Rows of one cell by method."""

Read: TypeAlias = Callable[[Rows, str], float]
"""Returns a method's number, NaN where it is not known."""

ACCURACIES = ("acc_forget_train", "acc_forget_test", "acc_retain_train", "acc_retain_test")
"""Columns of the accuracies on forgotten and retained rows, trained on and never seen."""


@final
@dataclass(frozen=True, kw_only=True)
class Quantity:
    """One number of a protocol's tables.

    Attributes:
        heading: What tables call it.
        read: Reads it from the rows of one cell.
        meaning: What it is, what is good and what useless models or methods score, in one line.
        unit: Unit in which it is shown; empty for shares of 1 and other pure numbers.
        published: Its name among the published values; empty where none were published.
        factor: Factor from the number to what is shown; published values are shown as they are.
        decimals: Decimals shown.
    """

    heading: str
    read: Read
    meaning: str
    unit: str = ""
    published: str = ""
    factor: float = 1.0
    decimals: int = 3

    @property
    def title(self) -> str:
        """Heading and unit."""
        return f"{self.heading}, {self.unit}" if self.unit else self.heading


def value(key: str) -> Read:
    """Return a reader of a column."""
    return lambda rows, method: number(rows[method], key)


def gap(key: str) -> Read:
    """Return a reader of a column's difference from the oracle's."""
    return lambda rows, method: number(rows[method], key) - _oracles(rows, key)


def relative(key: str) -> Read:
    """Return a reader of a column's ratio to the oracle's."""

    def read(rows: Rows, method: str) -> float:
        whole = _oracles(rows, key)
        return number(rows[method], key) / whole if whole else math.nan

    return read


def largest_gap(rows: Rows, method: str) -> float:
    """Return the largest absolute difference of four accuracies from the oracle's."""
    gaps = [abs(gap(key)(rows, method)) for key in ACCURACIES]
    known = [each for each in gaps if math.isfinite(each)]
    return max(known) if known else math.nan


def difference(key: str, other: str) -> Read:
    """Return a reader of one column minus another."""
    return lambda rows, method: number(rows[method], key) - number(rows[method], other)


def percent(heading: str, read: Read, meaning: str, published: str = "") -> Quantity:
    """Return a share that is shown in per cent."""
    return Quantity(
        heading=heading,
        read=read,
        meaning=meaning,
        unit="%",
        published=published,
        factor=100.0,
        decimals=1,
    )


def points(heading: str, read: Read, meaning: str) -> Quantity:
    """Return a difference of shares, in percentage points."""
    return Quantity(
        heading=heading, read=read, meaning=meaning, unit="points", factor=100.0, decimals=1
    )


def _oracles(rows: Rows, key: str) -> float:
    return number(rows[ORACLE], key) if ORACLE in rows else math.nan


_ROWS = {
    "forget train": "forgotten rows",
    "forget test": "never-seen rows of the forgotten class (of single rows: all never-seen ones)",
    "retain train": "retained training rows",
    "retain test": "never-seen rows of the other classes",
}

FORGET_TRAIN, FORGET_TEST, RETAIN_TRAIN, RETAIN_TEST = (
    percent(
        name,
        value(f"acc_{name.replace(' ', '_')}"),
        f"accuracy on {rows}; good: the oracle's"
        + (", which of a class is 0 or nearly so" if name.startswith("forget") else ", or more"),
        {"forget train": "forget", "retain train": "retain"}.get(name, ""),
    )
    for name, rows in _ROWS.items()
)
"""The four accuracies."""

GAPS = tuple(
    points(
        f"Δ {name}",
        gap(f"acc_{name.replace(' ', '_')}"),
        f"accuracy on {rows} minus the oracle's of the same seed; good: 0, bad: the original's",
    )
    for name, rows in _ROWS.items()
)
"""Differences of the four accuracies from the oracle's."""

LARGEST_GAP = points(
    "largest gap",
    largest_gap,
    "largest absolute difference of the four accuracies from the oracle's; good: 0, bad: the "
    "original's",
)

COST = Quantity(
    heading="cost / retraining",
    read=relative("gradient_evaluations"),
    meaning="gradients of rows through the circuit, as a multiple of the oracle's; less is better. "
    "Methods that train only layers behind the circuit have 0",
    decimals=2,
)

SECONDS = Quantity(
    heading="seconds",
    read=value("seconds"),
    meaning="wall-clock time of one core, with what the method evaluates on the way; theirs are "
    "of their machine, so that only ratios within a column can be compared",
    published="seconds",
    decimals=1,
)

JS_FORGET = Quantity(
    heading="JS forget",
    read=value("js_oracle_forget"),
    meaning="mean Jensen–Shannon divergence from the oracle's outputs on the forgotten rows; good: "
    "0, at most ln 2 = 0.693, bad: the original's",
    unit="nats",
)
