"""The figures of a report, each one an SVG element as text.

Rows are methods, blue is what the original was trained on, vermilion is what no model has seen.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qiskit_qmu._check import not_empty
from qiskit_qmu.evaluation.columns import (
    AUC,
    CIRCUITS,
    FORGET_TEST,
    FORGET_TRAIN,
    GRADIENTS,
    NOTHING,
    PAPER_CONTROL,
    PAPER_RATE,
    RETAIN_TEST,
    RETAIN_TRAIN,
    Column,
    show_ratio,
)
from qiskit_qmu.evaluation.method_summary import ORACLE, MethodSummary, find
from qiskit_qmu.metrics import Interval
from qiskit_qmu.report import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COSTS = (GRADIENTS, CIRCUITS)

_LOG_FROM = 20.0
"""Ratio between the largest and the smallest cost from which a linear axis hides the smallest."""


def accuracy_figure(summaries: Sequence[MethodSummary]) -> str:
    """Draw forget and retain accuracy as bars with intervals, on train and test rows.

    Args:
        summaries: One per method; the oracle's values become dashed lines.

    Returns:
        The ``<svg>`` element.

    Raises:
        InputError: There is no summary.
    """
    not_empty(summaries=summaries)
    with drawing.style("accuracy"):
        figure, panels = drawing.method_panels(
            [summary.method for summary in summaries],
            ["Accuracy on what was forgotten", "Accuracy on what was retained"],
        )
        columns = ((FORGET_TRAIN, FORGET_TEST), (RETAIN_TRAIN, RETAIN_TEST))
        for axes, (train, test) in zip(panels, columns, strict=True):
            _bars(axes, train, summaries, offset=-0.19, colour=drawing.TRAINED)
            _bars(axes, test, summaries, offset=0.19, colour=drawing.UNSEEN)
            _percent_axis(axes, "accuracy, %")
        drawing.legend(
            figure,
            [
                drawing.patch(drawing.TRAINED, "training rows"),
                drawing.patch(drawing.UNSEEN, "test rows, never seen"),
                drawing.line(drawing.MUTED, "the oracle’s value", dashed=True),
            ],
        )
        return drawing.to_svg(
            figure, name="accuracy", description="Forget and retain accuracy of each method"
        )


def membership_figure(summaries: Sequence[MethodSummary]) -> str:
    """Draw the paper's membership rate beside its control, and the attack's AUC.

    Args:
        summaries: One per method.

    Returns:
        The ``<svg>`` element.

    Raises:
        InputError: There is no summary.
    """
    not_empty(summaries=summaries)
    rates_known = any(summary.values[PAPER_RATE.key].known for summary in summaries)
    auc_known = any(summary.values[AUC.key].known for summary in summaries)
    with_rates = rates_known or not auc_known
    titles = ["Called a member by the paper’s attack"] if with_rates else []
    with drawing.style("membership"):
        figure, panels = drawing.method_panels(
            [summary.method for summary in summaries], [*titles, "AUC of the attack"]
        )
        handles = []
        if with_rates:
            for column, offset, colour, shape, label in (
                (PAPER_RATE, -0.19, drawing.TRAINED, "o", "forgotten rows"),
                (PAPER_CONTROL, 0.19, drawing.UNSEEN, "D", "control: never-seen rows"),
            ):
                _dots(panels[0], column, summaries, offset=offset, colour=colour, marker=shape)
                handles.append(drawing.marker(colour, shape, label))
            _percent_axis(panels[0], "share called a member, %")
        _dots(panels[-1], AUC, summaries, offset=0.0, colour=drawing.METHOD, marker="s")
        _auc_axis(panels[-1], [summary.values[AUC.key] for summary in summaries])
        label = "AUC, members against never-seen rows of the class"
        drawing.legend(figure, [*handles, drawing.marker(drawing.METHOD, "s", label)])
        return drawing.to_svg(
            figure,
            name="membership",
            description="Membership rate with its control, and attack AUC, of each method",
        )


def cost_figure(summaries: Sequence[MethodSummary]) -> str:
    """Draw what each method cost as a multiple of the oracle's cost.

    The axis is logarithmic where the costs lie far apart; a cost of 0 stands at its left end.

    Args:
        summaries: One per method.

    Returns:
        The ``<svg>`` element.

    Raises:
        InputError: There is no summary.
    """
    not_empty(summaries=summaries)
    with drawing.style("cost"):
        figure, (axes,) = drawing.method_panels(
            [summary.method for summary in summaries], ["Cost, relative to the oracle"], gutter=1.9
        )
        low = _cost_axis(axes, summaries)
        for column, offset, colour, marker in (
            (GRADIENTS, -0.19, drawing.TRAINED, "o"),
            (CIRCUITS, 0.19, drawing.UNSEEN, "D"),
        ):
            _cost_dots(axes, column, summaries, offset, colour, marker, low)
        drawing.legend(
            figure,
            [
                drawing.marker(drawing.TRAINED, "o", "gradient evaluations"),
                drawing.marker(drawing.UNSEEN, "D", "circuits"),
                drawing.line(drawing.MUTED, "oracle: retraining", dashed=True),
            ],
        )
        return drawing.to_svg(
            figure, name="cost", description="Cost of each method as a multiple of the oracle’s"
        )


def _bars(
    axes: "Axes", column: Column, summaries: Sequence[MethodSummary], *, offset: float, colour: str
) -> None:
    known = [(row, interval) for row, interval in _rows(column, summaries) if interval.known]
    axes.barh(
        [row + offset for row, _ in known],
        [interval.value * column.factor for _, interval in known],
        0.34,
        color=colour,
        alpha=0.85,
    )
    for row, interval in _rows(column, summaries):
        _whisker(axes, column, interval, row + offset, drawing.INK)
        drawing.write_value(axes, row + offset, _written(column, interval), colour)
    oracle = find(summaries, ORACLE)
    if oracle and oracle.values[column.key].known:
        where = oracle.values[column.key].value * column.factor
        axes.axvline(where, color=colour, linewidth=1.1, linestyle=drawing.DASHES)


def _dots(
    axes: "Axes",
    column: Column,
    summaries: Sequence[MethodSummary],
    *,
    offset: float,
    colour: str,
    marker: str,
) -> None:
    for row, interval in _rows(column, summaries):
        height = row + offset
        if interval.known:
            _whisker(axes, column, interval, height, colour)
            axes.plot(
                [interval.value * column.factor],
                [height],
                marker,
                color=colour,
                markersize=5.5,
                clip_on=False,
            )
        drawing.write_value(axes, height, _written(column, interval), colour)


def _cost_axis(axes: "Axes", summaries: Sequence[MethodSummary]) -> float:
    """Choose the scale of the cost axis and return its lower end."""
    ratios = [summary.relative_costs[column.key] for summary in summaries for column in _COSTS]
    positive = [ratio for ratio in ratios if ratio > 0] + [1.0]
    logarithmic = max(positive) / min(positive) > _LOG_FROM
    low = min(positive) / 2 if logarithmic else 0.0
    if logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda ratio, _: f"{ratio:g}")
        axes.xaxis.set_minor_formatter("")
    axes.set_xlim(low, max(positive) * (2 if logarithmic else 1.08))
    axes.set_xlabel(f"multiple of the oracle’s cost ({'logarithmic' if logarithmic else 'linear'})")
    axes.axvline(1.0, color=drawing.MUTED, linewidth=1.1, linestyle=drawing.DASHES)
    return low


def _cost_dots(
    axes: "Axes",
    column: Column,
    summaries: Sequence[MethodSummary],
    offset: float,
    colour: str,
    marker: str,
    low: float,
) -> None:
    for row, summary in enumerate(summaries):
        ratio = summary.relative_costs[column.key]
        text = NOTHING
        if math.isfinite(ratio):
            # An open marker at the edge: 0 has no place on a logarithmic axis.
            face = colour if ratio > low else "none"
            place = max(ratio, low)
            axes.plot([low, place], [row + offset] * 2, color=colour, linewidth=1.2, alpha=0.5)
            axes.plot(
                [place],
                [row + offset],
                marker,
                color=colour,
                markerfacecolor=face,
                markersize=5.5,
                clip_on=False,
            )
            text = f"×{show_ratio(ratio)} ({column.show(summary.values[column.key].value)})"
        drawing.write_value(axes, row + offset, text, colour)


def _rows(column: Column, summaries: Sequence[MethodSummary]) -> list[tuple[int, Interval]]:
    return [(row, summary.values[column.key]) for row, summary in enumerate(summaries)]


def _whisker(axes: "Axes", column: Column, interval: Interval, height: float, colour: str) -> None:
    if interval.has_limits:
        ends = [interval.low * column.factor, interval.high * column.factor]
        axes.plot(ends, [height, height], "|-", color=colour, linewidth=1.1, markersize=5)


def _written(column: Column, interval: Interval) -> str:
    if not interval.has_limits:
        return column.show(interval.value)
    return f"{column.show(interval.value)} ±{column.show(interval.spread)}"


def _percent_axis(axes: "Axes", label: str) -> None:
    axes.set_xlim(0, 100)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel(label)


def _auc_axis(axes: "Axes", intervals: Sequence[Interval]) -> None:
    ends = [end for e in intervals for end in (e.value, e.low, e.high) if math.isfinite(end)]
    reach = min(0.5, max([0.1, *(abs(end - 0.5) * 1.1 for end in ends)]))
    axes.set_xlim(0.5 - reach, 0.5 + reach)
    axes.axvline(0.5, color=drawing.MUTED, linewidth=1.1, linestyle=drawing.DASHES)
    axes.set_xlabel("over-forgotten ← ½: no leak → still a member")
