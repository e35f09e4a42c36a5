"""qmu-table2 and qmu-table3: all methods of the QMU paper, simulated and on a noisy device."""

from qiskit_qmu.experiments.reproduce.protocol import Choice, Protocol, Tasks
from qiskit_qmu.experiments.reproduce.qmu_paper import (
    DEVICE_WORDS,
    DIFFERS,
    FORMS,
    on_device,
    paper_tasks,
)
from qiskit_qmu.experiments.reproduce.quantity import (
    COST,
    FORGET_TEST,
    FORGET_TRAIN,
    RETAIN_TEST,
    RETAIN_TRAIN,
    SECONDS,
    percent,
    value,
)

_DEVICE_METHODS = ("ga", "ga-r", "ssd", "rga", "rga-r")

_QUANTITIES = (
    FORGET_TRAIN,
    RETAIN_TRAIN,
    FORGET_TEST,
    RETAIN_TEST,
    percent(
        "MIA",
        value("mia_paper_rate"),
        "share of forgotten rows that the paper's attack calls members; the paper calls 0 good, "
        "but of a model without any leak it equals the control",
        "mia",
    ),
    percent(
        "MIA control",
        value("mia_paper_control"),
        "the same share of never-seen rows of the class; only what MIA has beyond it can be a leak",
    ),
    SECONDS,
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
    duration="about 55 core-minutes",
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
