"""The figures of a study: leak, accuracy, stability of unlearning, and the front of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qiskit_qmu.report import drawing
from qiskit_qmu.report.shot_figure import Places, shot_axis, shot_places
from qiskit_qmu.report.shot_study.summary import SHARES, StudyPoint, worlds_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PALETTE = (
    drawing.TRAINED, drawing.UNSEEN, drawing.METHOD, drawing.INK,
    "#cc79a7", "#a6761d", "#56b4e9", "#8a8d00",
)  # fmt: skip
_MARKERS = ("o", "D", "s", "^", "v", "P", "X", "d")
_WIDTH, _PANEL_WIDTH, _PANEL_HEIGHT = 9.6, 4.0, 2.2
_LEFT, _STEP, _LINE_STEP, _TOP = 0.6, 4.8, 2.95, 0.85

Series = tuple[str, str, list[StudyPoint]]
"""Label, number and points of a line."""


def study_figures(points: Sequence[StudyPoint]) -> dict[str, str]:
    """Draw the figures of a study.

    Args:
        points: As of `summarise_study`.

    Returns:
        The ``<svg>`` elements by name: "leak", "accuracy", "stability", "oracle" and "front", each
        with a panel for every dataset and model; without those that the study has no numbers for.
    """
    drawn = {
        name: _against_shots(points, name, series, axis, title)
        for name, (series, axis, title) in _FIGURES.items()
        if any(point.values[key].known for _, key, own in series(points) for point in own)
    }
    return {**drawn, "front": _front(points)}


def _served(points: Iterable[StudyPoint], **names: Any) -> list[StudyPoint]:
    """Return the points of the original with some attributes."""
    return [point for point in points if point.at(method="original", **names)]


def _leak_series(points: Sequence[StudyPoint]) -> list[Series]:
    exact = _served(points, device="exact", train_shots=None)
    noisy = [p for p in _served(points, train_shots=None) if p.device != "exact"]
    return [
        ("loss", "auc_loss", exact),
        ("RMIA", "auc_rmia", exact),
        ("likelihood of counts", "auc_counts", exact),
        ("RMIA, repeated queries", "auc_repeated", exact),
        ("RMIA, noisy device", "auc_rmia", noisy),
    ]


def _accuracy_series(points: Sequence[StudyPoint]) -> list[Series]:
    exact = _served(points, device="exact", train_shots=None)
    noisy = [p for p in _served(points, train_shots=None) if p.device != "exact"]
    return [
        ("few at inference", "acc_test", exact),
        ("few at inference, noisy device", "acc_test", noisy),
        ("as few in training", "acc_test", _throughout(points)),
    ]


def _throughout(points: Sequence[StudyPoint]) -> list[StudyPoint]:
    """Return originals that were trained with as many shots as they answer with."""
    served = _served(points, device="exact")
    return [p for p in served if p.train_shots is not None and p.train_shots == p.shots]


def _method_series(key: str) -> Any:
    def series(points: Sequence[StudyPoint]) -> list[Series]:
        known = [p for p in points if p.at(device="exact", shots=None, train_shots=None)]
        methods = dict.fromkeys(
            p.method for p in known if p.method not in ("original", "oracle", "second oracle")
        )
        return [(name, key, [p for p in known if p.method == name]) for name in methods]

    return series


_FIGURES: Mapping[str, tuple[Any, str, str]] = {
    "leak": (_leak_series, "shots", "AUC of trained rows against others"),
    "accuracy": (_accuracy_series, "shots", "Accuracy on never-seen rows, %"),
    "stability": (
        _method_series("js_exact"),
        "unlearn_shots",
        "Divergence from the same unlearning with exact gradients, nats",
    ),
    "oracle": (_method_series("js_oracle"), "unlearn_shots", "Divergence from the oracle, nats"),
}


def _against_shots(
    points: Sequence[StudyPoint], name: str, series_of: Any, axis: str, title: str
) -> str:
    counts = {getattr(point, axis) for point in points} - {None}
    places = shot_places(sorted(counts), exact=True)
    with drawing.style(f"study-{name}"):
        worlds = worlds_of(points)
        figure, panels = _panels(worlds)
        labels: dict[str, Any] = {}
        for axes, world in zip(panels, worlds, strict=True):
            shot_axis(axes, places)
            every = series_of([point for point in points if point.world == world])
            for position, (label, key, own) in enumerate(every):
                beside = 0.16 * (position - (len(every) - 1) / 2)
                if _line(axes, own, key, axis, places, position, beside):
                    labels.setdefault(label, _handle(position, label))
            if name == "leak":
                drawing.level(axes, 0.5)
            if name == "oracle":
                _mark_null(axes, [point for point in points if point.world == world])
        figure.text(0.005, 1 - 0.62 / figure.get_figheight(), title, fontsize=10.5, weight="bold")
        _legend(figure, labels)
        return drawing.to_svg(figure, name=f"study-{name}", description=f"{title}, against shots")


def _line(
    axes: "Axes",
    points: Sequence[StudyPoint],
    key: str,
    axis: str,
    places: Places,
    position: int,
    beside: float,
) -> bool:
    """Draw one line with its intervals; the exact value stands apart. Return whether there is."""
    known = [point for point in points if point.values[key].known]
    known.sort(key=lambda point: places[getattr(point, axis)])
    factor = 100.0 if key in SHARES else 1.0
    colour = _PALETTE[position % len(_PALETTE)]
    sampled = [point for point in known if getattr(point, axis) is not None]
    for group, width in ((sampled, 1.2), ([p for p in known if p not in sampled], 0.0)):
        if not group:
            continue
        x = [places[getattr(point, axis)] + beside for point in group]
        value, low, high = (
            [factor * getattr(point.values[key], end) for point in group]
            for end in ("value", "low", "high")
        )
        axes.vlines(x, low, high, color=colour, linewidth=1.0, alpha=0.55)  # (NaN draws nothing)
        axes.plot(
            x, value, color=colour, linewidth=width, marker=_MARKERS[position], markersize=3.4
        )
    return bool(known)


def _mark_null(axes: "Axes", points: Sequence[StudyPoint]) -> None:
    """Mark how far two oracles are from each other, and doing nothing from the oracle."""
    for method, text in (("second oracle", "oracle"), ("original", "original")):
        found = [
            p for p in points if p.at(method=method, device="exact", shots=None, train_shots=None)
        ]
        if found and found[0].values["js_oracle"].known:
            value = found[0].values["js_oracle"].value
            drawing.level(axes, value, text, colour=drawing.MUTED)


def _front(points: Sequence[StudyPoint]) -> str:
    """Draw accuracy against the AUC of RMIA; a point is a number of shots."""
    title = "Accuracy on never-seen rows, %, against the AUC of RMIA; numbers are shots"
    with drawing.style("study-front"):
        worlds = worlds_of(points)
        figure, panels = _panels(worlds)
        labels: dict[str, Any] = {}
        for axes, world in zip(panels, worlds, strict=True):
            own = [point for point in points if point.world == world]
            policies: Mapping[str, list[StudyPoint]] = {
                "few at inference": _served(own, device="exact", train_shots=None),
                "few at inference, noisy device": [
                    p for p in _served(own, train_shots=None) if p.device != "exact"
                ],
                "few in training too": _throughout(own),
                "few in training alone": [
                    p for p in _served(own, device="exact", shots=None) if p.train_shots
                ],
            }
            for position, (label, line) in enumerate(policies.items()):
                known = [point for point in line if point.values["auc_rmia"].known]
                known.sort(key=_shots)
                if not known:
                    continue
                colour = _PALETTE[position]
                x = [point.values["auc_rmia"].value for point in known]
                y = [100 * point.values["acc_test"].value for point in known]
                axes.plot(
                    x, y, color=colour, linewidth=1.0, marker=_MARKERS[position], markersize=3.4
                )
                labels.setdefault(label, _handle(position, label))
                for point, left, height in zip(known, x, y, strict=True):
                    if position == 0:
                        text = "∞" if point.shots is None else f"{point.shots}"
                        axes.annotate(
                            text,
                            (left, height),
                            xytext=(3, -8),
                            textcoords="offset points",
                            fontsize=7.5,
                            color=colour,
                        )
            axes.axvline(0.5, color=drawing.INK, linewidth=0.9, linestyle=drawing.DASHES)
            axes.set_xlabel("AUC of RMIA")
        figure.text(0.005, 1 - 0.62 / figure.get_figheight(), title, fontsize=10.5, weight="bold")
        _legend(figure, labels)
        return drawing.to_svg(figure, name="study-front", description=title)


def _shots(point: StudyPoint) -> float:
    both = [count for count in (point.train_shots, point.shots) if count is not None]
    return min(both, default=float("inf"))


def _panels(worlds: Sequence[tuple[str, str]]) -> tuple["Figure", list["Axes"]]:
    from matplotlib.figure import Figure

    lines = -(-len(worlds) // 2)
    height = _TOP + lines * _LINE_STEP
    figure = Figure(figsize=(_WIDTH, height))
    panels = []
    for index, (dataset, model) in enumerate(worlds):
        line, place = divmod(index, 2)
        left = _LEFT + place * _STEP
        bottom = height - _TOP - 0.2 - _PANEL_HEIGHT - line * _LINE_STEP
        box = (left / _WIDTH, bottom / height, _PANEL_WIDTH / _WIDTH, _PANEL_HEIGHT / height)
        axes = figure.add_axes(box)
        axes.set_title(f"{dataset}, {model}", pad=5, fontsize=9.5, weight="normal")
        axes.grid(axis="y", color=drawing.GRID, linewidth=0.7)
        axes.set_axisbelow(True)
        panels.append(axes)
    return figure, panels


def _handle(position: int, label: str) -> Any:
    from matplotlib.lines import Line2D

    colour = _PALETTE[position % len(_PALETTE)]
    return Line2D([], [], color=colour, marker=_MARKERS[position], markersize=4, label=label)


def _legend(figure: "Figure", labels: Mapping[str, Any]) -> None:
    figure.legend(
        handles=list(labels.values()),
        loc="upper left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=4,
        handlelength=1.6,
        columnspacing=1.4,
        borderaxespad=0.1,
        fontsize=8.5,
    )
