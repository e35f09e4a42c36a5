"""Tables of results in Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """One table of a benchmark.

    Attributes:
        title: What was measured, at which size.
        header: Names of the columns; the first holds text, the others numbers.
        rows: Cells as text.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        lines = [self.header, ["--", *["--:"] * (len(self.header) - 1)], *self.rows]
        body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"{self.title}\n\n{body}\n"


def times(title: str, seconds: dict[str, float], reference: str) -> Table:
    """Return a table of seconds and of ratios to the row ``reference``."""
    rows = [
        (name, duration(value), f"{number(value / seconds[reference])}")
        for name, value in seconds.items()
    ]
    return Table(title, ("engine", "time", "ratio"), rows)


def duration(seconds: float) -> str:
    """Return seconds with a unit that suits them."""
    unit, scale = ("s", 1.0) if seconds >= 1 else ("ms", 1e3)
    return f"{number(seconds * scale)} {unit}"


def number(value: float) -> str:
    """Return a number to three digits."""
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 0.1 else 3
    return f"{value:,.{decimals}f}"


def check_ratio(seconds: dict[str, float], ours: str, limits: dict[str, float]) -> None:
    """Assert that each engine in ``limits`` takes so many times as long as ours."""
    ratios = {name: seconds[name] / seconds[ours] for name in limits}
    short = [
        f"{name} takes {number(ratios[name])} times as long, not {number(limit)}"
        for name, limit in limits.items()
        if ratios[name] < limit
    ]
    assert not short, "; ".join(short)
