"""Compared: one number of a protocol's tables, ours beside theirs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from qiskit_qmu.experiments.reproduce.quantity import Quantity
from qiskit_qmu.metrics import Interval


@final
@dataclass(frozen=True, kw_only=True)
class Compared:
    """One number of ours beside theirs.

    Attributes:
        task: Its table.
        method: The method.
        quantity: What it is.
        ours: Mean over the seeds with its 95 % interval (Student's t), in the units shown; unknown
            limits of a single seed.
        seeds: How many seeds have the number.
        theirs: The published value; None without one.
    """

    task: str
    method: str
    quantity: Quantity
    ours: Interval
    seeds: int
    theirs: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return it as one tidy row of plain values; unknown numbers are None."""
        limits = {"ours": self.ours.value, "low": self.ours.low, "high": self.ours.high}
        known = {name: own if math.isfinite(own) else None for name, own in limits.items()}
        return {
            "task": self.task,
            "method": self.method,
            "quantity": self.quantity.heading,
            "unit": self.quantity.unit,
            **known,
            "seeds": self.seeds,
            "theirs": self.theirs,
        }


Ours: TypeAlias = Mapping[tuple[str, str, Quantity], Interval]
"""Our numbers by task, method and quantity."""


def ours_of(compared: Sequence[Compared]) -> Ours:
    """Return the numbers that are known."""
    return {(c.task, c.method, c.quantity): c.ours for c in compared if c.seeds}


@final
@dataclass(frozen=True, kw_only=True)
class StudyFigure:
    """A figure of a protocol.

    Attributes:
        name: Its file without the suffix.
        title: What it shows.
        svg: The ``<svg>`` element.
        caption: How to read it.
    """

    name: str
    title: str
    svg: str
    caption: str


@final
@dataclass(frozen=True, kw_only=True)
class StudyReport:
    """What a protocol's report shows, in whatever form.

    Attributes:
        title: The heading.
        compared: The numbers, in the order of the tables.
        notes: Lines below the tables.
        figures: Figures above the tables.
        quick: Whether the numbers mean nothing.
    """

    title: str
    compared: Sequence[Compared]
    notes: Sequence[str] = ()
    figures: Sequence[StudyFigure] = ()
    quick: bool = False
