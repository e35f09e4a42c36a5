"""poisoning: wrong labels and random features, in a QNN and in a network without circuits.

Chen and Zhang, Nature Communications 2026, https://arxiv.org/abs/2508.02422.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from qiskit_qmu._files import arrays_to_bytes, make_folder, read_text, write_file
from qiskit_qmu._seeds import stream
from qiskit_qmu.auditing import observe_split
from qiskit_qmu.data import ForgetRequest, ForgetSplit
from qiskit_qmu.data.poisoning import Poison
from qiskit_qmu.data.sampling import draw_train_and_test
from qiskit_qmu.data.sources import image_sources
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.poisoned_rows import write_poisoned
from qiskit_qmu.experiments.reproduce.protocol import Choice, Outputs, Protocol, Tasks
from qiskit_qmu.experiments.reproduce.quantity import COST, JS_FORGET, percent, value
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import FineTune, NegGradPlus, Retrain, Scrub, UnlearningStrategy

_DIGITS = (1, 9)
_CASES: tuple[tuple[Poison, float], ...] = (
    ("labels", 0.1),
    ("labels", 0.3),
    ("labels", 0.5),
    ("features", 0.3),
    ("features", 0.5),
)
_METHODS = ("gd", "scrub", "neggrad", "rga-r")
_EPOCHS, _RATE = 100, 0.005
_UNLEARNING_EPOCHS = 50


def tasks(choice: Choice) -> Tasks:
    """Return the experiments; see `Protocol`."""
    found = []
    for kind, share in _CASES[:1] if choice.quick else _CASES:
        for seed in range(choice.seeds):
            folder = choice.folder / "rows" / f"{kind}-{share:g}-{seed}"
            rows = _two_digits(folder / "clean.npz", choice, seed)
            write_poisoned(folder, kind, share, rows={"dataset": str(rows)}, seed=seed)
            ids = read_text(folder / "poisoned.txt", "the ids of poisoned rows").split()
            experiment = Experiment(
                dataset=str(folder / "rows.npz"),
                model="basic",
                scale="none",
                forget=ForgetRequest(ids=tuple(ids)),
                methods=_METHODS[:1] if choice.quick else _METHODS,
                seed=seed,
                settings=_settings(choice),
            )
            found.append((f"{round(100 * share)} % {kind}", experiment))
    return found


def _two_digits(path: Path, choice: Choice, seed: int) -> Path:
    """Write images of two digits, 250 of each to train on and the others to test."""
    train, test = image_sources("mnist", choice.data_dir)
    own, others = (np.flatnonzero(np.isin(each.labels, _DIGITS)) for each in (train, test))
    size, tested = (60, 40) if choice.quick else (500, 1000)
    rows, unseen = draw_train_and_test(
        train.labels[own],
        None if train is test else test.labels[others],
        train_size=size,
        test_size=tested,
        generator=stream(seed, "data"),
    )
    others = own if train is test else others
    arrays = {
        "x_train": train.features(own[rows]),
        "y_train": train.labels[own[rows]],
        "x_test": test.features(others[unseen]),
        "y_test": test.labels[others[unseen]],
    }
    make_folder(path.parent)
    write_file(path, arrays_to_bytes(arrays))
    return path


def _settings(choice: Choice) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "model.num_qubits": 10,
        "model.num_layers": 1 if choice.quick else 6,
        "model.encoding": "amplitude",
        "model.rotations": ["rx", "ry", "rx"],
        "trainer.epochs": 1 if choice.quick else _EPOCHS,
        "trainer.batch_size": 256,
        "trainer.learning_rate": _RATE,
        "neggrad.retain_weight": 0.83,
        "neggrad.stop_when_forgotten": False,
    }
    for method in ("gd", "scrub", "neggrad"):
        settings |= {
            f"{method}.epochs": 3 if choice.quick else _UNLEARNING_EPOCHS,
            f"{method}.batch_size": 256,
            f"{method}.learning_rate": _RATE,
        }
    return settings


def with_network(
    observed: Outputs, split: ForgetSplit, generator: np.random.Generator
) -> dict[str, dict[str, float | None]]:
    """Return accuracies of the QNN's models and of a dense network's; see `Measure`."""
    numbers = {method: _numbers(model) for method, model in observed.items()}
    trainer = Trainer(epochs=_EPOCHS, batch_size=256, learning_rate=_RATE)
    network = _dense(split.train.x[0].size, generator)
    trainer.fit(network, split.train.x, split.train.y, generator=generator)
    how: dict[str, Any] = {"epochs": _UNLEARNING_EPOCHS, "batch_size": 256, "learning_rate": _RATE}
    strategies: dict[str, UnlearningStrategy] = {
        "oracle": Retrain(trainer=trainer),
        "gd": FineTune(**how),
        "scrub": Scrub(**how),
        "neggrad": NegGradPlus(**how, retain_weight=0.83, stop_when_forgotten=False),
    }
    numbers["MLP: original"] = _numbers(observe_split(network, split))
    for method, strategy in strategies.items():
        model = strategy(network, split, generator=generator).model
        numbers[f"MLP: {method}"] = _numbers(observe_split(model, split))
    return numbers


def _numbers(model: SplitObservations) -> dict[str, float | None]:
    unseen = model.test_retain
    return {
        "test": None if unseen is None else unseen.accuracy,
        "poisoned": model.forget.accuracy,
        "retain": None if model.retain is None else model.retain.accuracy,
    }


def _dense(size: int, generator: np.random.Generator) -> torch.nn.Module:
    """Return the paper's network of dense layers with 64 and 16 units."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(generator.integers(2**63)))
        return torch.nn.Sequential(
            torch.nn.Flatten(),
            torch.nn.Linear(size, 64),
            torch.nn.ReLU(),
            torch.nn.Linear(64, 16),
            torch.nn.ReLU(),
            torch.nn.Linear(16, 2),
        )


