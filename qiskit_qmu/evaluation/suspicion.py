"""Suspicions: what may be wrong with a model, each with the probability of the same by chance."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

import scipy

from qiskit_qmu.evaluation.columns import AUC, FORGET_TRAIN, REFERENCE_AUC
from qiskit_qmu.evaluation.evidence import Evidence, Scores
from qiskit_qmu.evaluation.finding import Finding
from qiskit_qmu.evaluation.forgotten_auc import auc_of
from qiskit_qmu.evaluation.measure import Measurement
from qiskit_qmu.evaluation.paired_differences import accuracy_difference
from qiskit_qmu.evaluation.reference_scores import reference_scores
from qiskit_qmu.evaluation.tested_number import TestedNumber
from qiskit_qmu.metrics import Interval, holm

SIGNIFICANCE = 0.05
"""Probability with which models of which nothing is left are suspected, all that are judged
together and all tests of them taken together."""

Fault = Literal["utility lost", "remembered", "over-forgotten", "harmful", "suppressed"]

TRACES = ("lifted_bias", "relearning", "probe")
"""Findings that a class which is no longer named is still inside."""

STRATEGY, BEFORE, RATIO = "strategy_auc", "strategy_auc_before", "oracle_ratio"

_NAMES = {AUC.key: "AUC of the attack", REFERENCE_AUC.key: "AUC beside the oracle"}


@final
@dataclass(frozen=True, kw_only=True)
class Suspicion:
    """Something that would be wrong with a model.

    Attributes:
        fault: The verdict if it is confirmed.
        key: Key of the column or finding that shows it.
        number: The number that shows it.
        p_value: Probability of such a number where nothing is left.
        text: The number in words.
        counts: Whether it is a fault if it is not by chance: it is none within the margin.
    """

    fault: Fault
    key: str
    number: Interval
    p_value: float
    text: str
    counts: bool = True


def forgetting_tests(
    measured: Measurement, of_oracle: Interval | None, margin: float
) -> dict[str, TestedNumber]:
    """Return the AUCs that tell of single rows, by key.

    The attack's is one of them only where it does not find the oracle's rows too.

    Args:
        measured: The model's numbers.
        of_oracle: The attack's AUC of the oracle; None where it is not known.
        margin: How far from ½ an AUC may lie where nothing is left.
    """
    evidence = measured.evidence
    scores: dict[str, Scores | None] = {REFERENCE_AUC.key: reference_scores(evidence)}
    if of_oracle is None or 0.5 in of_oracle:
        scores = {AUC.key: evidence.scores.get(AUC.key), **scores}
    tests = {key: _auc_test(key, evidence, own, margin) for key, own in scores.items() if own}
    return {key: test for key, test in tests.items() if measured[key] is not None}


def knowledge_test(measured: Measurement, margin: float) -> TestedNumber | None:
    """Return how much better a model knows a forgotten class than the oracles do.

    Args:
        measured: The model's numbers.
        margin: How far above the oracles' its accuracy may lie where nothing is left.
    """
    seen = measured.evidence.observed.forget
    oracles = [oracle.forget for oracle in measured.evidence.oracles]
    if seen.labels is None or not oracles:
        return None
    return TestedNumber(
        key=FORGET_TRAIN.key,
        name="accuracy on the forgotten rows above the oracle's",
        at_level=lambda level: accuracy_difference(seen, oracles, level),
        low=-math.inf,
        high=margin,
        expected=margin,
    )


def suspicions(
    tests: Sequence[TestedNumber],
    findings: Mapping[str, Finding],
    margin: float,
    *,
    of_class: bool,
) -> list[Suspicion]:
    """Return everything that may be wrong with a model.

    Args:
        tests: Its own tests of what it remembers.
        findings: What else was found, by key.
        margin: How far from ½ an AUC may lie where nothing is left.
        of_class: Whether a class was forgotten: single rows have no logit that is suppressed.
    """
    found = [
        Suspicion(
            fault="remembered" if test.is_above else "over-forgotten",
            key=test.key,
            number=test.interval,
            p_value=test.p_value,
            text=_told(test),
            counts=not test.is_nothing,
        )
        for test in tests
    ]
    if STRATEGY in findings and findings[STRATEGY].value.has_limits:
        found.append(_of_strategy(findings[STRATEGY], margin))
    if RATIO in findings and findings[RATIO].p_value is not None:
        found.append(_of_ratio(findings[RATIO]))
    if of_class:
        found += [_of_trace(findings[key]) for key in TRACES if key in findings]
    return found


def confirmed(of_models: Mapping[str, Sequence[Suspicion]]) -> dict[str, list[Suspicion]]:
    """Return the suspicions that are not by chance, all of all models taken together.

    Their p-values are adjusted by Holm's method: of models of which nothing is left, any is
    suspected with a probability of at most `SIGNIFICANCE`.

    Args:
        of_models: Suspicions by model.

    Returns:
        Those that are confirmed, with their adjusted p-values, by model; what a model remembers
        first.
    """
    flat = [(name, each) for name, own in of_models.items() for each in own]
    if not flat:
        return {name: [] for name in of_models}
    adjusted = holm([each.p_value for _, each in flat])
    certain: dict[str, list[Suspicion]] = {name: [] for name in of_models}
    for (name, each), p_value in zip(flat, adjusted, strict=True):
        if p_value <= SIGNIFICANCE and each.counts:
            certain[name].append(replace(each, p_value=float(p_value)))
    for own in certain.values():
        own.sort(key=lambda each: (_ORDER[each.fault], each.p_value))
    return certain


_ORDER: Mapping[Fault, int] = {
    "utility lost": 0,
    "remembered": 0,
    "over-forgotten": 0,
    "harmful": 1,
    "suppressed": 2,
}


def within(number: Interval, margin: float) -> bool:
    """Return whether a whole interval of an AUC lies within a margin of ½."""
    return number.has_limits and 0.5 - margin <= number.low and number.high <= 0.5 + margin


def _auc_test(key: str, evidence: Evidence, scores: Scores, margin: float) -> TestedNumber:
    def at_level(level: float) -> Interval:
        return auc_of(evidence, scores, level) or Interval(level=level)

    several = len(evidence.oracles) > 1 and key == REFERENCE_AUC.key
    return TestedNumber(
        key=key,
        name=_NAMES[key] + ("s" if several else ""),
        at_level=at_level,
        low=0.5 - margin,
        high=0.5 + margin,
        expected=0.5,
    )


def _told(test: TestedNumber) -> str:
    if test.key == FORGET_TRAIN.key:
        return f"accuracy on the forgotten rows is {test.interval} above the oracle's"
    return f"{test} lies {'above' if test.is_above else 'below'} ½"


def _of_strategy(finding: Finding, margin: float) -> Suspicion:
    value = finding.value
    above = value.value > 0.5
    p_value = _p_value(value, 0.5) if finding.p_value is None else finding.p_value
    return Suspicion(
        fault="remembered" if above else "over-forgotten",
        key=finding.key,
        number=value,
        p_value=p_value,
        text=f"{finding.name}: AUC {value} lies {'above' if above else 'below'} ½",
        counts=not within(value, margin) and value.excludes(0.5),
    )


def _of_ratio(finding: Finding) -> Suspicion:
    return Suspicion(
        fault="harmful",
        key=finding.key,
        number=finding.value,
        p_value=1.0 if finding.p_value is None else finding.p_value,
        text=f"its outputs are {finding.value} times as far from the oracles' as the original's",
        counts=finding.value.low > 1.0,
    )


def _of_trace(finding: Finding) -> Suspicion:
    """Return what a trace shows; one oracle does not tell how much retrained models differ."""
    return Suspicion(
        fault="suppressed",
        key=finding.key,
        number=finding.value,
        p_value=1.0 if finding.p_value is None else finding.p_value,
        text=f"the class is no longer named, but {trace_in_words(finding)}",
        counts=is_trace(finding),
    )


def is_trace(finding: Finding) -> bool:
    """Return whether a number lies above what retrained models have, by both intervals."""
    return finding.value.low > finding.null.high


def trace_in_words(finding: Finding) -> str:
    """Return a trace beside its null."""
    return f"{finding.name} is {finding.value}, {finding.null} in retrained models"


def _p_value(number: Interval, expected: float) -> float:
    """Return the two-sided p-value that belongs to a nearly normal number with limits."""
    if not number.has_limits:
        return 1.0
    toward = number.value - number.low if number.value > expected else number.high - number.value
    if toward == 0:
        return 0.0 if number.value != expected else 1.0
    deviation = toward / float(scipy.stats.norm.ppf((1 + number.level) / 2))
    return float(2 * scipy.stats.norm.sf(abs(number.value - expected) / deviation))
