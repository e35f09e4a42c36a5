"""hqml-depth: circuit depth and entanglement against memorisation and quality of unlearning."""

from typing import Any

import numpy as np

from qiskit_qmu.data import ForgetRequest, ForgetSplit
from qiskit_qmu.evaluation.attack_columns import REFERENCE_AUC
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.reproduce import own_models
from qiskit_qmu.experiments.reproduce.protocol import Choice, Outputs, Protocol, Tasks
from qiskit_qmu.experiments.reproduce.quantity import (
    COST,
    Quantity,
    difference,
    largest_gap,
    percent,
    value,
)
from qiskit_qmu.metrics import auroc_interval

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
        for depth in (1,) if choice.quick else _DEPTHS:
            for entanglement in ("none", "ring") if choice.quick else _ENTANGLEMENTS:
                model = {"model.num_layers": depth, "model.entanglement": entanglement}
                settings: dict[str, Any] = {**trainer, "trainer.learning_rate": rate, **model}
                if choice.quick:
                    settings["trainer.epochs"] = 2
                plural = "layer" if depth == 1 else "layers"
                task = f"{_NAMES[dataset]}, {depth} {plural}, entanglement {entanglement}"
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


PROTOCOL = Protocol(
    name="hqml-depth",
    summary="depth × entanglement against memorisation and unlearning, on Iris and MNIST",
    tasks=tasks,
    quantities=(
        percent("retain test", value("acc_retain_test")),
        percent("gap of generalisation", difference("acc_retain_train", "acc_retain_test")),
        Quantity(heading="AUC retained", read=value("auc_retained")),
        Quantity(heading="AUC forgotten", read=value("mia_auc")),
        Quantity(heading="AUC with references", read=value(REFERENCE_AUC.key)),
        percent("largest gap", largest_gap),
        Quantity(heading="JS forget", read=value("js_oracle_forget")),
        COST,
    ),
    measure=memorisation,
    duration="about 60 core-minutes",
    seeds=3,
    datasets=("mnist",),
    differs={
        "": (
            "the abstract of the HQML benchmark reports this study; its code has one depth and one "
            "entanglement for each dataset, so there is nothing to put beside ours",
            "memorisation: accuracy on retained rows minus that on never-seen rows of the same "
            "classes, and the AUC of the loss between them (½: none)",
            "AUC forgotten: forgotten rows against never-seen rows of their class; with "
            "references: the oracle's loss subtracted",
            "unlearning: class 0; largest gap of four accuracies to the oracle's",
        ),
    },
)
