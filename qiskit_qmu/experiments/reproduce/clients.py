"""clients: one of five clients withdraws, by DEW-P and others, with its attack beside ours.

DEW-P, https://arxiv.org/abs/2608.17069.
"""

from pathlib import Path
from typing import Any

import numpy as np

from qiskit_qmu._files import make_folder, write_file
from qiskit_qmu._seeds import stream
from qiskit_qmu.data import ForgetRequest, ForgetSplit
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.evaluation.method_summary import ORACLE
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.reproduce.protocol import Choice, Outputs, Protocol, Tasks
from qiskit_qmu.experiments.reproduce.quantity import COST, Quantity, percent, value
from qiskit_qmu.metrics import auroc_interval
from qiskit_qmu.observation import Observations

_CLIENTS, _ROWS, _QUICK_ROWS = 5, 180, 24
_OFFSET = 0.9
_WEIGHTS = np.array([1.4, -1.1, 0.9, 0.6])
_FEATURES = ("x0", "x1", "x2", "x3")
_METHODS = ("gd", "dew-p", "ga-r", "rga-r", "ssd-r")


def tasks(choice: Choice) -> Tasks:
    """Return the experiments; see `Protocol`."""
    found = []
    settings: dict[str, Any] = {"model.num_qubits": 4, "model.num_layers": 3}
    if choice.quick:
        settings["trainer.epochs"] = 1
    for seed in range(choice.seeds):
        rows, unseen = write_clients(
            choice.folder / "rows" / str(seed), seed, _QUICK_ROWS if choice.quick else _ROWS
        )
        experiment = Experiment(
            dataset=str(rows),
            test=str(unseen),
            label_column="label",
            feature_columns=_FEATURES,
            scale="none",
            model="basic",
            forget=ForgetRequest(owner=("client", "client 0")),
            methods=_METHODS[1:2] if choice.quick else _METHODS,
            seed=seed,
            settings=settings,
        )
        found.append(("five clients", experiment))
    return found


def write_clients(folder: Path, seed: int, rows: int = _ROWS) -> tuple[Path, Path]:
    """Write the rows of five clients, a quarter of them never seen, as CSV files.

    A client's rows lie around an offset of its own, N(0, 0.9²) in each feature. The label is
    whether x·w + 0.4 x₀x₁ + N(0, 0.2²) is positive, as in the first upload's generator.

    Args:
        folder: Where they are written.
        seed: Seed of everything random.
        rows: Rows of each client.

    Returns:
        The paths of the training rows and of the others.
    """
    generator = stream(seed, "clients")
    lines: dict[str, list[str]] = {"train": [], "test": []}
    for client in range(_CLIENTS):
        x = generator.normal(size=(rows, 4)) + generator.normal(scale=_OFFSET, size=4)
        noise = generator.normal(scale=0.2, size=rows)
        labels = x @ _WEIGHTS + 0.4 * x[:, 0] * x[:, 1] + noise > 0
        for row in range(rows):
            values = ",".join(f"{each:.6f}" for each in x[row])
            part = "train" if row < rows * 3 // 4 else "test"
            lines[part].append(f"{values},{'yes' if labels[row] else 'no'},client {client}")
    make_folder(folder)
    header = ",".join((*_FEATURES, "label", "client"))
    paths = {part: folder / f"{part}.csv" for part in lines}
    for part, path in paths.items():
        write_file(path, "\n".join([header, *lines[part], ""]))
    return paths["train"], paths["test"]


def attacks(
    observed: Outputs, split: ForgetSplit, _generator: np.random.Generator
) -> dict[str, dict[str, float | None]]:
    """Return accuracy, DEW-P's attack on others' rows and ours on the client's own; see `Measure`.

    The never-seen rows are in the order of the file: those of the client come first.
    """
    places = split.test_retain.indices
    is_own = places < len(places) // _CLIENTS
    own, other = np.flatnonzero(is_own), np.flatnonzero(~is_own)
    reference = _unseen(observed[ORACLE])
    found: dict[str, dict[str, float | None]] = {}
    for method, model in observed.items():
        all_rows = _unseen(model)
        confidence = all_rows.probabilities[:, 1]
        positive = all_rows.labels == 1
        by_others = auroc_interval(
            model.forget.membership_score, all_rows.take(other).membership_score
        ).value
        distance = np.abs(confidence - reference.probabilities[:, 1])[own].mean()
        found[method] = {
            "accuracy": all_rows.accuracy,
            "auroc": auroc_interval(confidence[positive], confidence[~positive]).value,
            "advantage": 2 * by_others - 1,
            "forgetting": 1 - abs(2 * by_others - 1),
            "auc_own": auroc_interval(
                model.forget.membership_score, all_rows.take(own).membership_score
            ).value,
            "distance": float(distance),
            "accuracy_own": all_rows.take(own).accuracy,
        }
    return found


def _unseen(model: SplitObservations) -> Observations:
    assert model.test_retain is not None
    return model.test_retain


PROTOCOL = Protocol(
    name="clients",
    summary="DEW-P's five clients, of which one withdraws; its attack beside ours",
    tasks=tasks,
    quantities=(
        percent(
            "accuracy",
            value("accuracy"),
            "accuracy on never-seen rows of all clients; good: the oracle's, or more",
            "accuracy",
        ),
        Quantity(
            heading="AUROC",
            read=value("auroc"),
            meaning="area under the ROC curve of the label on the same rows; good: the oracle's, "
            "or more, guessing has ½",
            published="auroc",
        ),
        Quantity(
            heading="forgetting",
            read=value("forgetting"),
            meaning="1 − |advantage|; theirs: 1 is good. A model that leaks nothing need not have "
            "1, since other clients' rows differ from the client's: see the oracle's",
            published="forgetting",
        ),
        Quantity(
            heading="advantage",
            read=value("advantage"),
            meaning="2 AUC − 1 of the loss on the client's training rows against never-seen rows "
            "of the other clients, −1 to 1; good: the oracle's, not 0",
            published="advantage",
        ),
        Quantity(
            heading="AUC own rows",
            read=value("auc_own"),
            meaning="the same AUC against never-seen rows of the client itself; ½ shows no leak, "
            "and the oracle has it by chance alone",
        ),
        Quantity(
            heading="distance",
            read=value("distance"),
            meaning="mean difference from the oracle's probability on the client's never-seen "
            "rows, 0 to 1; good: 0, bad: the original's",
        ),
        percent(
            "accuracy own rows",
            value("accuracy_own"),
            "accuracy on the client's never-seen rows; good: the oracle's",
        ),
        COST,
    ),
    measure=attacks,
    duration="about 3 core-minutes",
    seeds=5,
    published="clients",
    differs={
        "": (
            "forgetting and advantage: theirs too are of an attack whose non-members are other "
            "clients' rows; AUC own rows is the test that it lacks",
            "training: the basic model of four qubits and three layers on all clients' rows "
            "together (theirs: six rounds of federated averaging of a circuit with one output)",
            "methods: gd is their fine-tuning; DEW-P weighs each angle by concurrence times "
            "quantum Fisher information as printed (theirs by entropies, as stored)",
        ),
    },
)
