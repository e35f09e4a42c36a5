"""Verdicts in words, for page and terminal alike: the headline, what to do, and the rule."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from qiskit_qmu.evaluation import MethodSummary, Recommendation, recommend, rules
from qiskit_qmu.evaluation.columns import CIRCUITS, GRADIENTS, Column, show_ratio
from qiskit_qmu.evaluation.method_summary import ORIGINAL, find, shown_columns
from qiskit_qmu.evaluation.outcomes import UNKNOWN, Outcome
from qiskit_qmu.evaluation.recommendation import oracle_distance
from qiskit_qmu.evaluation.verdict import Kind

SYMBOLS: Mapping[Outcome | None, str] = {
    "passed": "✓",
    "failed": "✗",
    "unknown": "?",
    None: "?",
}
"""What stands before a verdict, so that it can be told without colour."""

CHOICE = (
    "Of the methods that passed, the one that costs the fewest circuits is recommended, unless the "
    "outputs of another are clearly nearer to the oracle’s: at most half as far, with 95 % "
    "intervals that do not overlap. One that costs as much as retraining is never recommended."
)
"""How the recommended method is chosen, in words what `recommend` does."""


@final
@dataclass(frozen=True, kw_only=True)
class Headline:
    """What a report says first.

    Attributes:
        outcome: Whether the deletion worked.
        title: The same in a sentence.
        advice: What to do, in one sentence or a few.
        rule: When a model passes.
        recommended: The recommended method; empty where there is none.
        focus: The method whose numbers stand beside it: the recommended one, the cheapest that
            passed, or else the nearest to the oracle of those that changed something; empty where
            there is none.
    """

    outcome: Outcome
    title: str
    advice: str
    rule: str
    recommended: str
    focus: str

    @property
    def symbol(self) -> str:
        """What stands before the title."""
        return SYMBOLS[self.outcome]


def headline(summaries: Sequence[MethodSummary], kind: Kind) -> Headline:
    """Say whether the deletion worked, what to do, and by what rule.

    Args:
        summaries: One per method.
        kind: What was forgotten.

    Example:
        >>> from qiskit_qmu.report.headline import headline
        >>> from qiskit_qmu.evaluation import aggregate
        >>> rows = [{"method": "ga", "verdict": "remembered"}, {"method": "oracle"}]
        >>> said = headline(aggregate(rows), "class")
        >>> print(said.symbol, said.title)
        ✗ The deletion did not work: ga remembered.
    """
    methods = [summary for summary in summaries if not summary.is_reference]
    found = recommend(summaries)
    return Headline(
        outcome=_OUTCOMES[found.outcome],
        title=_title(methods, found),
        advice=_advice(methods, found),
        rule=rule_sentence(summaries, kind),
        recommended=found.method,
        focus=found.method or found.cheapest or _nearest(methods),
    )


def verdict_words(summary: MethodSummary) -> str:
    """Return a method's verdict over its seeds: one word, or how many seeds forgot."""
    if not summary.verdicts:
        return ""
    if len(summary.verdicts) == 1 and sum(summary.verdicts.values()) == summary.seeds:
        word = next(iter(summary.verdicts))
        return word if summary.seeds == 1 else f"{word} with all {summary.seeds} seeds"
    others = [(word, count) for word, count in summary.verdicts.items() if word != "forgotten"]
    others.sort(key=lambda other: other[0] in UNKNOWN)  # what made it fail first
    with_others = ", ".join(f"{word} with {count}" for word, count in others)
    if not summary.passes:
        return f"{with_others} of {summary.seeds} seeds"
    return f"forgotten with {summary.passes} of {summary.seeds} seeds: {with_others}"


def rule_sentence(summaries: Sequence[MethodSummary], kind: Kind) -> str:
    """Say in one sentence when a model passes; empty where nothing of it was measured."""
    known = {column.key for column in shown_columns(summaries)}
    has_original = find(summaries, ORIGINAL) is not None
    found = rules(kind, known, has_original=has_original)
    parts = [f"{_name(rule.column)} is {rule.text}" for rule in found]
    if not parts:
        return ""
    seeds = max(summary.seeds for summary in summaries)
    when = "A model passes if" if seeds == 1 else "A method passes if, with every seed,"
    tested = ", and doing nothing does not" if has_original else "; without an original none does"
    return f"{when} its {', its '.join(parts)}{tested}."


def cost_words(summary: MethodSummary, found: Recommendation | None = None) -> str:
    """Say what a method cost beside the oracle; empty where that is not known."""
    columns = (CIRCUITS, GRADIENTS) if found is None or found.cost is None else (found.cost,)
    for column in columns:
        ratio = summary.relative_costs[column.key]
        if math.isfinite(ratio):
            what = "circuits" if column is CIRCUITS else "gradient evaluations"
            own = column.show(summary.values[column.key].value)
            share = f"{_percent(ratio)} % of" if ratio < 1 else f"{show_ratio(ratio)} times"
            return f"{share} the {what} of retraining ({own})"
    return ""


def _percent(ratio: float) -> str:
    """Return a ratio below one in per cent, to two digits, which do not round to all of it."""
    percent = 100 * ratio
    return f"{percent:.2g}" if percent < 99 else f"{percent:.3g}" if percent < 99.9 else "99.9"


def _nearest(methods: Sequence[MethodSummary]) -> str:
    """Return the method that is nearest to the oracle, the first where that is not known."""
    if len(methods) > 1:  # (one that changed nothing is as near as doing nothing is)
        methods = [each for each in methods if set(each.verdicts) != {"unchanged"}]
    known = [each for each in methods if oracle_distance(each).known]
    nearest = min(known, key=lambda each: oracle_distance(each).value, default=None)
    return nearest.method if nearest else next((each.method for each in methods), "")


