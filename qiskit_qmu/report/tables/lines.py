"""The lines of the tables: methods, what they are compared with, and what guessing scores."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from qiskit_qmu.evaluation import COSTS, Column, MethodSummary
from qiskit_qmu.evaluation.columns import (
    AUC,
    CHANCE,
    COIN,
    DESTROYED,
    FORGET_TEST,
    FORGET_TRAIN,
    GRADIENTS,
    JS_FORGET,
    JS_RETAIN,
    REFERENCE_AUC,
    RETAIN_TEST,
    RETAIN_TRAIN,
    VALUE_COLUMNS,
)
from qiskit_qmu.evaluation.method_summary import ORACLE, ORIGINAL, shown_columns
from qiskit_qmu.report.page_tables import baseline_score, num_classes_of
from qiskit_qmu.report.tables.groups import Group

NOTES = {
    ORIGINAL: "doing nothing",
    ORACLE: "retrained: the aim",
    "guessing": "looks at nothing",
    "destroyed": "one output for every row",
}
"""What the lines that are no methods are."""

_USELESS = {"guessing": (CHANCE, COIN), "destroyed": (DESTROYED, COIN)}

_COMPARED = (
    FORGET_TRAIN,
    FORGET_TEST,
    RETAIN_TRAIN,
    RETAIN_TEST,
    *VALUE_COLUMNS,
    AUC,
    REFERENCE_AUC,
    JS_FORGET,
    JS_RETAIN,
)


@final
@dataclass(frozen=True, eq=False)
class Line:
    """One line: a method of a group, or an answer that looks at nothing.

    Attributes:
        group: Its group.
        name: Method or answer.
        summary: Its numbers over the seeds; None for an answer that looks at nothing.
        num_classes: Number of classes, for chance; None where it is not known.
    """

    group: Group
    name: str
    summary: MethodSummary | None
    num_classes: int | None = None

    @property
    def is_reference(self) -> bool:
        """Whether it is no method."""
        return self.summary is None or self.summary.is_reference

    def useless_score(self, column: Column) -> str:
        """Return what an answer scores that looks at nothing, as text."""
        first, second = _USELESS[self.name]
        return baseline_score(column, first, self.num_classes, or_else=second)


def lines_of(group: Group) -> Iterator[Line]:
    """Yield original, oracle, methods, and what a useless method scores."""
    classes = num_classes_of(group.rows)
    for summary in group.summaries:
        yield Line(group, summary.method, summary, classes)
    if group.summaries and shown_columns(group.summaries):
        for name in _USELESS:
            yield Line(group, name, None, classes)


def compared_columns(groups: Sequence[Group]) -> tuple[Column, ...]:
    """Return the columns in which methods are compared with the oracle, where there is a number."""
    summaries = [summary for group in groups for summary in group.summaries]
    shown = {column.key for column in shown_columns(summaries)} if summaries else set()
    return tuple(column for column in _COMPARED if column.key in shown)


def every_column(groups: Sequence[Group]) -> tuple[Column, ...]:
    """Return all columns in which there is a number, those of results first."""
    summaries = [summary for group in groups for summary in group.summaries]
    if not summaries:
        return ()
    costs = (cost for cost in COSTS if any(each.values[cost.key].known for each in summaries))
    return (*shown_columns(summaries), *costs)


def text_columns(groups: Sequence[Group]) -> tuple[Column, ...]:
    """Return the columns that fit a table in print."""
    narrow = (FORGET_TRAIN, FORGET_TEST, RETAIN_TEST, *VALUE_COLUMNS, AUC, JS_FORGET)
    return tuple(column for column in compared_columns(groups) if column in narrow)


def relative_cost(line: Line) -> float:
    """Return gradient evaluations relative to retraining; NaN where that is not known."""
    return math.nan if line.summary is None else line.summary.relative_costs[GRADIENTS.key]
