"""hqml-depth: circuit depth and entanglement against memorisation and quality of unlearning."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from qiskit_qmu.data import ForgetRequest, ForgetSplit
from qiskit_qmu.evaluation.columns import REFERENCE_AUC
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.reproduce import own_models
from qiskit_qmu.experiments.reproduce.compared import Compared, Ours, StudyFigure, ours_of
from qiskit_qmu.experiments.reproduce.protocol import Choice, Outputs, Protocol, Tasks
from qiskit_qmu.experiments.reproduce.quantity import (
    COST,
    JS_FORGET,
    LARGEST_GAP,
    RETAIN_TEST,
    Quantity,
    difference,
    points,
    value,
)
from qiskit_qmu.metrics import auroc_interval
from qiskit_qmu.report.line_panels import LinePanel, line_figure

_DEPTHS = (1, 2, 4, 6)
_ENTANGLEMENTS = ("none", "linear", "ring", "full")
_METHODS = ("ga-r", "rga-r", "lca", "eu-k", "noisy-ft")
_DATASETS = {
    "iris": ("hqml_tabular", 120, 30, {"trainer.epochs": 100, "trainer.batch_size": 32}, 0.01),
    "mnist": ("hqml_images", 800, 400, {"trainer.epochs": 40, "trainer.batch_size": 64}, 0.003),
}
_NAMES = {"iris": "Iris", "mnist": "MNIST"}


def tasks(choice: Choice) -> Tasks:
    """Return the experiments; see `Protocol`."""
    found = []
    for dataset, (factory, train, test, trainer, rate) in _DATASETS.items():
        if choice.quick and dataset != "iris":
            continue
        for depth in (1, 2) if choice.quick else _DEPTHS:
            for entanglement in ("none", "ring") if choice.quick else _ENTANGLEMENTS:
                model = {"model.num_layers": depth, "model.entanglement": entanglement}
                settings: dict[str, Any] = {**trainer, "trainer.learning_rate": rate, **model}
                if choice.quick:
                    settings["trainer.epochs"] = 2
                task = _task(dataset, depth, entanglement)
                experiment = Experiment(
                    dataset=dataset,
                    model=f"{own_models.__name__}:{factory}",
                    scale="none",
                    forget=ForgetRequest(label=0),
                    train_size=train,
                    test_size=test,
                    methods=("lca",) if choice.quick else _METHODS,
                    seeds=choice.seeds,
                    settings=settings,
                )
                found.append((task, experiment))
    return found


def _task(dataset: str, depth: int, entanglement: str) -> str:
    plural = "layer" if depth == 1 else "layers"
    return f"{_NAMES[dataset]}, {depth} {plural}, entanglement {entanglement}"


def memorisation(
    observed: Outputs, _split: ForgetSplit, _generator: np.random.Generator
) -> dict[str, dict[str, float | None]]:
    """Return how well a threshold on the loss tells retained from never-seen rows; see `Measure`.

    Rows of the forgotten class are left out, so that a model that does not know it is not called a
    model that memorises.
    """
    found: dict[str, dict[str, float | None]] = {}
    for method, model in observed.items():
        retained, unseen = model.retain, model.test_retain
        if retained is not None and unseen is not None:
            auc = auroc_interval(retained.membership_score, unseen.membership_score)
            found[method] = {"auc_retained": auc.value}
    return found


_GENERALISATION = points(
    "generalisation gap",
    difference("acc_retain_train", "acc_retain_test"),
    "accuracy on retained training rows minus that on never-seen rows of the same classes; 0: "
    "nothing is memorised that shows in accuracies",
)
_AUC_RETAINED = Quantity(
    heading="AUC retained",
    read=value("auc_retained"),
    meaning="AUC of the loss on retained training rows against never-seen rows of the same "
    "classes; ½: no memorisation that a threshold on the loss finds",
)
_AUC_FORGOTTEN = Quantity(
    heading="AUC forgotten",
    read=value("mia_auc"),
    meaning="the same of forgotten rows against never-seen rows of their class; ½: no leak, and "
    "the oracle has it by chance alone",
)
_AUC_REFERENCES = Quantity(
    heading="AUC with references",
    read=value(REFERENCE_AUC.key),
    meaning="AUC forgotten after the oracle's loss on the same row was subtracted, which takes "
    "away how hard rows are; ½: no leak",
)
_COIN = {"coin": 0.5}
_BOUNDS = {
    _AUC_RETAINED: (0.0, 1.0),
    _AUC_REFERENCES: (0.0, 1.0),
    LARGEST_GAP: (0.0, 100.0),
    JS_FORGET: (0.0, math.log(2)),
}


def figures(compared: Sequence[Compared]) -> list[StudyFigure]:
    """Draw memorisation and quality of unlearning against depth; see `Protocol`."""
    ours = ours_of(compared)
    drawn = []
    memorised: tuple[tuple[Quantity, dict[str, float]], ...] = (
        (_GENERALISATION, {"no gap": 0.0}),
        (_AUC_RETAINED, _COIN),
        (_AUC_REFERENCES, _COIN),
    )
    unlearned = tuple((quantity, {"oracle": 0.0}) for quantity in (LARGEST_GAP, JS_FORGET))
    panels = [
        _panel(ours, dataset, "original", quantity, levels, _NAMES[dataset])
        for dataset in _DATASETS
        for quantity, levels in memorised
    ]
    drawn.append(
        _figure(
            "memorisation",
            "Memorisation by depth and entanglement",
            [panel for panel in panels if panel.lines],
            "What the original remembers of its training rows. Bars are 95 % intervals over the "
            "seeds; where they overlap, the order may be chance. A coin has an AUC of ½. At one "
            "layer the four entanglements are the same model.",
        )
    )
    for dataset, name in _NAMES.items():
        panels = [
            _panel(ours, dataset, method, quantity, levels, method)
            for quantity, levels in unlearned
            for method in ("original", *_METHODS)
        ]
        drawn.append(
            _figure(
                f"unlearning-{dataset}",
                f"Quality of unlearning by depth and entanglement, {name}",
                [panel for panel in panels if panel.lines],
                "Distance from the oracle after a class was unlearned: 0 is as good as retraining, "
                "and the panels of the original are what doing nothing gives. Bars are 95 % "
                "intervals over the seeds.",
            )
        )
    return [figure for figure in drawn if figure.svg]


def _panel(
    ours: Ours,
    dataset: str,
    method: str,
    quantity: Quantity,
    levels: dict[str, float],
    title: str,
) -> LinePanel:
    lines = {}
    for entanglement in _ENTANGLEMENTS:
        found = {
            str(depth): own
            for depth in _DEPTHS
            if (own := ours.get((_task(dataset, depth, entanglement), method, quantity)))
        }
        if found:
            lines[entanglement] = found
    return LinePanel(
        title=title,
        y_label=quantity.title,
        lines=lines,
        levels=levels,
        bounds=_BOUNDS.get(quantity, (-math.inf, math.inf)),
    )


def _figure(name: str, title: str, panels: Sequence[LinePanel], caption: str) -> StudyFigure:
    svg = (
        line_figure(
            panels,
            name=name,
            places=[str(depth) for depth in _DEPTHS],
            x_label="layers of the ansatz",
            description=title,
        )
        if panels
        else ""
    )
    return StudyFigure(name=name, title=title, svg=svg, caption=caption)


PROTOCOL = Protocol(
    name="hqml-depth",
    summary="depth × entanglement against memorisation and unlearning, on Iris and MNIST",
    tasks=tasks,
    quantities=(
        RETAIN_TEST,
        _GENERALISATION,
        _AUC_RETAINED,
        _AUC_FORGOTTEN,
        _AUC_REFERENCES,
        LARGEST_GAP,
        JS_FORGET,
        COST,
    ),
    measure=memorisation,
    figures=figures,
    duration="about 65 core-minutes",
    seeds=5,
    datasets=("mnist",),
    differs={
        "": (
            "the abstract of the HQML benchmark reports this study; its code has one depth and one "
            "entanglement for each dataset, so there is nothing to put beside ours",
            "what is forgotten: class 0",
            "at one layer the CZ come after all rotations and change no ⟨Z⟩, so that the four "
            "entanglements are one model there",
        ),
    },
)
