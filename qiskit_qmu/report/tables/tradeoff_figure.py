"""What was forgotten against what was kept: a panel for each group, with its Pareto front."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from qiskit_qmu.evaluation import Column
from qiskit_qmu.evaluation.columns import RETAIN_TEST
from qiskit_qmu.evaluation.method_summary import ORACLE, ORIGINAL, MethodSummary, find
from qiskit_qmu.metrics import Interval
from qiskit_qmu.report import drawing
from qiskit_qmu.report.forgotten_and_kept import FORGOTTEN_AND_KEPT
from qiskit_qmu.report.page_tables import num_classes_of
from qiskit_qmu.report.tables.groups import Group

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 3
_WIDTH = 9.6
_PANEL = (2.5, 2.1)
_STEP = (3.15, 3.1)
_LEFT, _TOP = 0.75, 0.85


@final
@dataclass(frozen=True)
class Point:
    """A method between forgetting and keeping.

    Attributes:
        method: Its name.
        distance: How far its forgotten rows are from the oracle's, in the shown unit, at least 0.
        kept: What it kept, in the shown unit.
    """

    method: str
    distance: Interval
    kept: Interval


def has_tradeoff(group: Group) -> bool:
    """Return whether there is a method to draw."""
    return bool(_points(group.summaries))


def front(points: Sequence[Point], *, lower_is_better: bool = False) -> list[Point]:
    """Return the points that no other is at least as near and as good as, the nearest first.

    Args:
        points: The methods.
        lower_is_better: Whether less is better of what was kept, as of a loss.
    """
    sign = -1 if lower_is_better else 1
    best: list[Point] = []
    for point in sorted(points, key=lambda p: (p.distance.value, -sign * p.kept.value)):
        if not best or sign * point.kept.value > sign * best[-1].kept.value:
            best.append(point)
    return best


def tradeoff_figure(groups: Sequence[Group]) -> str:
    """Draw a panel for each group: how near forgotten rows are to the oracle's, and what is kept.

    Args:
        groups: Groups that have a trade-off.

    Returns:
        The ``<svg>`` element.
    """
    methods = list(
        dict.fromkeys(s.method for group in groups for s in group.summaries if not s.is_reference)
    )
    numbers = {method: str(place) for place, method in enumerate(methods, start=1)}
    with drawing.style("tradeoff"):
        figure, panels = _panels(groups)
        for axes, group in zip(panels, groups, strict=True):
            _draw(axes, group, numbers)
        drawing.legend(
            figure,
            [
                drawing.marker(drawing.METHOD, "o", "method on the Pareto front"),
                _hollow("other method"),
                drawing.marker(drawing.TRAINED, "s", "original: doing nothing"),
                drawing.marker(drawing.INK, "*", "oracle"),
                drawing.marker(drawing.MUTED, "x", "guessing"),
            ],
        )
        named = " · ".join(f"{place} {method}" for method, place in numbers.items())
        height = figure.get_size_inches()[1]
        figure.text(0.006, 1 - 0.42 / height, named, fontsize=9, color=drawing.INK, va="top")
        return drawing.to_svg(
            figure,
            name="tradeoff",
            description="Distance of forgotten rows from the oracle against what was kept",
        )


def _hollow(label: str) -> object:
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        marker="o",
        linestyle="none",
        color=drawing.METHOD,
        markerfacecolor="none",
        label=label,
    )


def _panels(groups: Sequence[Group]) -> tuple["Figure", list["Axes"]]:
    from matplotlib.figure import Figure

    lines = -(-len(groups) // _COLUMNS)
    height = _TOP + lines * _STEP[1]
    figure = Figure(figsize=(_WIDTH, height))
    panels = []
    for index in range(len(groups)):
        line, column = divmod(index, _COLUMNS)
        left = _LEFT + column * _STEP[0]
        bottom = height - _TOP - _PANEL[1] - 0.3 - line * _STEP[1]
        box = (left / _WIDTH, bottom / height, _PANEL[0] / _WIDTH, _PANEL[1] / height)
        panels.append(figure.add_axes(box))
    return figure, panels


def _pair(summaries: Sequence[MethodSummary]) -> tuple[Column, Column]:
    known = {key for summary in summaries for key, value in summary.values.items() if value.known}
    pairs = FORGOTTEN_AND_KEPT
    return next((pair for pair in pairs if all(c.key in known for c in pair)), pairs[0])


def _points(summaries: Sequence[MethodSummary]) -> list[Point]:
    forget, retain = _pair(summaries)
    points = []
    for summary in summaries:
        gap, kept = summary.gaps[forget.key], summary.values[retain.key]
        if summary.method != ORACLE and gap.known and kept.known:
            own = _scaled(kept, retain.factor)
            points.append(Point(summary.method, _folded(_scaled(gap, forget.factor)), own))
    return points


def _scaled(interval: Interval, factor: float) -> Interval:
    return Interval(interval.value * factor, interval.low * factor, interval.high * factor)


def _folded(gap: Interval) -> Interval:
    """Return how far a gap is from 0."""
    ends = sorted((abs(gap.low), abs(gap.high)))
    low = 0.0 if gap.has_limits and 0.0 in gap else ends[0]
    return Interval(abs(gap.value), low, ends[1])


def _draw(axes: "Axes", group: Group, numbers: dict[str, str]) -> None:
    forget, retain = _pair(group.summaries)
    points = _points(group.summaries)
    methods = [point for point in points if point.method != ORIGINAL]
    best = front(methods, lower_is_better=retain.better == "lower")
    for point in points:
        colour = drawing.TRAINED if point.method == ORIGINAL else drawing.METHOD
        _whiskers(axes, point, colour)
    steps = [(p.distance.value, p.kept.value) for p in best]
    if steps:
        x, y = zip(*steps, strict=True)
        axes.step(x, y, where="post", color=drawing.METHOD, linewidth=1.2)
    for point in points:
        is_original = point.method == ORIGINAL
        axes.plot(
            [point.distance.value],
            [point.kept.value],
            "s" if is_original else "o",
            color=drawing.TRAINED if is_original else drawing.METHOD,
            markerfacecolor=None if is_original or point in best else "none",
            markersize=5.5,
            clip_on=False,
        )
    _references(axes, group, forget, retain)
    axes.margins(0.08)
    axes.set_xlim(left=0.0)
    if retain is RETAIN_TEST:
        low, high = axes.get_ylim()
        axes.set_ylim(max(0.0, low), min(103.0, high))
    _labels(axes, methods, numbers)
    title = textwrap.fill(group.short_label or "all runs", 36, max_lines=3, placeholder=" …")
    axes.set_title(title, pad=5, fontsize=8)
    axes.set_xlabel(f"{_points_of(forget)} from the oracle", fontsize=8.5)
    axes.set_ylabel(f"{retain.name}{retain.unit and f', {retain.unit}'}", fontsize=8.5)
    axes.grid(color=drawing.GRID, linewidth=0.7)
    axes.set_axisbelow(True)


def _points_of(column: Column) -> str:
    unit = "points of " if column.unit == "%" else "distance of "
    return f"{unit}{column.group}"


def _whiskers(axes: "Axes", point: Point, colour: str) -> None:
    x, y = point.distance, point.kept
    style: dict[str, Any] = {"color": colour, "linewidth": 0.8, "alpha": 0.35}
    if x.has_limits:
        axes.plot([x.low, x.high], [y.value, y.value], **style)
    if y.has_limits:
        axes.plot([x.value, x.value], [y.low, y.high], **style)


def _references(axes: "Axes", group: Group, forget: Column, retain: Column) -> None:
    oracle = find(group.summaries, ORACLE)
    if oracle is None or not oracle.values[retain.key].known:
        return
    kept = oracle.values[retain.key].value * retain.factor
    drawing.level(axes, kept, colour=drawing.MUTED)
    axes.plot([0.0], [kept], "*", color=drawing.INK, markersize=9, clip_on=False)
    classes = num_classes_of(group.rows)
    if retain is RETAIN_TEST and classes:
        chance = 100 / classes
        distance = abs(chance - oracle.values[forget.key].value * forget.factor)
        if math.isfinite(distance):
            axes.plot([distance], [chance], "x", color=drawing.MUTED, markersize=6, clip_on=False)


def _labels(axes: "Axes", methods: Sequence[Point], numbers: dict[str, str]) -> None:
    """Write numbers beside dots; dots that lie on each other share a label."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    near = (0.06 * (right - left), 0.07 * (high - low))
    clusters: list[list[Point]] = []
    for point in methods:
        for cluster in clusters:
            first = cluster[0]
            if (
                abs(point.distance.value - first.distance.value) < near[0]
                and abs(point.kept.value - first.kept.value) < near[1]
            ):
                cluster.append(point)
                break
        else:
            clusters.append([point])
    for place, cluster in enumerate(sorted(clusters, key=lambda own: own[0].distance.value)):
        first, is_below = cluster[0], place % 2 == 0
        axes.annotate(
            ", ".join(numbers[point.method] for point in cluster),
            (first.distance.value, first.kept.value),
            xytext=(5, -4 if is_below else 4),
            textcoords="offset points",
            va="top" if is_below else "bottom",
            fontsize=8.5,
            color=drawing.INK,
        )
