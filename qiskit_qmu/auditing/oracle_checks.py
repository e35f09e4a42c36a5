"""Oracles are checked before anything is judged beside them, and averaged."""

from collections.abc import Sequence

import numpy as np

from qiskit_qmu.evaluation import Finding, Kind, Measurement
from qiskit_qmu.evaluation.columns import AUC, FORGET_TRAIN, JS_FORGET, REFERENCE_AUC
from qiskit_qmu.evaluation.suspicion import forgetting_tests
from qiskit_qmu.metrics import UNKNOWN, Interval, binomial_interval, holm

SIGNIFICANCE = 0.01
"""Probability with which an oracle that never saw the rows is refused for what an attack finds,
all oracles taken together."""


def oracle_fault(oracles: Sequence[Measurement], kind: Kind, *, never_saw: bool) -> str:
    """Say why oracles cannot be the reference; empty where they can.

    An oracle must answer other rows better than a guess. Unless it is known that it never saw the
    forgotten rows, an attack must not find them in it, and it must not name a forgotten class more
    often than a guess would.

    Args:
        oracles: Their measurements.
        kind: What was forgotten.
        never_saw: Whether it is known, by digests of their rows or because they were trained here.
    """
    for number, oracle in enumerate(oracles, start=1):
        who = "the oracle" if len(oracles) == 1 else f"oracle {number} of {len(oracles)}"
        fault = _guesses(oracle) or ("" if never_saw else _names_the_class(oracle, kind))
        if fault:
            return f"{who} {fault}"
    return "" if never_saw else _found_by_an_attack(oracles)


def mean_measurement(oracles: Sequence[Measurement]) -> Measurement:
    """Return the numbers that oracles have on average, with the mean of their limits.

    Args:
        oracles: At least one; of a single one the measurement itself is returned.
    """
    if len(oracles) == 1:
        return oracles[0]
    values = {
        key: averaged([each for oracle in oracles if (each := oracle[key]) is not None])
        for key in oracles[0].values
    }
    return Measurement(evidence=oracles[0].evidence, values=values)


def findings_of_oracles(oracles: Sequence[Measurement]) -> tuple[Finding, ...]:
    """Return what the tests find of each oracle beside the others: the null of all other models.

    Args:
        oracles: Their measurements; there is nothing to compare with fewer than two.
    """
    if len(oracles) < 2:
        return ()
    mean = mean_measurement(oracles)
    shown = (
        (
            "oracle_auc",
            REFERENCE_AUC.key,
            "AUC beside the other oracles",
            Interval(0.5, low=0.5, high=0.5),
            "What the sharpest test finds in models that never saw the rows.",
        ),
        (
            "oracle_js",
            JS_FORGET.key,
            "divergence from the other oracles, nats",
            UNKNOWN,
            "How far retrained models are from each other: no method can be expected nearer.",
        ),
    )
    return tuple(
        Finding(
            key=key,
            group="oracles",
            name=name,
            value=value,
            null=null,
            num_models=len(oracles),
            num_rows=len(mean.evidence.observed.forget),
            reading=reading,
        )
        for key, column, name, null, reading in shown
        if (value := mean[column]) is not None
    )


def averaged(values: Sequence[Interval]) -> Interval | None:
    """Return the mean of a number over oracles, with the mean of its limits; None without any."""
    if not values:
        return None
    ends = np.array([(each.value, each.low, each.high) for each in values]).mean(axis=0)
    value, low, high = map(float, ends)
    return Interval(value, low, high, values[0].level)


def _guesses(oracle: Measurement) -> str:
    """Say that an oracle answers the rows it was trained on no better than a guess."""
    retain = oracle.evidence.observed.retain
    if retain is None or retain.labels is None:
        return ""
    chance = 1 / len(np.unique(retain.labels))
    right = int((retain.predictions == retain.labels).sum())
    accuracy = binomial_interval(right, len(retain))
    if chance == 1 or accuracy.low > chance:
        return ""
    return (
        f"answers retained rows no better than a guess (accuracy {accuracy}, a guess has "
        f"{chance:.3f}): the recipe must learn from the rows, by more epochs or more rows"
    )


def _names_the_class(oracle: Measurement, kind: Kind) -> str:
    known, forget = oracle[FORGET_TRAIN.key], oracle.evidence.observed.forget
    if kind != "class" or known is None or forget.num_classes is None:
        return ""
    if known.low <= 1 / forget.num_classes:
        return ""
    return f"names the forgotten class in {known} of its rows: it was trained on that class"


def _found_by_an_attack(oracles: Sequence[Measurement]) -> str:
    """Say that an attack finds the forgotten rows among those that an oracle was trained on."""
    tests = [forgetting_tests(oracle, None, margin=0.0).get(AUC.key) for oracle in oracles]
    known = [(number, test) for number, test in enumerate(tests, start=1) if test is not None]
    p_values = [test.p_value if test.is_above else 1.0 for _, test in known]
    for (number, test), p_value in zip(known, holm(p_values) if known else (), strict=True):
        if p_value <= SIGNIFICANCE:
            who = "the oracle" if len(oracles) == 1 else f"oracle {number} of {len(oracles)}"
            return f"{who} was trained on the forgotten rows, by an attack on it: {test}"
    return ""
