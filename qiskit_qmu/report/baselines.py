"""What useless answers score: the numbers that a result has to be better than."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from qiskit_qmu.report.aggregate import ORACLE, ORIGINAL, MethodSummary, Row, find
from qiskit_qmu.report.fields import (
    AUC,
    FORGET_TRAIN,
    NOTHING,
    PAPER_CONTROL,
    PAPER_RATE,
    RETAIN_TEST,
)


@final
@dataclass(frozen=True, kw_only=True)
class Baseline:
    """One useless answer, or a reference, and its numbers as text.

    Args:
        name: Who answers.
        how: How the answer comes about.
        scores: One text per column of ``COLUMNS``.
    """

    name: str
    how: str
    scores: tuple[str, ...]


COLUMNS = (
    "forget accuracy, %",
    "retain accuracy, %",
    "forgotten called a member, %",
    "control called a member, %",
    "AUC",
)
"""Headings of ``Baseline.scores``."""


def baselines(
    summaries: Sequence[MethodSummary], *, num_classes: int | None = None
) -> tuple[Baseline, ...]:
    """List what useless attacks and useless models score, beside doing nothing and the oracle.

    Args:
        summaries: One per method, for the rows of the original and the oracle.
        num_classes: Number of classes, for chance; None where it is not known.

    Returns:
        The answers, useless ones first.
    """
    chance = f"{100 / num_classes:.1f}" if num_classes else "1 / classes"
    useless = (
        Baseline(
            name="always “member”",
            how="an attack that looks at nothing",
            scores=(NOTHING, NOTHING, "100", "100", "0.50"),
        ),
        Baseline(
            name="coin",
            how="an attack that tosses a coin",
            scores=(NOTHING, NOTHING, "50", "50", "0.50"),
        ),
        Baseline(
            name="chance",
            how="a model that guesses the class",
            scores=(chance, chance, NOTHING, NOTHING, "0.50"),
        ),
        Baseline(
            name="destroyed model",
            how="the same output for every row",
            scores=("0 or 100", f"about {chance}", "0 or 100", "the same", "0.50"),
        ),
    )
    references = (
        _reference(find(summaries, ORIGINAL), "do nothing"),
        _reference(find(summaries, ORACLE), "the aim"),
    )
    return (*useless, *(reference for reference in references if reference))


def num_classes_of(rows: Sequence[Row]) -> int | None:
    """Return the number of classes that the rows agree on, None where they do not name one."""
    found = {row["num_classes"] for row in rows if row.get("num_classes")}
    return found.pop() if len(found) == 1 else None


def _reference(summary: MethodSummary | None, how: str) -> Baseline | None:
    if summary is None:
        return None
    fields = (FORGET_TRAIN, RETAIN_TEST, PAPER_RATE, PAPER_CONTROL, AUC)
    return Baseline(
        name=summary.method,
        how=how,
        scores=tuple(field.show(summary.values[field.key].value) for field in fields),
    )
