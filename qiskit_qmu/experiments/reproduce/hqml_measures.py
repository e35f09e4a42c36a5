"""The numbers of the HQML benchmark, on rows that are paired."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr

from qiskit_qmu.auditing.protocols.reported import never_seen
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.evaluation.method_summary import ORACLE, ORIGINAL
from qiskit_qmu.experiments.reproduce.protocol import Outputs
from qiskit_qmu.experiments.reproduce.quantity import Quantity, value
from qiskit_qmu.metrics import auroc_interval, jensen_shannon
from qiskit_qmu.observation import Observations

Numbers = dict[str, float | None]

_FLOOR = 1e-8
"""Smallest probability in a Kullback–Leibler divergence, as in the benchmark's code."""


def hqml_numbers(
    observed: Outputs, _split: ForgetSplit, generator: np.random.Generator
) -> dict[str, Numbers]:
    """Return what `evaluate_suite` of the benchmark returns of each model; see `Measure`.

    Its code compares retained rows in two different orders; here they are paired.
    """
    original, oracle = observed[ORIGINAL], observed[ORACLE]
    assert original.retain is not None
    size = min(len(original.forget), len(original.retain))
    drawn = np.sort(generator.choice(len(original.retain), size=size, replace=False))
    return {method: _of(model, original, oracle, drawn) for method, model in observed.items()}


def _of(
    model: SplitObservations,
    original: SplitObservations,
    oracle: SplitObservations,
    drawn: NDArray[np.int64],
) -> Numbers:
    parts: dict[str, Callable[[SplitObservations], Observations | None]] = {
        "forget": lambda each: each.forget,
        "retain": lambda each: each.retain,
        "test": never_seen,
    }
    numbers: Numbers = {}
    drops = {}
    for name, part in parts.items():
        own, before, reference = part(model), part(original), part(oracle)
        if own is None or before is None or reference is None:
            continue
        numbers[f"acc_{name}"] = own.accuracy
        drops[name] = before.accuracy - own.accuracy
        numbers[f"kl_{name}"] = _divergence(own.probabilities, reference.probabilities)
        numbers[f"js_{name}"] = jensen_shannon(own.probabilities, reference.probabilities)
        numbers[f"agree_{name}"] = float((own.predictions == reference.predictions).mean())
    numbers["uqi"] = drops["forget"] - (drops["retain"] + drops["test"]) / 2
    assert model.retain is not None
    retained = model.retain.take(drawn).probabilities.max(axis=1)
    numbers["mia_auc_hqml"] = auroc_interval(model.forget.probabilities.max(axis=1), retained).value
    return numbers


def _divergence(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the mean Kullback–Leibler divergence of two models' probabilities, in nats."""
    p, q = np.clip(first, _FLOOR, 1), np.clip(second, _FLOOR, 1)
    return float(rel_entr(p, q).sum(axis=1).mean())


def _quantity(heading: str, key: str, published: str = "") -> Quantity:
    return Quantity(heading=heading, read=value(key), published=published)


HQML_QUANTITIES = (
    *(
        _quantity(heading, key, key)
        for heading, key in (
            ("acc retain", "acc_retain"),
            ("acc forget", "acc_forget"),
            ("acc test", "acc_test"),
            ("UQI", "uqi"),
            ("KL retain", "kl_retain"),
            ("JS retain", "js_retain"),
            ("KL test", "kl_test"),
            ("JS test", "js_test"),
            ("agree retain", "agree_retain"),
            ("agree test", "agree_test"),
        )
    ),
    _quantity("JS forget", "js_forget"),
    _quantity("AUC, theirs", "mia_auc_hqml", "mia_auc"),
    _quantity("AUC, never seen", "mia_auc"),
    Quantity(heading="seconds", read=value("seconds"), published="seconds", decimals=1),
    Quantity(heading="cost", read=value("gradient_evaluations"), decimals=0),
)
"""The benchmark's numbers, and what it lacks: the forgotten rows, and an attack whose non-members
were never seen."""