PROTOCOL = Protocol(
    name="poisoning",
    summary="poisoned labels and features of MNIST's 1 and 9: a QNN beside a dense network",
    tasks=tasks,
    quantities=(
        percent(
            "clean test",
            value("test"),
            "accuracy on clean never-seen rows; more is better, guessing has 50",
            "acc_test",
        ),
        percent(
            "as poisoned",
            value("poisoned"),
            "share of poisoned rows classified as their label in the poisoned data says, wrong "
            "where labels are the poison; good: the oracle's",
        ),
        percent(
            "retained",
            value("retain"),
            "accuracy on the clean training rows; good: the oracle's, or more",
        ),
        JS_FORGET,
        COST,
    ),
    measure=with_network,
    duration="about 40 core-minutes",
    seeds=5,
    datasets=("mnist",),
    published="poisoning",
    differs={
        "": (
            "data: 250 training images of each digit, of which a tenth is held out for validation "
            "and never poisoned, 1,000 test images (theirs: all 2,144, as their stored values "
            "show); amplitudes are normalised for each image (theirs by "
            "column of pixels, so that states do not have norm one)",
            "QNN: ten qubits, six layers of RX·RY·RX and a ring of CZ, ⟨Z⟩ of each qubit into a "
            "linear layer with cross-entropy (theirs: a ring of RZZ, σ(5⟨Z⟩) of the last qubit)",
            "MLP: a network of dense layers with 64 and 16 units and no circuit; read its methods "
            "beside its own original and oracle",
            "labels: of both digits alike, drawn at random",
            "unlearning: 50 epochs as theirs; their ascent weighs the forgotten rows 0.2, here "
            "0.17 of 1; SCRUB is its authors' (theirs: cross-entropy minus 0.2 KL on the "
            "forgotten rows)",
            "the oracle trains for 100 epochs like the original (their retrained model for 50, "
            "which leaves it below the poisoned one)",
        ),
    },
)
