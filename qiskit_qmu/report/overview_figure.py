"""One figure for a notebook: what was forgotten, what was kept, and the attack, by method."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qiskit_qmu._check import not_empty
from qiskit_qmu.evaluation import Column
from qiskit_qmu.evaluation.columns import AUC
from qiskit_qmu.evaluation.method_summary import ORACLE, MethodSummary, find
from qiskit_qmu.report import drawing
from qiskit_qmu.report.forgotten_and_kept import FORGOTTEN_AND_KEPT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def overview_figure(summaries: Sequence[MethodSummary]) -> "Figure":
    """Draw the numbers to read first, each with its 95 % interval and the oracle's value.

    Args:
        summaries: One per method.

    Returns:
        A figure of matplotlib with a panel for each number that is known.

    Raises:
        InputError: There is no summary.
    """
    not_empty(summaries=summaries)
    known = {key for each in summaries for key, value in each.values.items() if value.known}
    pairs = FORGOTTEN_AND_KEPT
    pair = next((pair for pair in pairs if any(c.key in known for c in pair)), pairs[0])
    columns = [column for column in (*pair, AUC) if column.key in known]
    with drawing.style("overview"):
        figure, panels = drawing.method_panels(
            [summary.method for summary in summaries],
            [column.name for column in columns],
            gutter=0.9,
        )
        figure.set_facecolor("white")  # a notebook may be dark
        for axes, column in zip(panels, columns, strict=True):
            _dots(axes, column, summaries)
        drawing.legend(figure, [drawing.line(drawing.MUTED, "the oracle’s value", dashed=True)])
    return figure


def _dots(axes: "Axes", column: Column, summaries: Sequence[MethodSummary]) -> None:
    oracle = find(summaries, ORACLE)
    reference = oracle.values[column.key].value if oracle else math.nan
    if math.isfinite(reference):
        where = reference * column.factor
        axes.axvline(where, color=drawing.MUTED, linewidth=1.1, linestyle=drawing.DASHES)
    for row, summary in enumerate(summaries):
        interval, colour = summary.values[column.key], drawing.METHOD
        if summary.is_reference:
            colour = drawing.INK
        if interval.has_limits:
            ends = [interval.low * column.factor, interval.high * column.factor]
            axes.plot(ends, [row, row], "|-", color=colour, linewidth=1.1, markersize=5)
        if interval.known:
            axes.plot([interval.value * column.factor], [row], "o", color=colour, markersize=5.5)
        drawing.write_value(axes, row, column.show(interval.value), colour)
