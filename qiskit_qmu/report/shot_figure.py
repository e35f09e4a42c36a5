"""The figure of a comparison of shot counts: a panel for each number, a line for each model."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qiskit_qmu.attacks import SHOT_ATTACKS
from qiskit_qmu.evaluation import SHOT_RESULTS, Column
from qiskit_qmu.evaluation.columns import FORGET_TRAIN, JS_EXACT, RETAIN_TEST
from qiskit_qmu.evaluation.method_summary import ORACLE, ORIGINAL
from qiskit_qmu.report import drawing
from qiskit_qmu.report.shot_summary import AUCS, Row, ShotSummary, summarise_shots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLES: dict[str, str] = {
    RETAIN_TEST.key: "Accuracy, never-seen rows, %",
    FORGET_TRAIN.key: "Accuracy, forgotten rows, %",
    JS_EXACT.key: "Divergence from exact, nats",
    **{column.key: f"AUC from {column.heading}" for column in AUCS},
}
_COLUMNS = 3
_WIDTH, _PANEL_WIDTH, _PANEL_HEIGHT = 9.6, 2.6, 1.9
_LEFT, _STEP, _LINE_STEP, _TOP = 0.45, 3.15, 2.65, 0.6
_SPARE = 0.25
"""Inches below the last line of panels that a line step holds too much."""
_APART = 0.28
"""Distance between models at the same number of shots, in doublings."""
_LEAST_RANGE = 10.0
"""Smallest range of an axis of shares, in per cent."""
_AT_EXACT = {
    JS_EXACT.key: "0",
    **{key: "none" for key, attack in SHOT_ATTACKS.items() if attack.needs.counts},
}
"""What stands at the right end where exact values have nothing to show."""
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Places = dict[int | None, float]
"""Where each shot count stands on the axis; None: exact."""


def shot_figure(rows: Sequence[Row]) -> str:
    """Draw accuracy, divergence and AUC against shots, with 95 % intervals side by side.

    Args:
        rows: As for `summarise_shots`.

    Returns:
        The ``<svg>`` element.

    Raises:
        InputError: The rows cannot be used.
    """
    summaries = summarise_shots(rows)
    baseline = next((each for each in summaries if each.is_reference), None)
    lines: dict[str, list[ShotSummary]] = {}
    for summary in summaries:
        if not summary.is_reference:
            lines.setdefault(summary.model, []).append(summary)
    places = shot_places(
        [each.shots for each in summaries if each.shots is not None],
        exact=any(each.shots is None and not each.is_reference for each in summaries),
    )
    with drawing.style("shots"):
        figure, panels = grid_of_panels(len(SHOT_RESULTS))
        for axes, column in zip(panels, SHOT_RESULTS, strict=True):
            axes.set_title(_TITLES[column.key], pad=6)
            shot_axis(axes, places)
            for position, (model, own) in enumerate(lines.items()):
                beside = _APART * (position - (len(lines) - 1) / 2)
                _line(axes, column, own, places, _colour(model), _MARKERS[position], beside)
            _value_axis(axes, column, summaries)
            _mark_baseline(axes, column, baseline)
            if None in places and column.key in _AT_EXACT:
                _note_at_exact(axes, places[None], _AT_EXACT[column.key])
        drawing.legend(figure, _legend(list(lines), with_baseline=baseline is not None))
        return drawing.to_svg(
            figure,
            name="shots",
            description="Accuracy, divergence from exact outputs and membership AUC of each model "
            "against the number of shots",
        )


_MARKERS = ("o", "D", "s")


def shot_places(counts: Sequence[int], *, exact: bool = False) -> Places:
    """Put shot counts at their logarithm, and exact values as far off as a step of four.

    Args:
        counts: Shot counts.
        exact: Whether there are exact values.
    """
    places: Places = {count: math.log2(count) for count in sorted(set(counts))}
    if exact:
        places[None] = max(places.values(), default=0.0) + 2.0
    return places


def grid_of_panels(count: int) -> tuple["Figure", list["Axes"]]:
    """Return a figure with panels in lines of three, with room for a legend above."""
    from matplotlib.figure import Figure

    lines = -(-count // _COLUMNS)
    height = _TOP + lines * _LINE_STEP - _SPARE
    figure = Figure(figsize=(_WIDTH, height))
    panels = []
    for index in range(count):
        line, place = divmod(index, _COLUMNS)
        left = _LEFT + place * _STEP
        bottom = height - _TOP - _PANEL_HEIGHT - line * _LINE_STEP
        box = (left / _WIDTH, bottom / height, _PANEL_WIDTH / _WIDTH, _PANEL_HEIGHT / height)
        axes = figure.add_axes(box)
        axes.grid(axis="y", color=drawing.GRID, linewidth=0.7)
        axes.set_axisbelow(True)
        panels.append(axes)
    return figure, panels


def shot_axis(axes: "Axes", places: Places) -> None:
    """Mark shot counts on a panel's horizontal axis."""
    names = ["exact" if count is None else _short(count) for count in places]
    axes.set_xticks(list(places.values()), names)
    margin = 0.7
    axes.set_xlim(min(places.values()) - margin, max(places.values()) + margin)
    axes.set_xlabel("shots (logarithmic)")
    axes.tick_params(axis="x", labelsize=8.5)


