"""ROC curves of the attack: averaged over classes and seeds, one panel per method."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError, not_empty, same_length
from qiskit_qmu.evaluation.method_summary import ORACLE, ORIGINAL
from qiskit_qmu.metrics import RocBand, mean_interval, roc_band, stratified_roc
from qiskit_qmu.report import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Scores = Mapping[str, Any]
Rates = NDArray[np.float64]

GRID: Rates = np.linspace(0.0, 1.0, 101)
"""False positive rates where every curve is read, so that curves can be averaged."""

_RESAMPLES = 300
_COLUMNS = 5
_PANEL = 1.42
_COLUMN_STEP = 1.8
_LINE_STEP = 2.0
_LEFT = 0.6
_TOP = 0.7
_TICKS = (0.0, 0.5, 1.0)
_TICK_NAMES = ("0", "½", "1")
_LONGEST_NAME = 14


def method_bands(
    scores: Sequence[Scores], *, generator: np.random.Generator, fpr: Rates = GRID
) -> dict[str, RocBand]:
    """Average the attack's ROC curves by method: original first, then oracle, then as they come.

    Members are compared with non-members of their own class only, as `metrics.stratified_auroc`
    does. Over seeds curves are averaged at equal false positive rate, because scores of different
    attacks have no common scale. The band is a t-interval over the seeds, with one seed that of
    `metrics.roc_band`.

    Args:
        scores: One mapping per method and seed with ``"method"``, ``"members"`` and
            ``"nonmembers"`` (higher = more likely a member), and ``"member_strata"`` and
            ``"nonmember_strata"`` where classes are to be told apart.
        generator: Source of the bootstrap's resamples.
        fpr: False positive rates where curves are read, shape (k,).

    Returns:
        One band per method; methods without any pair of one class are left out.

    Raises:
        InputError: If there is no score set, one has no method, or strata do not match the scores.
    """
    not_empty(scores=scores)
    groups: dict[str, list[dict[str, Any]]] = {ORIGINAL: [], ORACLE: []}
    for entry in scores:
        if not entry.get("method"):
            raise InputError(f"a set of scores has no method; it has {sorted(entry)}")
        arguments = _arguments(entry)
        if arguments is not None:
            groups.setdefault(str(entry["method"]), []).append(arguments)
    return {
        method: _over_seeds(seeds, fpr)
        if len(seeds) > 1
        else roc_band(**seeds[0], generator=generator, fpr=fpr, resamples=_RESAMPLES)
        for method, seeds in groups.items()
        if seeds
    }


def has_pairs(scores: Sequence[Scores]) -> bool:
    """Return whether any score set holds a member and a non-member of one class."""
    return any(_arguments(entry) is not None for entry in scores)


def roc_figure(scores: Sequence[Scores], *, name: str = "roc") -> str:
    """Draw one ROC panel per method, each with the oracle's curve and the coin's diagonal.

    Args:
        scores: As for `method_bands`.
        name: Put before every identifier of the figure, so that a page may hold several.

    Returns:
        The ``<svg>`` element.

    Raises:
        InputError: The scores cannot be used, or hold no pair of one class.
    """
    # A figure drawn twice is the same figure, so its bootstrap has a seed of its own.
    bands = method_bands(scores, generator=np.random.default_rng(0))
    if not bands:
        raise InputError("no class has scores of both members and non-members")
    with drawing.style(name):
        figure, panels = _grid(len(bands))
        for axes, (method, band) in zip(panels, bands.items(), strict=True):
            _draw(axes, method, band, None if method == ORACLE else bands.get(ORACLE))
        drawing.legend(
            figure,
            [
                drawing.line(drawing.METHOD, "method, 95 % band"),
                drawing.line(drawing.MUTED, "oracle"),
                drawing.line(drawing.MUTED, "coin", dashed=True),
            ],
        )
        return drawing.to_svg(
            figure, name=name, description="ROC curve of the attack on each method"
        )


def _arguments(entry: Scores) -> dict[str, Any] | None:
    """Return what `roc_band` takes; None where no stratum has both members and non-members."""
    scores = {name: np.asarray(entry[name], dtype=np.float64) for name in ("members", "nonmembers")}
    strata = {}
    for name, values in scores.items():
        given = entry.get(f"{name[:-1]}_strata")
        strata[name] = np.zeros(values.size) if given is None else np.asarray(given)
        same_length(**{name: values, f"{name[:-1]}_strata": strata[name]})
    if not np.isin(strata["members"], strata["nonmembers"]).any():
        return None
    return {**scores, **{f"{name[:-1]}_strata": own for name, own in strata.items()}}


def _over_seeds(seeds: Sequence[dict[str, Any]], fpr: Rates) -> RocBand:
    curves = np.array([stratified_roc(**each, fpr=fpr) for each in seeds])
    points = [mean_interval(point) for point in curves.T]
    # Where all seeds agree the band closes up: a picture, not a proof.
    return RocBand(
        fpr=fpr,
        tpr=curves.mean(axis=0),
        low=np.array([max(0.0, point.low) for point in points]),
        high=np.array([min(1.0, point.high) for point in points]),
    )


def _grid(count: int) -> tuple["Figure", list["Axes"]]:
    from matplotlib.figure import Figure

    columns = min(count, _COLUMNS)
    lines = -(-count // columns)
    width = _LEFT + _COLUMNS * _COLUMN_STEP
    height = _TOP + lines * _LINE_STEP
    figure = Figure(figsize=(width, height))
    panels = []
    for index in range(count):
        line, column = divmod(index, columns)
        left = _LEFT + column * _COLUMN_STEP
        bottom = height - _TOP - _PANEL - line * _LINE_STEP
        axes = figure.add_axes((left / width, bottom / height, _PANEL / width, _PANEL / height))
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.set_xticks(_TICKS, _TICK_NAMES)
        axes.set_yticks(_TICKS, _TICK_NAMES)
        if column == 0:
            axes.set_ylabel("true positive rate")
        if index + columns >= count:
            axes.set_xlabel("false positive rate")
        panels.append(axes)
    return figure, panels


def _draw(axes: "Axes", method: str, band: RocBand, oracle: RocBand | None) -> None:
    drawing.write_title(axes, drawing.short_name(method, _LONGEST_NAME), pad=5)
    axes.plot([0, 1], [0, 1], color=drawing.MUTED, linewidth=0.9, linestyle=drawing.DASHES)
    if oracle is not None:
        axes.plot(*_closed(oracle.tpr), color=drawing.MUTED, linewidth=1.3)
    axes.fill_between(GRID, band.low, band.high, color=drawing.METHOD, alpha=0.18, linewidth=0)
    axes.plot(*_closed(band.tpr), color=drawing.METHOD, linewidth=1.6)


def _closed(tpr: Rates) -> tuple[Rates, Rates]:
    """Start a curve at the origin, below what it finds without a false alarm."""
    return np.append(0.0, GRID), np.append(0.0, tpr)
