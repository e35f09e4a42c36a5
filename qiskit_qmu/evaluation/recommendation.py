"""Which of the methods that forgot is to be taken: the cheapest, unless another is clearly nearer.

Nearness alone would pay almost any price for differences that nobody can measure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

from qiskit_qmu.evaluation.columns import (
    CIRCUITS,
    GRADIENTS,
    JS_FORGET,
    JS_RETAIN,
    LOSS_FORGET,
    LOSS_RETAIN_TEST,
    Column,
)
from qiskit_qmu.evaluation.method_summary import ORACLE, MethodSummary, find
from qiskit_qmu.metrics import UNKNOWN, Interval

CLEARLY_NEARER = 0.5
"""Share of the cheaper method's distance from the oracle that a dearer one may at most have."""

Outcome = Literal["recommended", "dearer", "none passed", "unknown", "not judged"]


@final
@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """What to do with what was compared.

    Attributes:
        outcome: "recommended": take `method`. "dearer": methods forgot, but each costs as much as
            retraining or more. "none passed": every method failed with at least one seed.
            "unknown": none passed, and of at least one the tests could not tell. "not judged":
            there was no oracle, or none that is one, or no method.
        method: The recommended method; empty where there is none.
        cheapest: The cheapest of those that passed, where another is clearly nearer to the oracle
            or all are too dear; empty otherwise.
        passed: Number of methods that passed.
        judged: Number of methods that were judged.
        cost: The column of costs that decided; None if no costs are known.
    """

    outcome: Outcome
    method: str = ""
    cheapest: str = ""
    passed: int = 0
    judged: int = 0
    cost: Column | None = None


def recommend(summaries: Sequence[MethodSummary]) -> Recommendation:
    """Recommend one of the methods that forgot with every seed.

    The cheapest is taken, by circuits, and where those were not counted by gradient evaluations. A
    dearer one is taken in its place only if its outputs are clearly nearer to the oracle's: at most
    `CLEARLY_NEARER` times as far, with 95 % intervals that do not overlap. What costs as much as
    retraining, or more, is never recommended.

    Args:
        summaries: One per method, with original and oracle or without.

    Returns:
        The recommendation.

    Example:
        >>> from qiskit_qmu.evaluation import aggregate, recommend
        >>> costs = {"oracle": 100, "ga": 20, "rga": 80}
        >>> rows = [
        ...     {"method": name, "verdict": "forgotten", "circuits": cost}
        ...     for name, cost in costs.items()
        ... ]
        >>> recommend(aggregate(rows)).method
        'ga'
    """
    methods = [each for each in summaries if not each.is_reference]
    has_oracle = find(summaries, ORACLE) is not None
    judged = [each for each in methods if has_oracle and each.outcome and not _is_invalid(each)]
    passed = [each for each in judged if each.passed]
    if not judged:
        return Recommendation(outcome="not judged")
    if not passed:
        unknown = any(each.outcome == "unknown" for each in judged)
        return Recommendation(outcome="unknown" if unknown else "none passed", judged=len(judged))
    cost = _cost_of(passed)
    found = Recommendation(outcome="recommended", passed=len(passed), judged=len(judged), cost=cost)
    if cost is None:
        nearest = min(passed, key=lambda each: _sortable(oracle_distance(each).value))
        return replace(found, method=nearest.method)
    passed.sort(key=lambda each: _sortable(each.relative_costs[cost.key]))
    cheapest = chosen = passed[0]
    if cheapest.relative_costs[cost.key] >= 1.0:
        return replace(found, outcome="dearer", cheapest=cheapest.method)
    for dearer in passed[1:]:
        is_affordable = dearer.relative_costs[cost.key] < 1.0
        if is_affordable and _is_clearly_nearer(oracle_distance(dearer), oracle_distance(chosen)):
            chosen = dearer
    other = "" if chosen is cheapest else cheapest.method
    return replace(found, method=chosen.method, cheapest=other)


def oracle_distance(summary: MethodSummary) -> Interval:
    """Return how far a method's outputs are from the oracle's, on forgotten and retained rows.

    Returns:
        The mean of the two Jensen–Shannon divergences, in nats; for models without classes that of
        the gaps of the two mean losses, without limits.
    """
    divergences = [summary.values[column.key] for column in (JS_FORGET, JS_RETAIN)]
    if all(each.known for each in divergences):
        ends = zip(*((each.value, each.low, each.high) for each in divergences), strict=True)
        return Interval(*(sum(end) / len(divergences) for end in ends))
    gaps = [summary.gaps[column.key] for column in (LOSS_FORGET, LOSS_RETAIN_TEST)]
    if all(each.known for each in gaps):
        return Interval(sum(abs(each.value) for each in gaps) / len(gaps))
    return UNKNOWN


def _is_invalid(summary: MethodSummary) -> bool:
    return list(summary.verdicts) == ["invalid oracle"]


def _cost_of(methods: Sequence[MethodSummary]) -> Column | None:
    """Return the first column of costs that is known, beside the oracle's, of all methods."""
    for column in (CIRCUITS, GRADIENTS):
        if all(math.isfinite(each.relative_costs[column.key]) for each in methods):
            return column
    return None


def _is_clearly_nearer(one: Interval, other: Interval) -> bool:
    return one.value <= CLEARLY_NEARER * other.value and one.high < other.low


def _sortable(value: float) -> float:
    return value if math.isfinite(value) else math.inf
