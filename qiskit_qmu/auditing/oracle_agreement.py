"""How many oracles alone give the verdict that they give together."""

from collections.abc import Sequence
from dataclasses import replace

from qiskit_qmu.evaluation import (
    Beside,
    Case,
    Column,
    Finding,
    Measurement,
    SplitObservations,
    Verdict,
    judge,
    measure,
)
from qiskit_qmu.metrics import Interval


def oracle_agreement(
    case: Case,
    beside: Beside,
    oracles: Sequence[SplitObservations],
    measured: Sequence[Measurement],
    *,
    columns: Sequence[Column],
) -> Finding | None:
    """Judge a model beside each oracle alone, and count those that agree with all together.

    Args:
        case: The model.
        beside: What it is judged beside.
        oracles: The outputs of each oracle.
        measured: Their measurements.
        columns: Columns to measure.

    Returns:
        The finding ``"oracle_agreement"``; None with fewer than two oracles.
    """
    count = len(oracles)
    if count < 2:
        return None
    word = judge(case, beside).name
    alone = [
        _judged_beside(case, beside, oracle, own, columns).name
        for oracle, own in zip(oracles, measured, strict=True)
    ]
    same = alone.count(word)
    return Finding(
        key="oracle_agreement",
        group="oracles",
        name="oracles that alone give the same verdict",
        value=Interval(same / count),
        num_models=count,
        reading=f"{same} of {count} oracles alone say {word}.",
    )


def _judged_beside(
    case: Case,
    beside: Beside,
    oracle: SplitObservations,
    own: Measurement,
    columns: Sequence[Column],
) -> Verdict:
    def alone(measured: Measurement) -> Measurement:
        return measure(replace(measured.evidence, oracles=(oracle,)), columns)

    original = None if beside.original is None else alone(beside.original)
    one = replace(beside, oracle=alone(own), original=original)
    return judge(replace(case, measured=alone(case.measured)), one)
