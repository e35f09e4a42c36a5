"""ROC curves of the out-of-fold attack: averaged over classes and seeds, one panel per method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError, not_empty, same_length
from qiskit_qmu.report import drawing
from qiskit_qmu.report.aggregate import ORACLE, ORIGINAL
from qiskit_qmu.report.estimate import mean_estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Scores = Mapping[str, Any]
Rates = NDArray[np.float64]
Pair = tuple[Rates, Rates]

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


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class MethodCurve:
    """The attack's curve on one method.

    Args:
        method: Name of the method.
        tpr: True positive rate at each of ``GRID``.
        low: Lower end of its pointwise 95 % interval.
        high: Upper end of it.
    """

    method: str
    tpr: Rates
    low: Rates
    high: Rates


def method_curves(
    scores: Sequence[Scores], *, generator: np.random.Generator
) -> tuple[MethodCurve, ...]:
    """Average the attack's ROC curves by method: original first, then oracle, then as they come.

    Members are compared with non-members of their own class only, one curve per class, weighted
    by its number of members; so the area under the mean is the AUC that
    ``metrics.stratified_auroc`` gives. Over seeds curves are averaged at equal false positive
    rate, because scores of different attacks have no common scale. The band is a t-interval over
    the seeds, with one seed the percentiles of a bootstrap within the classes.

    Args:
        scores: One mapping per method and seed with ``"method"``, ``"members"`` and
            ``"nonmembers"`` (higher = more likely a member), and ``"member_labels"`` and
            ``"nonmember_labels"`` where classes are to be told apart.
        generator: Source of the bootstrap's resamples.

    Returns:
        One curve per method; methods without any pair of one class are left out.

    Raises:
        InputError: There is no score set, one has no method, or labels do not match the scores.
    """
    not_empty(scores=scores)
    groups: dict[str, list[list[Pair]]] = {ORIGINAL: [], ORACLE: []}
    for entry in scores:
        if not entry.get("method"):
            raise InputError(f"every score set must name its method, got {sorted(entry)}")
        pairs = _pairs(entry)
        if pairs:
            groups.setdefault(str(entry["method"]), []).append(pairs)
    return tuple(
        _over_seeds(method, seeds) if len(seeds) > 1 else _one_seed(method, seeds[0], generator)
        for method, seeds in groups.items()
        if seeds
    )


def has_pairs(scores: Sequence[Scores]) -> bool:
    """Return whether any score set holds a member and a non-member of one class."""
    return any(_pairs(entry) for entry in scores)


def roc_figure(scores: Sequence[Scores]) -> str:
    """Draw one ROC panel per method, each with the oracle's curve and the coin's diagonal.

    Args:
        scores: As for ``method_curves``.

    Returns:
        The ``<svg>`` element.

    Raises:
        InputError: The scores cannot be used, or hold no pair of one class.
    """
    # A figure drawn twice is the same figure, so its bootstrap has a seed of its own.
    curves = method_curves(scores, generator=np.random.default_rng(0))
    if not curves:
        raise InputError("scores must hold members and non-members of one class, got no such pair")
    oracle = next((curve for curve in curves if curve.method == ORACLE), None)
    with drawing.style("roc"):
        figure, panels = _grid(len(curves))
        for axes, curve in zip(panels, curves, strict=True):
            _draw(axes, curve, oracle)
        drawing.legend(
            figure,
            [
                drawing.line(drawing.METHOD, "method, 95 % band"),
                drawing.line(drawing.MUTED, "oracle"),
                drawing.line(drawing.MUTED, "coin", dashed=True),
            ],
        )
        return drawing.to_svg(
            figure, name="roc", description="ROC curve of the attack on each method"
        )


def _pairs(entry: Scores) -> list[Pair]:
    """Split a score set by class: members and non-members of every class that has both."""
    groups = []
    for name in ("member", "nonmember"):
        values = np.asarray(entry[f"{name}s"], dtype=np.float64)
        labels = entry.get(f"{name}_labels")
        classes = np.zeros(values.size) if labels is None else np.asarray(labels)
        same_length(**{f"{name}s": values, f"{name}_labels": classes})
        groups.append({label: values[classes == label] for label in np.unique(classes)})
    members, nonmembers = groups
    return [(members[label], nonmembers[label]) for label in members if label in nonmembers]


def _curve(pairs: Sequence[Pair]) -> Rates:
    from qiskit_qmu.metrics.roc import roc_curve

    curves = [np.interp(GRID, *roc_curve(members, nonmembers)) for members, nonmembers in pairs]
    return np.average(curves, axis=0, weights=[len(members) for members, _ in pairs])


def _over_seeds(method: str, seeds: Sequence[Sequence[Pair]]) -> MethodCurve:
    curves = np.array([_curve(pairs) for pairs in seeds])
    points = [mean_estimate(list(point), low=0.0, high=1.0) for point in curves.T]
    return MethodCurve(
        method=method,
        tpr=curves.mean(axis=0),
        # Where all seeds agree the band closes up: a picture, not a proof.
        low=np.array([point.low if point.has_interval else point.value for point in points]),
        high=np.array([point.high if point.has_interval else point.value for point in points]),
    )


def _one_seed(method: str, pairs: Sequence[Pair], generator: np.random.Generator) -> MethodCurve:
    resampled = (
        [
            (generator.choice(first, first.size), generator.choice(second, second.size))
            for first, second in pairs
        ]
        for _ in range(_RESAMPLES)
    )
    curves = [_curve(sample) for sample in resampled]
    low, high = np.quantile(curves, [0.025, 0.975], axis=0)
    return MethodCurve(method=method, tpr=_curve(pairs), low=low, high=high)


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


def _draw(axes: "Axes", curve: MethodCurve, oracle: MethodCurve | None) -> None:
    axes.set_title(drawing.short_name(curve.method, _LONGEST_NAME), pad=5)
    axes.plot([0, 1], [0, 1], color=drawing.MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
    if oracle is not None and oracle is not curve:
        axes.plot(*_closed(oracle.tpr), color=drawing.MUTED, linewidth=1.3)
    axes.fill_between(GRID, curve.low, curve.high, color=drawing.METHOD, alpha=0.18, linewidth=0)
    axes.plot(*_closed(curve.tpr), color=drawing.METHOD, linewidth=1.6)


def _closed(tpr: Rates) -> tuple[Rates, Rates]:
    """Start a curve at the origin, below what it finds without a false alarm."""
    return np.append(0.0, GRID), np.append(0.0, tpr)
