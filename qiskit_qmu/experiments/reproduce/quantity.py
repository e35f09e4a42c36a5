"""Quantity: one number of a protocol's tables, read from the rows of one cell."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from qiskit_qmu.evaluation.column import number
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
        published: Its name among the published values; empty where none were published.
        factor: Factor from the number to what is shown; published values are shown as they are.
        decimals: Decimals shown.
    """

    heading: str
    read: Read
    published: str = ""
    factor: float = 1.0
    decimals: int = 3


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


def percent(heading: str, read: Read, published: str = "") -> Quantity:
    """Return a share that is shown in per cent."""
    return Quantity(heading=heading, read=read, published=published, factor=100.0, decimals=1)


def _oracles(rows: Rows, key: str) -> float:
    return number(rows[ORACLE], key) if ORACLE in rows else math.nan


GAPS = tuple(
    percent(f"Δ {side} {part}", gap(f"acc_{side}_{part}"))
    for side in ("forget", "retain")
    for part in ("train", "test")
)
"""Differences of the four accuracies from the oracle's, in percentage points."""

COST = Quantity(heading="cost / retraining", read=relative("gradient_evaluations"), decimals=2)
"""Gradients of rows, relative to retraining."""
