"""Shares over a grid of two settings, in panels, each cell with its number and interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from qiskit_qmu.metrics import Interval
from qiskit_qmu.report import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _CELL, _STEP, _COLUMNS = 9.6, 0.5, 0.95, 2
_LEFT, _PANEL, _GUTTER = 0.7, 3.9, 0.85
_DARKEST = 0.6


@final
@dataclass(frozen=True, kw_only=True)
class GridPanel:
    """A panel.

    Attributes:
        title: Above it.
        rows: Names of its rows, from the top.
        columns: Names of its columns.
        values: Numbers between 0 and 100, by row and column.
    """

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Mapping[tuple[str, str], Interval]


def grid_figure(
    panels: Sequence[GridPanel], *, name: str, x_label: str, y_label: str, description: str
) -> str:
    """Draw panels two by two; the deeper a cell, the larger its number.

    Args:
        panels: Panels with equally many rows.
        name: Put before every identifier of the figure.
        x_label: What the columns are.
        y_label: What the rows are.
        description: What the figure shows, for those who cannot see it.

    Returns:
        The ``<svg>`` element.
    """
    from matplotlib.figure import Figure

    with drawing.style(name):
        tall = _CELL * max(len(panel.rows) for panel in panels)
        lines = -(-len(panels) // _COLUMNS)
        height = lines * (tall + _STEP)
        figure = Figure(figsize=(_WIDTH, height))
        for index, panel in enumerate(panels):
            line, column = divmod(index, _COLUMNS)
            left = _LEFT + column * (_PANEL + _GUTTER)
            bottom = height - 0.35 - tall - line * (tall + _STEP)
            axes = figure.add_axes((left / _WIDTH, bottom / height, _PANEL / _WIDTH, tall / height))
            _draw(axes, panel)
            axes.set_xlabel(x_label, fontsize=8.5)
            axes.set_ylabel(y_label, fontsize=8.5)
        return drawing.to_svg(figure, name=name, description=description)


def _draw(axes: "Axes", panel: GridPanel) -> None:
    from matplotlib.patches import Rectangle

    for (row, column), own in panel.values.items():
        x, y = panel.columns.index(column), panel.rows.index(row)
        depth = _DARKEST * min(max(own.value / 100, 0.0), 1.0)
        axes.add_patch(
            Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=drawing.TRAINED, alpha=depth, linewidth=0)
        )
        spread = f"\n±{own.spread:.1f}" if own.has_limits else ""
        axes.text(x, y, f"{own.value:.1f}{spread}", ha="center", va="center", fontsize=8)
    axes.set_xlim(-0.5, len(panel.columns) - 0.5)
    axes.set_ylim(len(panel.rows) - 0.5, -0.5)
    axes.set_xticks(range(len(panel.columns)), panel.columns)
    axes.set_yticks(range(len(panel.rows)), panel.rows)
    axes.tick_params(length=0)
    axes.set_title(panel.title, pad=5, fontsize=9.5)
