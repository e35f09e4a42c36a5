"""What methods cost: bars of gradient evaluations, circuits and shots relative to retraining."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qiskit_qmu.evaluation import Column, MethodSummary
from qiskit_qmu.evaluation.columns import CIRCUITS, GRADIENTS, NOTHING, SHOTS, show_ratio
from qiskit_qmu.evaluation.method_summary import ORACLE, find
from qiskit_qmu.report import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COSTS = ((GRADIENTS, "Gradient evaluations"), (CIRCUITS, "Circuits"), (SHOTS, "Shots"))
_COLOURS = (drawing.TRAINED, drawing.UNSEEN, drawing.METHOD)


def has_costs(summaries: Sequence[MethodSummary]) -> bool:
    """Return whether there is a cost to draw."""
    return bool(_known(summaries))


def cost_bars(summaries: Sequence[MethodSummary], *, name: str) -> str:
    """Draw the costs of methods as multiples of the oracle's, a panel for each that is known.

    Args:
        summaries: One per method, the oracle among them.
        name: Put before every identifier of the figure.

    Returns:
        The ``<svg>`` element.
    """
    shown = _known(summaries)
    with drawing.style(name):
        figure, panels = drawing.method_panels(
            [summary.method for summary in summaries],
            [title for _, title in shown],
            gutter=1.35,
        )
        for axes, (column, _), colour in zip(panels, shown, _COLOURS, strict=False):
            _bars(axes, column, summaries, colour)
        drawing.legend(figure, [drawing.line(drawing.MUTED, "oracle: retraining", dashed=True)])
        return drawing.to_svg(
            figure, name=name, description="Cost of each method as a multiple of the oracle’s"
        )


def _known(summaries: Sequence[MethodSummary]) -> list[tuple[Column, str]]:
    return [
        (column, title)
        for column, title in _COSTS
        if any(math.isfinite(summary.relative_costs[column.key]) for summary in summaries)
    ]


def _bars(axes: "Axes", column: Column, summaries: Sequence[MethodSummary], colour: str) -> None:
    oracle = find(summaries, ORACLE)
    whole = oracle.values[column.key].value if oracle else math.nan
    for row, summary in enumerate(summaries):
        ratio, own = summary.relative_costs[column.key], summary.values[column.key]
        text = NOTHING
        if math.isfinite(ratio):
            axes.barh(row, ratio, 0.6, color=colour, alpha=0.85)
            if own.has_limits:
                ends = [own.low / whole, own.high / whole]
                axes.plot(ends, [row, row], "|-", color=drawing.INK, linewidth=1.1, markersize=5)
            text = f"×{show_ratio(ratio)} ({_short(own.value)})"
        drawing.write_value(axes, row, text, colour)
    axes.set_xlim(left=0.0)
    axes.axvline(1.0, color=drawing.MUTED, linewidth=1.1, linestyle=drawing.DASHES)
    axes.set_xlabel("multiple of the oracle’s")


def _short(count: float) -> str:
    """Return a count in a few characters, such as ``12.3 k``."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e4, "")):
        if count >= size and unit:
            return f"{count / size:.3g}{unit}"
    return f"{count / 1e3:.3g} k" if count >= 1e4 else f"{count:,.0f}"
