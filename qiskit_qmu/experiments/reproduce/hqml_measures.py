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
from qiskit_qmu.experiments.reproduce.quantity import COST, SECONDS, Quantity, value
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


_LOW = "good: 0; bad: the original's"


def _quantity(heading: str, key: str, meaning: str, unit: str = "") -> Quantity:
    return Quantity(
        heading=heading,
        read=value(key),
        meaning=meaning,
        unit=unit,
        published=_PUBLISHED.get(key, key),
    )


_PUBLISHED = {"js_forget": "", "mia_auc_hqml": "mia_auc", "mia_auc": ""}
"""Names of columns among the published values, where they are others."""

HQML_QUANTITIES = (
    _quantity("acc retain", "acc_retain", "accuracy on retained training rows; good: the oracle's"),
    _quantity(
        "acc forget",
        "acc_forget",
        "accuracy on the forgotten rows; good: the oracle's, of a class 0 or nearly so, of single "
        "rows about that of never-seen ones",
    ),
    _quantity(
        "acc test",
        "acc_test",
        "accuracy on never-seen rows of all classes, the forgotten one too; good: the oracle's",
    ),
    _quantity(
        "UQI",
        "uqi",
        "drop of accuracy from the original on the forgotten rows, minus the mean of the drops on "
        "retained and test rows, −1 to 1; theirs: more is better. The oracle's is what forgetting "
        "is worth. Doing nothing has 0, and so has a model that guesses",
    ),
    _quantity(
        "KL retain",
        "kl_retain",
        f"mean Kullback–Leibler divergence from the oracle's outputs on retained rows; {_LOW}",
        "nats",
    ),
    _quantity(
        "JS retain",
        "js_retain",
        f"mean Jensen–Shannon divergence likewise, at most ln 2 = 0.693; {_LOW}",
        "nats",
    ),
    _quantity("KL test", "kl_test", f"as KL retain, on never-seen rows; {_LOW}", "nats"),
    _quantity("JS test", "js_test", f"as JS retain, on never-seen rows; {_LOW}", "nats"),
    _quantity(
        "agree retain",
        "agree_retain",
        "share of retained rows on which it predicts the oracle's class; good: 1, bad: the "
        "original's, and a constant answer has the share of one class",
    ),
    _quantity("agree test", "agree_test", "as agree retain, on never-seen rows"),
    _quantity("JS forget", "js_forget", f"as JS retain, on the forgotten rows; {_LOW}", "nats"),
    _quantity(
        "AUC theirs",
        "mia_auc_hqml",
        "confidence on forgotten rows against as many retained rows; theirs: ½ is good. That asks "
        "whether the two differ, as they should, not whether forgotten rows were trained on",
    ),
    _quantity(
        "AUC never seen",
        "mia_auc",
        "loss on forgotten rows against never-seen rows (of a class: of that class); ½ shows no "
        "leak, and the oracle has it by chance alone",
    ),
    SECONDS,
    COST,
)
"""The benchmark's numbers, and what it lacks: the forgotten rows, and an attack whose non-members
were never seen."""
