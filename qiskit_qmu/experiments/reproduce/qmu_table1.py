"""qmu-table1: success of the QMU paper's attack by what it sees of a model."""

from collections.abc import Mapping

import numpy as np

from qiskit_qmu.attacks import PaperNetworkAttack
from qiskit_qmu.attacks.attack import FeatureName
from qiskit_qmu.auditing import paper_protocol
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation.method_summary import ORACLE, ORIGINAL
from qiskit_qmu.experiments.reproduce.protocol import Choice, Outputs, Protocol, Tasks
from qiskit_qmu.experiments.reproduce.qmu_paper import (
    DEVICE_WORDS,
    DIFFERS,
    FORMS,
    on_device,
    paper_tasks,
)
from qiskit_qmu.experiments.reproduce.quantity import percent, value

_FEATURES: tuple[FeatureName, ...] = ("loss", "logits", "softmax", "expectations")
_WORDS: Mapping[FeatureName, str] = {
    "loss": "loss",
    "logits": "logits",
    "softmax": "class probabilities",
    "expectations": "expectation values",
}


def tasks(choice: Choice) -> Tasks:
    """Return the experiments; see `Protocol`."""
    methods = ("noop",)
    return [
        *paper_tasks(choice, methods, suffix=", noiseless"),
        *paper_tasks(choice, methods, suffix=", device", **on_device(choice)),
    ]


def attack_successes(
    observed: Outputs, split: ForgetSplit, generator: np.random.Generator
) -> dict[str, dict[str, float | None]]:
    """Return the share of forgotten rows called members by each feature; see `Measure`."""
    found: dict[str, dict[str, float | None]] = {ORIGINAL: {}, ORACLE: {}}
    for feature in _FEATURES:
        attack = PaperNetworkAttack(features=(feature,))
        fitted = paper_protocol(observed[ORIGINAL], split, generator, attack)
        if fitted is None:
            continue
        for method, numbers in found.items():
            numbers[feature] = fitted.rate(observed[method]).value
            control = fitted.control(observed[method])
            numbers[f"{feature}_control"] = None if control is None else control.value
        found[ORIGINAL][f"{feature}_accuracy"] = fitted.held_out.value
    return found


PROTOCOL = Protocol(
    name="qmu-table1",
    summary="the QMU paper's Table 1: success of its attack by feature and model",
    tasks=tasks,
    quantities=tuple(
        quantity
        for feature in _FEATURES
        for quantity in (
            percent(
                feature,
                value(feature),
                f"share of forgotten rows that the attack on the {_WORDS[feature]} calls members; "
                "of a model without any leak it equals the control",
                feature,
            ),
            percent(
                f"{feature} control",
                value(f"{feature}_control"),
                "the same share of never-seen rows of the class",
            ),
            percent(
                f"{feature} accuracy",
                value(f"{feature}_accuracy"),
                "accuracy of the attack on rows that it was not trained on, half of them members; "
                "a coin has 50",
            ),
        )
    ),
    measure=attack_successes,
    duration="about 20 core-minutes",
    seeds=5,
    datasets=("mnist",),
    forms=FORMS,
    on_devices=True,
    published="qmu-table1",
    differs={
        **DIFFERS,
        "": (
            *DIFFERS[""],
            "control: the same share of never-seen rows of the class; accuracy: of the attack on "
            "rows that it was not trained on, half members (50 is a coin's)",
            DEVICE_WORDS,
        ),
    },
)
