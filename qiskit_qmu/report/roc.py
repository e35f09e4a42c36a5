"""ROC curves of the out-of-fold attack: averaged over classes and seeds, one panel per method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError, not_empty, same_length
from qiskit_qmu.metrics.ranking import roc_curve
from qiskit_qmu.report import drawing
from qiskit_qmu.report.aggregate import ORACLE, ORIGINAL
from qiskit_qmu.report.estimate import mean_estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Scores = Mapping[str, Any]
FloatArray = NDArray[np.float64]

FALSE_POSITIVE_RATES: FloatArray = np.linspace(0.0, 1.0, 101)
"""Where every curve is read, so that curves can be averaged."""

_COLUMNS = 4
_PANEL = 1.85
_GAP = 0.45
_TOP = 0.7
_BOTTOM = 0.55


@final
@dataclass(frozen=True, kw_only=True)
class RocCurve:
    """The attack's curve on one method.

    Args:
        method: Name of the method.
        seeds: Number of score sets behind it.
        mean: True-positive rate at each of ``FALSE_POSITIVE_RATES``.
        low: Lower end of its pointwise 95 % interval; None with one seed.
        high: Upper end of it; None with one seed.
    """

    method: str
    seeds: int
    mean: FloatArray
    low: FloatArray | None
    high: FloatArray | None


def roc_curves(scores: Sequence[Scores]) -> tuple[RocCurve, ...]:
    """Average the attack's ROC curves by method: original first, then oracle, then as they come.

    Members are compared with non-members of their own class: one curve per class, weighted by
    its number of member-non-member pairs. Over seeds curves are averaged upwards, at equal
    false-positive rate, because scores of different attacks have no common scale.

    Args:
        scores: One mapping per method and seed with ``"method"``, ``"members"`` and
            ``"nonmembers"`` (higher = more likely a member), and ``"member_labels"`` and
            ``"nonmember_labels"`` where classes are to be told apart.

    Returns:
        One curve per method; methods without any pair of one class are left out.

    Raises:
        InputError: There is no score set, or labels do not match the scores.
    """
    not_empty(scores=scores)
    groups: dict[str, list[FloatArray]] = {ORIGINAL: [], ORACLE: []}
    for entry in scores:
        if not entry.get("method"):
            raise InputError(f"every score set must name its method, got {sorted(entry)}")
        curve = _within_classes(entry)
        if curve is not None:
            groups.setdefault(str(entry["method"]), []).append(curve)
    return tuple(_average(method, curves) for method, curves in groups.items() if curves)


def has_pairs(scores: Sequence[Scores]) -> bool:
    """Return whether any score set holds a member and a non-member of one class."""
    return bool(scores) and bool(roc_curves(scores))


def roc_figure(scores: Sequence[Scores]) -> str:
    """Draw one ROC panel per method, each with the oracle's curve and the coin's diagonal.

    Args:
        scores: As for ``roc_curves``.

    Returns:
        The ``<svg>`` element.

    Raises:
        InputError: The scores cannot be used, or hold no pair of one class.
    """
    curves = roc_curves(scores)
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
        return drawing.to_svg(figure, name="roc", description="ROC curve of the attack on each method")


def _within_classes(entry: Scores) -> FloatArray | None:
    members = np.asarray(entry["members"], dtype=np.float64)
    nonmembers = np.asarray(entry["nonmembers"], dtype=np.float64)
    member_labels = _labels(entry.get("member_labels"), members)
    nonmember_labels = _labels(entry.get("nonmember_labels"), nonmembers)
    same_length(members=members, member_labels=member_labels)
    same_length(nonmembers=nonmembers, nonmember_labels=nonmember_labels)
    total = np.zeros_like(FALSE_POSITIVE_RATES)
    pairs = 0
    for label in np.unique(member_labels):
        inside = members[member_labels == label]
        outside = nonmembers[nonmember_labels == label]
        weight = inside.size * outside.size
        if weight:
            false_positive_rate, true_positive_rate = roc_curve(inside, outside)
            total += weight * np.interp(
                FALSE_POSITIVE_RATES, false_positive_rate, true_positive_rate
            )
            pairs += weight
    return total / pairs if pairs else None


def _labels(labels: Any, scores: FloatArray) -> NDArray[Any]:
    return np.zeros(scores.size, dtype=np.int64) if labels is None else np.asarray(labels)


def _average(method: str, curves: Sequence[FloatArray]) -> RocCurve:
    if len(curves) == 1:
        return RocCurve(method=method, seeds=1, mean=curves[0], low=None, high=None)
    points = [mean_estimate(list(point), low=0.0, high=1.0) for point in np.transpose(curves)]
    return RocCurve(
        method=method,
        seeds=len(curves),
        mean=np.array([point.value for point in points]),
        low=np.array([point.low for point in points]),
        high=np.array([point.high for point in points]),
    )


def _grid(count: int) -> tuple["Figure", list["Axes"]]:
    from matplotlib.figure import Figure

    columns = min(count, _COLUMNS)
    lines = -(-count // columns)
    step = _PANEL + _GAP
    width = _COLUMNS * step + 0.4
    height = _TOP + lines * (step + 0.1) + _BOTTOM - _GAP
    figure = Figure(figsize=(width, height))
    panels = []
    for index in range(count):
        line, column = divmod(index, columns)
        left = 0.62 + column * step
        bottom = height - _TOP - _PANEL - line * (step + 0.1)
        axes = figure.add_axes(
            (left / width, bottom / height, _PANEL / width, _PANEL / height)
        )
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        ticks, names = (0, 0.5, 1), ("0", "½", "1")
        axes.set_xticks(ticks, names)
        axes.set_yticks(ticks, names)
        if column == 0:
            axes.set_ylabel("true-positive rate")
        if index + columns >= count:
            axes.set_xlabel("false-positive rate")
        panels.append(axes)
    return figure, panels


def _draw(axes: "Axes", curve: RocCurve, oracle: RocCurve | None) -> None:
    axes.set_title(drawing.short_name(curve.method), pad=5)
    axes.plot([0, 1], [0, 1], color=drawing.MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
    if oracle is not None and oracle is not curve:
        axes.plot(*_closed(oracle.mean), color=drawing.MUTED, linewidth=1.3)
    if curve.low is not None and curve.high is not None:
        axes.fill_between(
            FALSE_POSITIVE_RATES,
            curve.low,
            curve.high,
            color=drawing.METHOD,
            alpha=0.18,
            linewidth=0,
        )
    axes.plot(*_closed(curve.mean), color=drawing.METHOD, linewidth=1.6)


def _closed(true_positive_rate: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Start a curve at the origin, below what it finds without a false alarm."""
    return np.append(0.0, FALSE_POSITIVE_RATES), np.append(0.0, true_positive_rate)
