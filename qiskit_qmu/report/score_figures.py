"""Figures of one audit: its ROC curves on logarithmic axes, and histograms of its scores."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.evaluation.method_summary import ORACLE, ORIGINAL
from qiskit_qmu.metrics import RocBand
from qiskit_qmu.report import drawing
from qiskit_qmu.report.roc_figure import Scores, method_bands

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 9.6
_PANEL = 2.35
_LEFT = 0.75
_GUTTER = 0.65
_TOP = 0.75
_BOTTOM = 0.55
_POINTS = 80
_BINS = 24
_OUTERMOST = 0.01
_NAMES = {ORIGINAL: "original: doing nothing", ORACLE: "oracle: retrained"}


def log_roc_figure(scores: Sequence[Scores]) -> str:
    """Draw one ROC curve per model on logarithmic axes, where few false alarms can be read.

    Axes end where the rows end: at one false alarm, and below one row that was found.

    Args:
        scores: As for `qiskit_qmu.report.roc_figure.method_bands`.

    Returns:
        The ``<svg>`` element.

    Raises:
        InputError: The scores cannot be used, or hold no pair of one class.
    """
    left = 1 / max((len(entry["nonmembers"]) for entry in scores), default=1)
    floor = 0.5 / max((len(entry["members"]) for entry in scores), default=1)
    grid = np.geomspace(left, 1.0, _POINTS)
    # A figure drawn twice is the same figure, so its bootstrap has a seed of its own.
    bands = method_bands(scores, generator=np.random.default_rng(0), fpr=grid)
    if not bands:
        raise InputError("no class has scores of both members and non-members")

    def draw(axes: "Axes", method: str) -> None:
        axes.set(xscale="log", yscale="log", xlim=(left, 1), ylim=(floor, 1.15))
        axes.set_xlabel("false positive rate")
        axes.minorticks_off()
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter("{x:g}")
        axes.plot(grid, grid, color=drawing.MUTED, linewidth=0.9, linestyle=drawing.DASHES)
        if method != ORACLE and ORACLE in bands:
            axes.plot(grid, _above(bands[ORACLE].tpr, floor), color=drawing.MUTED, linewidth=1.3)
        _draw_band(axes, bands[method], floor)

    with drawing.style("log-roc"):
        figure, panels = _draw_panels(list(bands), draw)
        panels[0].set_ylabel("true positive rate")
        drawing.legend(
            figure,
            [
                drawing.line(drawing.METHOD, "model, 95 % band"),
                drawing.line(drawing.MUTED, "oracle"),
                drawing.line(drawing.MUTED, "coin", dashed=True),
            ],
        )
        return drawing.to_svg(
            figure,
            name="log-roc",
            description="ROC curve of the attack on each model, on logarithmic axes",
        )


def score_figure(scores: Sequence[Scores]) -> str:
    """Draw histograms of the attack's scores of withdrawn and never-seen rows, one panel a model.

    All panels share their bins; scores outside of the middle 98 % stand in the outermost ones.

    Args:
        scores: As for `log_roc_figure`.

    Returns:
        The ``<svg>`` element.

    Raises:
        InputError: If there are no scores.
    """
    groups = _by_method(scores)
    if not groups:
        raise InputError("there are no scores to draw")
    everything = np.concatenate([part for pair in groups.values() for part in pair])
    low, high = np.quantile(everything, [_OUTERMOST, 1 - _OUTERMOST])
    if not high > low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, _BINS + 1)

    def draw(axes: "Axes", method: str) -> None:
        for values, colour in zip(groups[method], (drawing.TRAINED, drawing.UNSEEN), strict=True):
            share = np.histogram(np.clip(values, low, high), edges)[0] / values.size
            axes.stairs(share, edges, fill=True, color=colour, alpha=0.22, linewidth=0)
            axes.stairs(share, edges, color=colour, linewidth=1.5)
        axes.set_xlabel("score: higher, more like a member")
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")

    with drawing.style("scores"):
        figure, panels = _draw_panels(list(groups), draw)
        highest = max(axes.get_ylim()[1] for axes in panels)
        for axes in panels:
            axes.set_ylim(0, highest)
        panels[0].set_ylabel("share of rows")
        drawing.legend(
            figure,
            [
                drawing.patch(drawing.TRAINED, "withdrawn rows"),
                drawing.patch(drawing.UNSEEN, "never-seen rows"),
            ],
        )
        return drawing.to_svg(
            figure,
            name="scores",
            description="Histograms of the attack's scores of withdrawn and never-seen rows",
        )


def _by_method(
    scores: Sequence[Scores],
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return scores of members and non-members by method, original and oracle first."""
    groups: dict[str, list[Scores]] = {ORIGINAL: [], ORACLE: []}
    for entry in scores:
        if len(entry["members"]) and len(entry["nonmembers"]):
            groups.setdefault(str(entry["method"]), []).append(entry)
    return {
        method: (
            np.concatenate([np.asarray(each["members"], dtype=np.float64) for each in own]),
            np.concatenate([np.asarray(each["nonmembers"], dtype=np.float64) for each in own]),
        )
        for method, own in groups.items()
        if own
    }


def _draw_band(axes: "Axes", band: RocBand, floor: float) -> None:
    axes.fill_between(
        band.fpr,
        _above(band.low, floor),
        _above(band.high, floor),
        color=drawing.METHOD,
        alpha=0.18,
        linewidth=0,
    )
    axes.plot(band.fpr, _above(band.tpr, floor), color=drawing.METHOD, linewidth=1.6)


def _above(rates: NDArray[np.float64], floor: float) -> NDArray[np.float64]:
    """Put rates of 0, which have no place on a logarithmic axis, on its lower end."""
    return np.maximum(rates, floor)


def _draw_panels(
    methods: Sequence[str], draw: Callable[["Axes", str], None]
) -> tuple["Figure", list["Axes"]]:
    """Draw one square panel per method, as many lines of three as it takes."""
    from matplotlib.figure import Figure

    lines = -(-len(methods) // 3)
    step = _TOP + _PANEL + _BOTTOM
    height = step * lines - (lines - 1) * (_TOP - 0.4)
    figure = Figure(figsize=(_WIDTH, height))
    panels = []
    for index, method in enumerate(methods):
        line, column = divmod(index, 3)
        left = _LEFT + column * (_PANEL + _GUTTER)
        bottom = height - (line + 1) * step + line * (_TOP - 0.4) + _BOTTOM
        box = (left / _WIDTH, bottom / height, _PANEL / _WIDTH, _PANEL / height)
        axes = figure.add_axes(box)
        drawing.write_title(axes, _NAMES.get(method, drawing.short_name(method)), pad=6)
        draw(axes, method)
        panels.append(axes)
    return figure, panels