def _short(count: int) -> str:
    return f"{count // 1024}k" if count >= 1024 and count % 1024 == 0 else f"{count}"


def _line(
    axes: "Axes",
    column: Column,
    summaries: Sequence[ShotSummary],
    places: Places,
    colour: str,
    marker: str,
    beside: float,
) -> None:
    """Draw one model: a line over shot counts, its exact value apart, and their intervals.

    Args:
        axes: The panel.
        column: What it shows.
        summaries: Those of the model.
        places: Where each shot count stands.
        colour: Colour of the model.
        marker: Marker of the model.
        beside: How far from these places the model stands, so that intervals do not overlap.
    """
    known = [
        each
        for each in summaries
        if each.values[column.key].known and not (each.shots is None and column is JS_EXACT)
    ]
    sampled = [each for each in known if each.shots is not None]
    for group, width in ((sampled, 1.2), (known[len(sampled) :], 0.0)):
        if not group:
            continue
        x = [places[each.shots] + beside for each in group]
        value, low, high = zip(*(_ends(column, each) for each in group), strict=True)
        axes.vlines(x, low, high, color=colour, linewidth=1.1, alpha=0.6)
        axes.plot(x, value, color=colour, linewidth=width, marker=marker, markersize=3.6)


def _ends(column: Column, summary: ShotSummary) -> tuple[float, float, float]:
    """Return the value as drawn and the ends of its interval, both the value without one."""
    interval, scale = summary.values[column.key], _scale(column)
    if not interval.has_limits:
        return (interval.value * scale,) * 3
    return interval.value * scale, interval.low * scale, interval.high * scale


def _scale(column: Column) -> float:
    return 1.0 if column is JS_EXACT else column.factor


def _value_axis(axes: "Axes", column: Column, summaries: Sequence[ShotSummary]) -> None:
    if column is JS_EXACT:
        _divergence_axis(axes, summaries)
    elif column in AUCS:
        # One scale for all attacks, so that they can be compared.
        ends = [
            end
            for summary in summaries
            for auc in AUCS
            for end in _ends(auc, summary)
            if math.isfinite(end)
        ]
        reach = min(0.5, max(0.15, *(abs(end - 0.5) * 1.05 for end in ends)))
        axes.set_ylim(0.5 - reach, 0.5 + reach)
    else:
        _share_axis(axes, column, summaries)


def _share_axis(axes: "Axes", column: Column, summaries: Sequence[ShotSummary]) -> None:
    """Show the range of the models' shares, so that small differences can be seen."""
    ends = [
        end
        for summary in summaries
        if not summary.is_reference and summary.values[column.key].known
        for end in _ends(column, summary)
    ]
    low, high = min(ends, default=0.0), max(ends, default=100.0)
    margin = max(0.08 * (high - low), (_LEAST_RANGE - (high - low)) / 2, 0.5)
    axes.set_ylim(max(-4.0, low - margin), min(104.0, high + margin))


def _divergence_axis(axes: "Axes", summaries: Sequence[ShotSummary]) -> None:
    values = [each.values[JS_EXACT.key].value for each in summaries if not each.is_reference]
    positive = [value for value in values if value > 0]
    if not positive:
        axes.set_yticks([])
        return
    axes.set_yscale("log")
    axes.set_ylim(min(positive) / 3, max(positive) * 5)
    axes.yaxis.set_major_formatter(
        lambda value, _: "10" + str(round(math.log10(value))).translate(_SUPERSCRIPT)
    )
    axes.minorticks_off()


def _mark_baseline(axes: "Axes", column: Column, baseline: ShotSummary | None) -> None:
    if baseline is None or column is JS_EXACT or not baseline.values[column.key].known:
        return
    value = baseline.values[column.key].value * column.factor
    low, high = axes.get_ylim()
    if low <= value <= high:
        drawing.level(axes, value)
        return
    height, arrow = (0.03, "↓") if value < low else (0.9, "↑")
    axes.text(
        0.02,
        height,
        f"{arrow} baseline {value:.0f}",
        transform=axes.transAxes,
        color=drawing.MUTED,
        fontsize=8.5,
    )


def _note_at_exact(axes: "Axes", place: float, text: str) -> None:
    axes.text(
        place,
        0.04,
        text,
        transform=axes.get_xaxis_transform(),
        color=drawing.MUTED,
        fontsize=8.5,
        ha="center",
    )


def _colour(model: str) -> str:
    return {ORIGINAL: drawing.TRAINED, ORACLE: drawing.MUTED}.get(model, drawing.METHOD)


def _legend(models: Sequence[str], *, with_baseline: bool) -> list[Any]:
    from matplotlib.lines import Line2D

    handles: list[Any] = [
        Line2D([], [], color=_colour(model), marker=_MARKERS[position], markersize=4, label=label)
        for position, model in enumerate(models)
        for label in [f"{drawing.short_name(model)}, 95 % interval"]
    ]
    if with_baseline:
        handles.append(drawing.line(drawing.INK, "baseline", dashed=True))
    return handles
