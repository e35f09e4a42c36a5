"""qmu-figure4: accuracies along the unlearning path, and over the grid of SSD's strengths."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.reproduce.compared import Compared, Ours, StudyFigure, ours_of
from qiskit_qmu.experiments.reproduce.protocol import Choice, Protocol, Tasks
from qiskit_qmu.experiments.reproduce.qmu_paper import DIFFERS, FORMS, MODELS, paper_tasks
from qiskit_qmu.experiments.reproduce.quantity import (
    FORGET_TEST,
    FORGET_TRAIN,
    RETAIN_TEST,
    RETAIN_TRAIN,
)
from qiskit_qmu.report.grid_panels import GridPanel, grid_figure
from qiskit_qmu.report.line_panels import LinePanel, line_figure
from qiskit_qmu.unlearning.ascent import NEVER

_EPOCHS = (1, 2, 3, 5, 8, 12)
_GRID = {
    "basic": ((0.1, 1.0, 5.0, 15.0), (0.1, 0.5, 1.0, 5.0)),
    "hybrid": ((2.0, 4.0, 6.0, 10.0), (0.01, 0.2, 0.5, 0.8)),
}
_PATH = {
    # Learning rates and batch sizes beside the figure.
    "basic": {"ga": (0.01, 16), "rga": (0.01, 16)},
    "hybrid": {"ga": (0.01, 16), "rga": (0.05, 32)},
}


def tasks(choice: Choice) -> Tasks:
    """Return the experiments; see `Protocol`."""
    found = []
    ascents = paper_tasks(choice, ("ga", "rga"))
    for epochs in (1, 2) if choice.quick else _EPOCHS:
        for model, experiment in ascents:
            task = _ascent_task(model, epochs)
            found.append((task, _with(experiment, _path(model, epochs))))
    for model, experiment in paper_tasks(choice, ("ssd",)):
        alphas, dampenings = _GRID[model]
        for alpha in alphas[:1] if choice.quick else alphas:
            for dampening in dampenings[:1] if choice.quick else dampenings:
                own = {"ssd.alpha": alpha, "ssd.dampening": dampening}
                task = _grid_task(model, alpha, dampening)
                found.append((task, _with(experiment, own)))
    return found


def _ascent_task(model: str, epochs: int) -> str:
    return f"{model}, {epochs} {'epoch' if epochs == 1 else 'epochs'} of ascent"


def _grid_task(model: str, alpha: float, dampening: float) -> str:
    return f"{model}, SSD with α = {alpha:g} and λ = {dampening:g}"


def _path(model: str, epochs: int) -> dict[str, Any]:
    """Return the settings of an ascent of so many epochs that nothing else ends."""
    settings: dict[str, Any] = {}
    for method, (rate, size) in _PATH[model].items():
        settings |= {
            f"{method}.max_epochs": epochs,
            f"{method}.learning_rate": rate,
            f"{method}.batch_size": size,
            f"{method}.loss_threshold": NEVER,
            f"{method}.confidence_threshold": 0.0,
        }
    return settings


def _with(experiment: Experiment, settings: dict[str, Any]) -> Experiment:
    return replace(experiment, settings={**experiment.settings, **settings})


def figures(compared: Sequence[Compared]) -> list[StudyFigure]:
    """Draw the path of the ascents and the grid of SSD; see `Protocol`."""
    ours = ours_of(compared)
    accuracies = (FORGET_TRAIN, FORGET_TEST, RETAIN_TRAIN, RETAIN_TEST)
    path = line_figure(
        [_path_panel(ours, model, method) for model in MODELS for method in ("ga", "rga")],
        name="path",
        places=["0", *map(str, _EPOCHS)],
        x_label="epochs of ascent",
        description="Accuracies along the path of gradient ascent",
        columns=2,
    )
    grids = [
        GridPanel(
            title=f"{model}: {quantity.title}",
            rows=[f"{alpha:g}" for alpha in _GRID[model][0]],
            columns=[f"{dampening:g}" for dampening in _GRID[model][1]],
            values={
                (f"{alpha:g}", f"{dampening:g}"): own
                for alpha in _GRID[model][0]
                for dampening in _GRID[model][1]
                if (own := ours.get((_grid_task(model, alpha, dampening), "ssd", quantity)))
            },
        )
        for model in MODELS
        for quantity in accuracies
    ]
    grid = grid_figure(
        grids,
        name="ssd-grid",
        x_label="λ, factor of the dampening",
        y_label="α, threshold",
        description="Accuracies over the grid of SSD's strengths",
    )
    return [
        StudyFigure(
            name="path",
            title="Along the path of ascent",
            svg=path,
            caption="Accuracies after so many epochs of ascent on the rows to forget; at 0 stands "
            "the original. Bars are 95 % intervals over the seeds. The oracle's row of the tables "
            "is what to aim at.",
        ),
        StudyFigure(
            name="ssd-grid",
            title="Over the strengths of SSD",
            svg=grid,
            caption="Means over the seeds in per cent, with ± half the 95 % interval; the deeper, "
            "the more. SSD multiplies each parameter whose importance for the forgotten rows is "
            "more than α times that for all rows by min(1, λ · importance for all / importance "
            "for the forgotten ones): small α and λ are strong.",
        ),
    ]


def _path_panel(ours: Ours, model: str, method: str) -> LinePanel:
    lines = {}
    for quantity in (FORGET_TRAIN, FORGET_TEST, RETAIN_TRAIN, RETAIN_TEST):
        values = {}
        for epochs in _EPOCHS:
            task = _ascent_task(model, epochs)
            if before := ours.get((task, "original", quantity)):
                values["0"] = before
            if own := ours.get((task, method, quantity)):
                values[str(epochs)] = own
        lines[quantity.heading] = values
    return LinePanel(title=f"{model}: {method}", y_label="accuracy, %", lines=lines)


PROTOCOL = Protocol(
    name="qmu-figure4",
    summary="the QMU paper's Figure 4: the path of GA and RGA, the grid of SSD",
    tasks=tasks,
    quantities=(FORGET_TRAIN, RETAIN_TRAIN, FORGET_TEST, RETAIN_TEST),
    duration="about 30 core-minutes",
    seeds=3,
    datasets=("mnist",),
    forms=FORMS,
    figures=figures,
    differs={
        **DIFFERS,
        "": (
            *DIFFERS[""],
            "the figure's curves are not printed as numbers, so there is nothing to put beside "
            "ours; learning rates and batch sizes are those beside the figure, and no rule stops "
            "an ascent; the grid spans the ranges of the text, and λ = 0.01 of its Table 2",
        ),
    },
)
