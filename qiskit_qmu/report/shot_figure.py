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
_AT_EXACT = {
    JS_EXACT.key: "0",
    **{key: "none" for key, attack in SHOT_ATTACKS.items() if attack.needs.counts},
}
"""What stands at the right end where exact values have nothing to show."""
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Places = dict[int | None, float]
"""Where each shot count stands on the axis; None: exact."""


def shot_figure(rows: Sequence[Row]) -> str:
    """Draw accuracy, divergence and AUC against shots, with 95 % bands.

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
    places = _places(summaries)
    with drawing.style("shots"):
        figure, panels = _grid()
        for axes, column in zip(panels, SHOT_RESULTS, strict=True):
            axes.set_title(_TITLES[column.key], pad=6)
            _shot_axis(axes, places)
            for position, (model, own) in enumerate(lines.items()):
                _line(axes, column, own, places, _colour(model), position)
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


def _places(summaries: Sequence[ShotSummary]) -> Places:
    """Put shot counts at their logarithm, and exact values as far off as a step of four."""
    counts = sorted({each.shots for each in summaries if each.shots is not None})
    places: Places = {count: math.log2(count) for count in counts}
    if any(each.shots is None and not each.is_reference for each in summaries):
        places[None] = max(places.values(), default=0.0) + 2.0
    return places


def _grid() -> tuple["Figure", list["Axes"]]:
    from matplotlib.figure import Figure

    lines = -(-len(SHOT_RESULTS) // _COLUMNS)
    height = _TOP + lines * _LINE_STEP - _SPARE
    figure = Figure(figsize=(_WIDTH, height))
    panels = []
    for index in range(len(SHOT_RESULTS)):
        line, place = divmod(index, _COLUMNS)
        left = _LEFT + place * _STEP
        bottom = height - _TOP - _PANEL_HEIGHT - line * _LINE_STEP
        box = (left / _WIDTH, bottom / height, _PANEL_WIDTH / _WIDTH, _PANEL_HEIGHT / height)
        axes = figure.add_axes(box)
        axes.grid(axis="y", color=drawing.GRID, linewidth=0.7)
        axes.set_axisbelow(True)
        panels.append(axes)
    return figure, panels


def _shot_axis(axes: "Axes", places: Places) -> None:
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
    position: int,
) -> None:
    """Draw one model: a band over shot counts, and its exact value apart from it and others."""
    known = [each for each in summaries if each.values[column.key].known]
    sampled = [each for each in known if each.shots is not None]
    marks: dict[str, Any] = {"color": colour, "marker": _MARKERS[position], "markersize": 3.6}
    if sampled:
        x = [places[each.shots] for each in sampled]
        value, low, high = zip(*(_ends(column, each) for each in sampled), strict=True)
        axes.fill_between(x, low, high, color=colour, alpha=0.14, linewidth=0)
        axes.plot(x, value, linewidth=1.5, **marks)
    for each in known:
        if each.shots is None and column is not JS_EXACT:
            place = places[None] + _APART * (position - 1)
            middle, bottom, top = _ends(column, each)
            axes.plot([place, place], [bottom, top], color=colour, linewidth=1.2, alpha=0.6)
            axes.plot([place], [middle], **marks)


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
        axes.set_ylim(-4, 104)


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
    axes.axhline(
        baseline.values[column.key].value * column.factor,
        color=drawing.INK,
        linewidth=0.9,
        linestyle=(0, (4, 3)),
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
        for label in [f"{drawing.short_name(model)}, 95 % band"]
    ]
    if with_baseline:
        handles.append(drawing.line(drawing.INK, "baseline", dashed=True))
    return handles
