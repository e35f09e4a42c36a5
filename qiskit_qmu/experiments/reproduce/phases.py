"""phases: unlearning a phase of matter, and single ground states, of quantum data."""

from typing import Any

from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.reproduce.protocol import Choice, Protocol, Tasks
from qiskit_qmu.experiments.reproduce.quantity import (
    COST,
    FORGET_TRAIN,
    GAPS,
    LARGEST_GAP,
    RETAIN_TEST,
)
from qiskit_qmu.experiments.reproduce.unlearning_methods import FIRST_SEED

_METHODS = ("gd", "ga-r", "ssd-r", "rga-r", "lca", "anchored", "dew-p", "natural-ga")
_SMALL = {"model.num_layers": 1, "trainer.epochs": 1}


def tasks(choice: Choice) -> Tasks:
    """Return the experiments; see `Protocol`."""
    shared: dict[str, Any] = {"dataset": "phases", "model": "basic"}
    shared |= {"seeds": choice.seeds, "seed": FIRST_SEED}
    cluster, rows = ForgetRequest(label=2), ForgetRequest(fraction=0.05)
    if choice.quick:
        small: dict[str, Any] = {"train_size": 60, "test_size": 30, "methods": ("ssd",)}
        small["settings"] = _SMALL
        return [("the cluster phase", Experiment(**shared, **small, forget=cluster))]
    return [
        ("the cluster phase", Experiment(**shared, methods=_METHODS, forget=cluster)),
        ("5 % of the states", Experiment(**shared, methods=_METHODS, forget=rows)),
    ]


PROTOCOL = Protocol(
    name="phases",
    summary="ground states of a cluster-Ising chain: a phase or single states are forgotten",
    tasks=tasks,
    quantities=(
        FORGET_TRAIN,
        RETAIN_TEST,
        LARGEST_GAP,
        *GAPS,
        COST,
    ),
    duration="about 10 core-minutes",
    differs={
        "": (
            "data: 300 training and 200 test states of eight spins as amplitudes of eight qubits; "
            "nothing was published of them",
        ),
    },
)