def _name(column: Column) -> str:
    return f"{column.group} ({column.heading})" if column.heading else column.group


_OUTCOMES: Mapping[str, Outcome] = {
    "recommended": "passed",
    "dearer": "passed",
    "none passed": "failed",
    "unknown": "unknown",
    "not judged": "unknown",
}


def _title(methods: Sequence[MethodSummary], found: Recommendation) -> str:
    if not methods:
        return "No method was compared with the oracle."
    if found.outcome == "not judged":
        if _oracle_is_invalid(methods):
            return "There is no verdict: the oracle is not one."
        return "There is no verdict: nothing was compared with an oracle."
    if len(methods) == 1:
        return _title_of_one(methods[0], found)
    of = f"{found.passed} of {found.judged} methods"
    every = "" if max(each.seeds for each in methods) == 1 else " with every seed"
    match found.outcome:
        case "recommended":
            return f"The deletion worked: {of} forgot{every}."
        case "dearer":
            return f"The deletion worked, but retraining costs less: {of} forgot{every}."
        case "unknown":
            return "Whether the deletion worked is not known: no method passed the tests."
    return f"The deletion did not work: none of {found.judged} methods forgot{every}."


def _title_of_one(method: MethodSummary, found: Recommendation) -> str:
    who = "the model" if method.method == "audited" else method.method
    with_seeds = "" if method.seeds == 1 else f" with all {method.seeds} seeds"
    match found.outcome:
        case "recommended":
            return f"The deletion worked: {who} has forgotten{with_seeds}."
        case "dearer":
            return (
                f"The deletion worked, but retraining costs less: {who} has forgotten{with_seeds}."
            )
        case "unknown":
            return f"Whether {who} has forgotten is not known: the test cannot tell."
    if len(method.verdicts) > 1:
        return f"The deletion did not work with every seed: {who} is {verdict_words(method)}."
    said = _DID.get(next(iter(method.verdicts)), "did not forget")
    return f"The deletion did not work: {who} {said}."


_DID = {
    "remembered": "remembered",
    "over-forgotten": "forgot too much",
    "suppressed": "only hides the class",
    "harmful": "is worse than doing nothing",
    "utility lost": "lost its utility",
    "unchanged": "changed nothing",
    "failed": "failed",
}


def _advice(methods: Sequence[MethodSummary], found: Recommendation) -> str:
    by_name = {summary.method: summary for summary in methods}
    match found.outcome:
        case "recommended":
            return _recommended(by_name, found)
        case "dearer":
            cheapest = by_name[found.cheapest]
            return (
                f"Retrain without the rows: {_subject(found)} takes "
                f"{cost_words(cheapest, found)}{_limit(cheapest)}."
            )
        case "unknown":
            return (
                "Retrain without the rows, or audit again with more rows to compare (more to "
                "forget, or more never-seen ones like them), or with shadow models (`qmu audit` of "
                "saved models)."
            )
        case "not judged":
            if _oracle_is_invalid(methods):
                return (
                    "Audit again beside oracles that can serve: models of the same recipe that "
                    "never saw the rows and that have learned from the others."
                )
            return (
                "Retrain an oracle without the rows (strategy oracle) and audit beside it: only a "
                "model that never saw them tells what having forgotten looks like."
            )
    return " ".join(("Retrain without the rows, as the oracle was.", *_remedies(methods)))


def _oracle_is_invalid(methods: Sequence[MethodSummary]) -> bool:
    return any("invalid oracle" in each.verdicts for each in methods)


def _subject(found: Recommendation) -> str:
    if found.judged == 1:
        return found.cheapest
    if found.passed == 1:
        return f"{found.cheapest}, the only one that passed,"
    return f"the cheapest that passed, {found.cheapest},"


def _recommended(by_name: Mapping[str, MethodSummary], found: Recommendation) -> str:
    chosen = by_name[found.method]
    cost = cost_words(chosen, found)
    if found.judged == 1:
        return (
            f"It took {cost}{_limit(chosen)}."
            if cost
            else f"The model can be used{_limit(chosen)}."
        )
    if found.cheapest:
        cheapest = by_name[found.cheapest]
        why = (
            f"its outputs are clearly nearer to the oracle’s ({_nats(chosen)}) than those of the "
            f"cheapest that passed, {cheapest.method} ({_nats(cheapest)}, "
            f"{cost_words(cheapest, found)}), at {cost}"
        )
    elif found.passed == 1:
        why = f"it is the only method that passed{cost and f', at {cost}'}"
    elif found.cost is None:
        why = f"of the methods that passed it is nearest to the oracle ({_nats(chosen)})"
    else:
        why = f"of the {found.passed} methods that passed it is the cheapest, at {cost}"
    return f"Use {found.method}: {why}{_limit(chosen)}."


def _nats(summary: MethodSummary) -> str:
    return f"{oracle_distance(summary).value:.3g}"


def _limit(summary: MethodSummary) -> str:
    """Say where a method was ended by its limit of steps, not by its own goal."""
    return "; it took all its steps without reaching its own goal" if summary.at_limit else ""


def _remedies(methods: Sequence[MethodSummary]) -> list[str]:
    """Say what may help the methods that failed."""
    found = {word for summary in methods for word in summary.verdicts}
    advice = []
    if found & {"remembered", "unchanged"}:
        advice.append(
            "A method that remembered may forget with a higher learning rate or more epochs."
        )
    if "suppressed" in found:
        advice.append(
            "One that only suppressed the class has to change more than the last layer's bias."
        )
    if found & {"over-forgotten", "utility lost", "harmful"}:
        advice.append(
            "One that forgot too much or lost utility may do better with fewer or smaller steps, "
            "or with a repair afterwards (-r)."
        )
    return advice
