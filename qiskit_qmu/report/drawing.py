"""How every figure is drawn: style, colours, axes with one row per method, and the SVG text."""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1c2733"
MUTED = "#68747f"
GRID = "#dde2e6"
TRAINED = "#0072b2"
UNSEEN = "#d55e00"
METHOD = "#007a5a"
COLOURS = {
    "ink": INK,
    "muted": MUTED,
    "grid": GRID,
    "trained": TRAINED,
    "unseen": UNSEEN,
    "method": METHOD,
}
"""Colours of the figures by meaning; blue and vermilion stay apart for colour-blind readers."""

DASHES = (0, (4, 3))
"""Line style of reference values."""

FONT = "DejaVu Sans"
"""Font that ships with matplotlib, so that text is measured alike on every machine."""

_STYLE = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": [FONT],
    "font.size": 9.5,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.5,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "legend.frameon": False,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
}

_ROW = 0.44
_TOP = 0.75
_BOTTOM = 0.5
_LONGEST_NAME = 18


@contextmanager
def style(name: str) -> Iterator[None]:
    """Draw inside this context: our style, not the user's, and the same bytes every time.

    Args:
        name: Name of the figure; salts the identifiers inside the SVG.
    """
    from matplotlib import style as matplotlib_style

    with matplotlib_style.context(["default", {**_STYLE, "svg.hashsalt": name}]):
        yield


def short_name(method: str, longest: int = _LONGEST_NAME) -> str:
    """Return a method's name, cut to what fits beside an axis or above a panel."""
    return method if len(method) <= longest else method[: longest - 1] + "…"


def method_panels(
    methods: Sequence[str], titles: Sequence[str], *, width: float = 9.6, gutter: float = 0.95
) -> tuple["Figure", list["Axes"]]:
    """Return a figure with panels side by side that share one row per method, first on top.

    Args:
        methods: Names beside the left panel.
        titles: One title per panel.
        width: Width of the figure, inches.
        gutter: Room right of each panel for written values, inches.

    Returns:
        The figure and its panels; row ``i`` lies at height ``i``.
    """
    from matplotlib.figure import Figure

    height = _TOP + _ROW * len(methods) + _BOTTOM
    names = [short_name(method) for method in methods]
    left = 0.3 + 0.085 * max(len(name) for name in names)
    figure = Figure(figsize=(width, height))
    panel = (width - left) / len(titles) - gutter
    panels = []
    for index, title in enumerate(titles):
        start = left + index * (panel + gutter)
        box = (start / width, _BOTTOM / height, panel / width, _ROW * len(methods) / height)
        axes = figure.add_axes(box)
        write_title(axes, title, pad=8)
        axes.set_ylim(len(methods) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0, labelleft=index == 0)
        axes.set_yticks(range(len(methods)), names)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=GRID, linewidth=0.7)
        axes.set_axisbelow(True)
        panels.append(axes)
    return figure, panels


def write_title(axes: "Axes", text: str, *, pad: float) -> None:
    """Write a title above a panel, at a fixed height.

    By default matplotlib measures the tick labels of every panel to find the height, in case a
    factor such as ``1e6`` stands above the vertical axis. Not for panels where one may.
    """
    axes.set_title(text, pad=pad, y=1.0)


def write_value(axes: "Axes", row: float, text: str, colour: str) -> None:
    """Write a value right of a panel, at the height of its row."""
    axes.text(
        1.02,
        row,
        text,
        transform=axes.get_yaxis_transform(),
        color=colour,
        fontsize=8.5,
        va="center_baseline",
    )


def legend(figure: "Figure", handles: Sequence[Any], columns: int | None = None) -> None:
    """Put one legend above the panels.

    Args:
        figure: The figure.
        handles: The entries.
        columns: Entries in a line, see `legend_columns`; None for all.
    """
    figure.legend(
        handles=list(handles),
        loc="upper left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=columns or len(handles),
        handlelength=1.6,
        columnspacing=1.8,
        borderaxespad=0.1,
        fontsize=9,
    )


def legend_columns(labels: Sequence[str], width: float) -> int:
    """Return how many entries of a legend fit into a line.

    Args:
        labels: Their texts.
        width: Width of the figure, inches.
    """
    widest = _LEGEND_ENTRY + _LEGEND_LETTER * max(map(len, labels))
    return max(1, min(len(labels), int(width / widest)))


_LEGEND_ENTRY, _LEGEND_LETTER, LEGEND_LINE = 0.55, 0.085, 0.19
"""Inches of an entry without its text, of a letter and of a line."""


def patch(colour: str, label: str) -> Any:
    """Return the legend entry of a bar."""
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, alpha=0.85, label=label)


def marker(colour: str, shape: str, label: str) -> Any:
    """Return the legend entry of a dot."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, marker=shape, linestyle="none", label=label)


def line(colour: str, label: str, *, dashed: bool = False) -> Any:
    """Return the legend entry of a line."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, linestyle=DASHES if dashed else "-", label=label)


def level(axes: "Axes", value: float, text: str = "", *, colour: str = INK) -> None:
    """Draw a dashed horizontal line at a value, with a name at its right end."""
    axes.axhline(value, color=colour, linewidth=0.9, linestyle=DASHES)
    if text:
        axes.text(
            0.995,
            value,
            text,
            transform=axes.get_yaxis_transform(),
            color=colour,
            fontsize=8,
            ha="right",
            va="bottom",
        )


def to_svg(figure: "Figure", *, name: str, description: str) -> str:
    """Return a figure as an SVG element that can stand in a page beside others.

    Args:
        figure: The figure, drawn inside ``style(name)``.
        name: Put before every identifier, so that no two figures share one.
        description: What the figure shows, for those who cannot see it.

    Returns:
        The ``<svg>`` element, the same text for the same figure.
    """
    buffer = io.StringIO()
    no_metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if not axis.get_label_text():
                axis.set_label_coords(0, 0)  # or all tick labels are measured to place nothing
    figure.savefig(buffer, format="svg", metadata=no_metadata)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r' d="[^"]*"', lambda path: _NUMBER.sub(_rounded, path[0]), svg)
    svg = re.sub(r'(<\w+ id=")', rf"\1{name}-", svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{name}-", svg)
    # Inside a page a style element rules the whole page, not its own drawing alone.
    svg = svg.replace("*{stroke-linejoin", ".figure *{stroke-linejoin", 1)
    svg = svg.replace(
        "<svg", f'<svg class="figure" role="img" aria-label={quoteattr(description)}', 1
    )
    opening = svg.index(">") + 1
    return f"{svg[:opening]}<title>{escape(description)}</title>{svg[opening:]}"


_NUMBER = re.compile(r"-?\d+\.\d+")


def _rounded(found: re.Match[str]) -> str:
    """Return a coordinate in hundredths of a point, which nobody can see."""
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
