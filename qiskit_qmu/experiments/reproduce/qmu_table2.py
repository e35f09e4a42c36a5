"""qmu-table2 and qmu-table3: all methods of the QMU paper, simulated and on a noisy device."""

from qiskit_qmu.experiments.reproduce.protocol import Choice, Protocol, Tasks
from qiskit_qmu.experiments.reproduce.qmu_paper import (
    DEVICE_WORDS,
    DIFFERS,
    FORMS,
    on_device,
    paper_tasks,
)
from qiskit_qmu.experiments.reproduce.quantity import COST, Quantity, percent, value

_DEVICE_METHODS = ("ga", "ga-r", "ssd", "rga", "rga-r")

_QUANTITIES = (
    percent("forget train", value("acc_forget_train"), "forget"),
    percent("retain train", value("acc_retain_train"), "retain"),
    percent("forget test", value("acc_forget_test")),
    percent("retain test", value("acc_retain_test")),
    percent("MIA", value("mia_paper_rate"), "mia"),
    percent("MIA control", value("mia_paper_control")),
    Quantity(heading="seconds", read=value("seconds"), published="seconds", decimals=1),
    COST,
)


def table2_tasks(choice: Choice) -> Tasks:
    """Return the experiments; see `Protocol`."""
    return paper_tasks(choice, **choice.observed_on())


def table3_tasks(choice: Choice) -> Tasks:
    """Return the experiments; see `Protocol`."""
    methods = ("ga",) if choice.quick else _DEVICE_METHODS
    return paper_tasks(choice, methods, **on_device(choice))


TABLE2 = Protocol(
    name="qmu-table2",
    summary="the QMU paper's Table 2: seven methods on both models, simulated",
    tasks=table2_tasks,
    quantities=_QUANTITIES,
    duration="about 80 core-minutes",
    seeds=20,
    datasets=("mnist",),
    forms=FORMS,
    on_devices=True,
    published="qmu-table2",
    differs=DIFFERS,
)

TABLE3 = Protocol(
    name="qmu-table3",
    summary="the QMU paper's Table 3: the same on a noisy device",
    tasks=table3_tasks,
    quantities=_QUANTITIES,
    duration="about 40 core-minutes",
    seeds=3,
    datasets=("mnist",),
    forms=FORMS,
    on_devices=True,
    published="qmu-table3",
    differs={
        **DIFFERS,
        "": (
            *DIFFERS[""],
            f"{DEVICE_WORDS}, and its costs are times on it",
        ),
    },
)
