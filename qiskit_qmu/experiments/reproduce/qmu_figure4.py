"""qmu-figure4: accuracies along the unlearning path, and over the grid of SSD's strengths."""

from dataclasses import replace
from typing import Any

from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.reproduce.protocol import Choice, Protocol, Tasks
from qiskit_qmu.experiments.reproduce.qmu_paper import DIFFERS, FORMS, paper_tasks
from qiskit_qmu.experiments.reproduce.quantity import percent, value
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
        unit = "epoch" if epochs == 1 else "epochs"
        for model, experiment in ascents:
            task = f"{model}, {epochs} {unit} of ascent"
            found.append((task, _with(experiment, _path(model, epochs))))
    for model, experiment in paper_tasks(choice, ("ssd",)):
        alphas, dampenings = _GRID[model]
        for alpha in alphas[:1] if choice.quick else alphas:
            for dampening in dampenings[:1] if choice.quick else dampenings:
                own = {"ssd.alpha": alpha, "ssd.dampening": dampening}
                task = f"{model}, SSD with α = {alpha:g} and λ = {dampening:g}"
                found.append((task, _with(experiment, own)))
    return found


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


PROTOCOL = Protocol(
    name="qmu-figure4",
    summary="the QMU paper's Figure 4: the path of GA and RGA, the grid of SSD",
    tasks=tasks,
    quantities=(
        percent("forget train", value("acc_forget_train")),
        percent("retain train", value("acc_retain_train")),
        percent("forget test", value("acc_forget_test")),
        percent("retain test", value("acc_retain_test")),
    ),
    duration="about 30 core-minutes",
    seeds=3,
    datasets=("mnist",),
    forms=FORMS,
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
