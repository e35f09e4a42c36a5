"""unlearning-methods: all methods of the registry on six kinds of data, beside the oracle."""

from typing import Any

import numpy as np

from qiskit_qmu._files import write_file
from qiskit_qmu.data import ForgetRequest, ForgetSplit
from qiskit_qmu.evaluation.method_summary import ORACLE
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.reproduce.protocol import Choice, Outputs, Protocol, Tasks
from qiskit_qmu.experiments.reproduce.quantity import (
    COST,
    GAPS,
    LARGEST_GAP,
    SECONDS,
    Quantity,
    value,
)
from qiskit_qmu.metrics import jensen_shannon
from qiskit_qmu.unlearning import METHODS

FIRST_SEED = 1000
"""No default of this package was chosen on seeds from here on."""

_PARTS = {
    "forget": "forgotten rows",
    "test_forget": "never-seen rows of the forgotten class",
    "retain": "retained training rows",
    "test_retain": "never-seen rows of the other classes",
}
_QUICK = {"model.num_qubits": 4, "model.num_layers": 2, "trainer.epochs": 3}
_CONVERGED = {"iris": {"trainer.epochs": 150}, "fashion-mnist": {"trainer.epochs": 80}}
"""With fewer, two oracles differ by up to 14 points on retained rows, so that no gap shows."""
_SIX_QUBITS = {"model.num_qubits": 6, "model.num_layers": 3}


def methods() -> tuple[str, ...]:
    """Return the methods that any model can be unlearned by; the original does nothing."""
    return tuple(
        name
        for name, method in METHODS.items()
        if name not in ("oracle", "noop") and "shards" not in method.needs
    )


def tasks(choice: Choice) -> Tasks:
    """Return the experiments; see `Protocol`."""
    shared: dict[str, Any] = {"seeds": choice.seeds, "seed": FIRST_SEED}
    iris: dict[str, Any] = {"dataset": "iris", "model": "basic", **shared}
    table = _breast_cancer(choice)
    patients: dict[str, Any] = {"dataset": table, "label_column": "diagnosis", "model": "basic"}
    ten = ForgetRequest(fraction=0.028)  # of 358 rows
    if choice.quick:
        own: dict[str, Any] = {"methods": ("gd", "rga-r"), "settings": _QUICK}
        return [
            ("Iris, class 1", Experiment(**iris, **own, forget=ForgetRequest(label=1))),
            ("breast cancer, 10 rows", Experiment(**patients, **shared, **own, forget=ten)),
        ]
    own = {"methods": methods()}
    size: dict[str, Any] = {"settings": _SIX_QUBITS if choice.form == "small" else {}}
    mnist: dict[str, Any] = {"dataset": "mnist", "model": "hybrid", **shared, **own, **size}
    fashion = {
        **mnist,
        "dataset": "fashion-mnist",
        "settings": {**size["settings"], **_CONVERGED["fashion-mnist"]},
    }
    flowers = {**iris, **own, "settings": _CONVERGED["iris"]}
    rows = ForgetRequest(fraction=0.02)
    return [
        ("MNIST, class 4", Experiment(**mnist, forget=ForgetRequest(label=4))),
        ("MNIST, class 8", Experiment(**mnist, forget=ForgetRequest(label=8))),
        ("MNIST, 2 % of the rows", Experiment(**mnist, forget=rows)),
        ("Fashion-MNIST, class 0", Experiment(**fashion, forget=ForgetRequest(label=0))),
        ("Fashion-MNIST, 2 % of the rows", Experiment(**fashion, forget=rows)),
        *(
            (f"Iris, class {c}", Experiment(**flowers, forget=ForgetRequest(label=c)))
            for c in range(3)
        ),
        ("breast cancer, 10 rows", Experiment(**patients, **shared, **own, **size, forget=ten)),
    ]


def _breast_cancer(choice: Choice) -> str:
    """Write scikit-learn's breast cancer data as CSV, as a user's table, and return its path."""
    from sklearn.datasets import load_breast_cancer

    table = load_breast_cancer(as_frame=True)
    frame = table.data.assign(diagnosis=np.asarray(table.target_names)[table.target])
    path = choice.folder / "breast-cancer.csv"
    write_file(path, frame.to_csv(index=False, lineterminator="\n"))
    return str(path)


def distances(
    observed: Outputs, _split: ForgetSplit, _generator: np.random.Generator
) -> dict[str, dict[str, float | None]]:
    """Return the Jensen–Shannon divergence from the oracle on the four parts; see `Measure`."""
    oracle = observed[ORACLE]
    found: dict[str, dict[str, float | None]] = {}
    for method, outputs in observed.items():
        pairs = {part: (getattr(outputs, part), getattr(oracle, part)) for part in _PARTS}
        found[method] = {
            f"js_{part}": None
            if own is None
            else jensen_shannon(own.probabilities, its.probabilities)
            for part, (own, its) in pairs.items()
        }
    return found


PROTOCOL = Protocol(
    name="unlearning-methods",
    summary="all methods on MNIST, Fashion-MNIST, Iris and a table, on seeds of no default",
    tasks=tasks,
    quantities=(
        LARGEST_GAP,
        *GAPS,
        *(
            Quantity(
                heading=f"JS {part.replace('_', ' ')}",
                read=value(f"js_{part}"),
                meaning=f"mean Jensen–Shannon divergence from the oracle's outputs on {rows}; "
                "good: 0, at most ln 2 = 0.693, bad: the original's",
                unit="nats",
            )
            for part, rows in _PARTS.items()
        ),
        COST,
        SECONDS,
    ),
    measure=distances,
    duration="about 3 core-hours",
    datasets=("mnist", "fashion-mnist"),
    differs={
        "": (
            "sizes: MNIST and Fashion-MNIST 1,000 training and 500 test rows; Iris 105 and 45, "
            "four qubits × three layers; breast cancer 398 and 171; a tenth of the training rows "
            "is held out for validation",
            "epochs: MNIST and breast cancer 30; Fashion-MNIST 80 and Iris 150, where models that "
            "were trained for 30 and 60 differ by their seed more than methods do",
            f"seeds from {FIRST_SEED}, on which no default was chosen",
        ),
        "default": ("form default: ten qubits × five layers, but for Iris",),
        "small": ("form small: six qubits × three layers, but for Iris",),
    },
    forms=("default", "small"),
)
