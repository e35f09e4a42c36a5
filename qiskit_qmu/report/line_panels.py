"""Lines against a few ordered settings, in panels, with an interval at each point."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

from qiskit_qmu.metrics import Interval
from qiskit_qmu.report import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = (drawing.TRAINED, drawing.UNSEEN, drawing.METHOD, drawing.INK)
_MARKERS = ("o", "D", "s", "^")
_WIDTH, _TOP, _PANEL_HEIGHT, _STEP = 9.6, 0.35, 1.75, 2.5
_LEFT, _GUTTER, _RIGHT = 0.75, 0.75, 0.1
_BESIDE = 0.11
_ROOM_FOR_NAMES = 0.6


@final
@dataclass(frozen=True, kw_only=True)
class LinePanel:
    """A panel.

    Attributes:
        title: Above it.
        y_label: Name and unit of what it shows; panels with the same one have the same range.
        lines: For each of at most four lines its values by place on the axis.
        levels: Values of dashed lines with what they are called.
        bounds: Smallest and largest value that is possible; an interval ends there.
    """

    title: str
    y_label: str
    lines: Mapping[str, Mapping[str, Interval]]
    levels: Mapping[str, float] = field(default_factory=dict)
    bounds: tuple[float, float] = (-math.inf, math.inf)


def line_figure(
    panels: Sequence[LinePanel],
    *,
    name: str,
    places: Sequence[str],
    x_label: str,
    description: str,
    columns: int = 3,
) -> str:
    """Draw panels side by side under one legend.

    Args:
        panels: The panels.
        name: Put before every identifier of the figure.
        places: Places on the horizontal axis, in their order.
        x_label: What they are.
        description: What the figure shows, for those who cannot see it.
        columns: Panels side by side.

    Returns:
        The ``<svg>`` element.
    """
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(line for panel in panels for line in panel.lines))
    with drawing.style(name):
        rows = -(-len(panels) // columns)
        height = _TOP + rows * _STEP
        figure = Figure(figsize=(_WIDTH, height))
        width = (_WIDTH - _LEFT - _RIGHT - (columns - 1) * _GUTTER) / columns
        drawn: dict[str, list[Axes]] = {}
        for index, panel in enumerate(panels):
            row, column = divmod(index, columns)
            left = _LEFT + column * (width + _GUTTER)
            bottom = height - _TOP - 0.25 - _PANEL_HEIGHT - row * _STEP
            axes = figure.add_axes(
                (left / _WIDTH, bottom / height, width / _WIDTH, _PANEL_HEIGHT / height)
            )
            _draw(axes, panel, names, places)
            axes.set_xlabel(x_label, fontsize=8.5)
            drawn.setdefault(panel.y_label, []).append(axes)
        for alike in drawn.values():
            limits = [axes.get_ylim() for axes in alike]
            for axes in alike:
                axes.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
        drawing.legend(figure, [_handle(number, line) for number, line in enumerate(names)])
        return drawing.to_svg(figure, name=name, description=description)


def _draw(axes: "Axes", panel: LinePanel, names: Sequence[str], places: Sequence[str]) -> None:
    for line, values in panel.lines.items():
        number = names.index(line)
        colour = _COLOURS[number % len(_COLOURS)]
        known = [(places.index(place), own) for place, own in values.items()]
        x = [place + _BESIDE * (number - (len(names) - 1) / 2) for place, _ in known]
        limited = [(left, own) for left, (_, own) in zip(x, known, strict=True) if own.has_limits]
        axes.vlines(
            [left for left, _ in limited],
            [max(own.low, panel.bounds[0]) for _, own in limited],
            [min(own.high, panel.bounds[1]) for _, own in limited],
            color=colour,
            linewidth=1.0,
            alpha=0.55,
        )
        axes.plot(
            x,
            [own.value for _, own in known],
            color=colour,
            linewidth=1.2,
            marker=_MARKERS[number % len(_MARKERS)],
            markersize=3.6,
        )
    for text, level in panel.levels.items():
        drawing.level(axes, level, text, colour=drawing.MUTED)
    axes.set_xticks(range(len(places)), places)
    # Names of levels stand behind the last place.
    axes.set_xlim(-0.5, len(places) - 0.5 + (_ROOM_FOR_NAMES if panel.levels else 0))
    axes.set_title(panel.title, pad=5, fontsize=9.5)
    axes.set_ylabel(panel.y_label, fontsize=8.5)
    axes.grid(axis="y", color=drawing.GRID, linewidth=0.7)
    axes.set_axisbelow(True)


def _handle(number: int, label: str) -> Any:
    from matplotlib.lines import Line2D

    colour, marker = _COLOURS[number % len(_COLOURS)], _MARKERS[number % len(_MARKERS)]
    return Line2D([], [], color=colour, marker=marker, markersize=4, label=label)
