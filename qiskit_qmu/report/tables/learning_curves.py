"""Learning curves: what training and unlearning measured step by step, averaged over seeds."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.metrics import mean_interval
from qiskit_qmu.report import drawing
from qiskit_qmu.report.tables.run_records import RecordLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Curves = Mapping[str, Mapping[str, NDArray[np.float64]]]
"""By measure and method: values of shape (seeds, steps)."""

_MEASURED = ("loss", "confidence", "accuracy")
_MOST = 4
_WIDTH = 9.6
_COLOURS = (drawing.TRAINED, drawing.UNSEEN, drawing.METHOD, drawing.INK, drawing.MUTED)
_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))


def curves_of(records: Sequence[RecordLike]) -> Curves:
    """Return the losses, confidences and accuracies that records measured at two steps or more.

    Of seeds that took different numbers of steps, those are kept that all took.

    Args:
        records: One per method and seed.
    """
    found: dict[str, dict[str, list[list[float]]]] = {}
    for record in records:
        keys = dict.fromkeys(key for step in record.history for key in step)
        for key in keys:
            values = [float(step[key]) for step in record.history if key in step]
            if key.endswith(_MEASURED) and len(values) > 1 and np.isfinite(values).all():
                found.setdefault(key, {}).setdefault(record.row["method"], []).append(values)
    return {
        key: {method: _together(seeds) for method, seeds in methods.items()}
        for key, methods in list(found.items())[:_MOST]
    }


def learning_figure(curves: Curves, *, name: str) -> str:
    """Draw a panel for each measure with a curve for each method, and its 95 % band over seeds.

    Args:
        curves: As from `curves_of`.
        name: Put before every identifier of the figure.

    Returns:
        The ``<svg>`` element.
    """
    from matplotlib.figure import Figure

    methods = list(dict.fromkeys(method for own in curves.values() for method in own))
    looks = {
        method: (_COLOURS[place % len(_COLOURS)], _DASHES[place // len(_COLOURS) % len(_DASHES)])
        for place, method in enumerate(methods)
    }
    with drawing.style(name):
        columns = min(2, len(curves))
        lines = -(-len(curves) // columns)
        beside = drawing.legend_columns(methods, _WIDTH)
        top = 0.56 + drawing.LEGEND_LINE * -(-len(methods) // beside)
        height = top - 0.05 + 2.7 * lines
        figure = Figure(figsize=(_WIDTH, height))
        grid = figure.subplots(lines, columns, squeeze=False)
        figure.subplots_adjust(
            left=0.07,
            right=0.99,
            top=1 - top / height,
            bottom=0.5 / height,
            hspace=0.55,
            wspace=0.2,
        )
        for axes in list(grid.flat)[len(curves) :]:
            axes.remove()
        for axes, (key, by_method) in zip(grid.flat, curves.items(), strict=False):
            _draw(axes, key, by_method, looks)
        handles = [_line(method, *looks[method]) for method in methods]
        drawing.legend(figure, handles, beside)
        return drawing.to_svg(
            figure, name=name, description="What training and unlearning measured at each step"
        )


def _together(seeds: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    steps = min(map(len, seeds))
    return np.array([values[:steps] for values in seeds])


def _draw(
    axes: "Axes",
    key: str,
    by_method: Mapping[str, NDArray[np.float64]],
    looks: Mapping[str, tuple[str, object]],
) -> None:
    words = key.replace("_", " ")
    axes.set_title(words, pad=5)
    for method, values in by_method.items():
        colour, dashes = looks[method]
        steps = np.arange(1, values.shape[1] + 1)
        axes.plot(steps, values.mean(axis=0), color=colour, linestyle=dashes, linewidth=1.5)
        if len(values) > 1:
            points = [mean_interval(at_step) for at_step in values.T]
            low, high = ([getattr(p, end) for p in points] for end in ("low", "high"))
            axes.fill_between(steps, low, high, color=colour, alpha=0.13, linewidth=0)
    axes.set_xlabel("step (epochs of training)")
    axes.set_ylabel(f"{words}, unit of the objective" if key.endswith("loss") else words)
    axes.grid(color=drawing.GRID, linewidth=0.7)
    axes.set_axisbelow(True)


def _line(method: str, colour: str, dashes: object) -> object:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, linestyle=dashes, label=method)  # type: ignore[arg-type]
