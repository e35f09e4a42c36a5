"""The reported distances of outputs: to the oracle's, and to the model's own exact ones."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from qiskit_qmu.evaluation.columns.column import Column, Measure
from qiskit_qmu.evaluation.evidence import Evidence, Part
from qiskit_qmu.metrics import Interval, jensen_shannon_interval
from qiskit_qmu.observation import Observations, concatenate

_DISTANCE = "JS"


def oracle_divergence(part: Part) -> Measure:
    """Return a function that measures how far a part's outputs are from the oracles' mean."""

    def measured(evidence: Evidence) -> Interval | None:
        seen: Observations | None = getattr(evidence.observed, part)
        oracles = [getattr(oracle, part) for oracle in evidence.oracles]
        if seen is None or not oracles or any(oracle is None for oracle in oracles):
            return None
        # The oracle itself: 0 for all rows, not only for the observed ones.
        return _ZERO if oracles == [seen] else _divergence(seen, oracles)

    return measured


def exact_divergence(evidence: Evidence) -> Interval | None:
    """Return the divergence from the model's own exact outputs, on the rows of the accuracies."""
    if evidence.exact is None:
        return None
    if evidence.observed.forget.shots is None:
        return _ZERO  # the exact outputs themselves
    pair = []
    for outputs in (evidence.observed, evidence.exact):
        parts = [part for part in (outputs.forget, outputs.test_retain) if part is not None]
        pair.append(concatenate(*parts))
    observed, exact = pair
    return _divergence(observed, [exact])


_ZERO = Interval(0.0, 0.0, 0.0)


def _divergence(seen: Observations, others: Sequence[Observations]) -> Interval | None:
    """Return the divergence from the mean probabilities of others."""
    if seen.logits is None:
        return None
    reference = np.mean([other.probabilities for other in others], axis=0)
    return jensen_shannon_interval(seen.probabilities, reference)


def _distance_column(key: str, heading: str, part: Part, **options: Any) -> Column:
    return Column(
        key=key,
        group=_DISTANCE,
        heading=heading,
        unit="nats",
        computed="mean Jensen–Shannon divergence from the oracle's outputs on the same rows",
        better="0",
        applies="classes",
        measure=oracle_divergence(part),
        decimals=3,
        maximum=math.log(2),
        in_text="value",
        **options,
    )


JS_FORGET = _distance_column(
    "js_oracle_forget",
    "forget",
    "forget",
    reading="mean Jensen–Shannon divergence from the oracle’s outputs on the same rows; 0 = equal "
    "outputs, ln 2 = 0.693 = disjoint outputs.",
)
JS_RETAIN = _distance_column("js_oracle_retain", "retain", "retain")

JS_EXACT = Column(
    key="js_exact",
    group=_DISTANCE,
    heading="to exact",
    unit="10⁻³ nats",
    computed="mean Jensen–Shannon divergence from the same model's exact outputs",
    better="0",
    reading="mean Jensen–Shannon divergence from the same model’s exact outputs on the same "
    "backend; it falls as 1/shots.",
    applies="classes",
    measure=exact_divergence,
    factor=1000.0,
    decimals=3,
    maximum=math.log(2),
)
