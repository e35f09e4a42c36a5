"""The opening paragraph of a report and one line per method beside its verdict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from qiskit_qmu.evaluation import Column, Kind
from qiskit_qmu.evaluation.attack_columns import AUC
from qiskit_qmu.evaluation.columns import FORGET_TRAIN, GRADIENTS, JS_FORGET, JS_RETAIN, RETAIN_TEST
from qiskit_qmu.evaluation.value_columns import (
    LOSS_FORGET,
    LOSS_RETAIN_TEST,
    R2_FORGET,
    R2_RETAIN_TEST,
)
from qiskit_qmu.report.aggregate import ORACLE, ORIGINAL, MethodSummary, find

_HEADLINES = (
    (FORGET_TRAIN, RETAIN_TEST),
    (R2_FORGET, R2_RETAIN_TEST),
    (LOSS_FORGET, LOSS_RETAIN_TEST),
)
"""What was forgotten and what was kept, in the numbers that go with what the model learned."""


@final
@dataclass(frozen=True, kw_only=True)
class VerdictLine:
    """What the page says of one method.

    Attributes:
        method: Name of the method.
        does: What it does, may be empty.
        verdict: Its verdict, may be empty.
        reasons: What the verdict rests on, for each seed; may be empty.
        remarks: That it failed or changed nothing, may be empty.
        stopped: Why it stopped, may be empty.
        reading: The numbers to read first, with their gaps to the oracle.
    """

    method: str
    does: str
    verdict: str
    reasons: tuple[str, ...]
    remarks: tuple[str, ...]
    stopped: str
    reading: str


def opening(summaries: Sequence[MethodSummary], *, kind: Kind, forgotten: str) -> str:
    """Write one paragraph: what was forgotten, the two references, which method to take.

    Args:
        summaries: One per method.
        kind: What was forgotten.
        forgotten: What was forgotten, in words.

    Returns:
        Plain text.
    """
    methods = [summary for summary in summaries if not summary.is_reference]
    seeds = max(summary.seeds for summary in summaries)
    what = forgotten or {"class": "a class", "instances": "withdrawn rows"}[kind]
    sentences = [
        f"A trained model was made to forget {what}, by {_count(len(methods), 'method')} "
        f"with {_count(seeds, 'seed')}{' each' if len(methods) > 1 else ''}."
    ]
    pair = _headline(summaries)
    oracle, original = find(summaries, ORACLE), find(summaries, ORIGINAL)
    if oracle:
        sentences.append(f"The oracle, retrained on the rest alone, reaches {_two(oracle, pair)}.")
    if original:
        sentences.append(f"Doing nothing leaves {_two(original, pair)}.")
    sentences.append(
        "The oracle never saw the class: a low forget accuracy is where every method that works "
        "ends, and what is left to compare is retain accuracy, the outputs and the cost."
        if kind == "class"
        else "A good method ends where the oracle is, not at a forget accuracy of zero."
    )
    sentences.append(recommendation(summaries))
    return " ".join(filter(None, sentences))


def verdict_lines(
    summaries: Sequence[MethodSummary], does: Mapping[str, str]
) -> tuple[VerdictLine, ...]:
    """Write one line per method.

    Args:
        summaries: One per method.
        does: What each method does, by its name.

    Returns:
        The lines, in the order of the summaries.
    """
    columns = (*_headline(summaries), AUC)
    return tuple(
        VerdictLine(
            method=summary.method,
            does=does.get(summary.method, ""),
            verdict=summary.verdict,
            reasons=summary.reasons,
            remarks=summary.remarks,
            stopped="" if summary.remarks else summary.stopped,
            reading=", ".join(
                _with_gap(column, summary) for column in columns if summary.values[column.key].known
            ),
        )
        for summary in summaries
    )


def _headline(summaries: Sequence[MethodSummary]) -> tuple[Column, Column]:
    """Return the first pair of columns in which there is a number."""

    def known(pair: tuple[Column, Column]) -> bool:
        return any(summary.values[column.key].known for summary in summaries for column in pair)

    return next(filter(known, _HEADLINES), _HEADLINES[0])


def _count(number: int, noun: str) -> str:
    return f"one {noun}" if number == 1 else f"{number} {noun}s"


def _two(summary: MethodSummary, pair: tuple[Column, Column]) -> str:
    forgotten, kept = pair
    where = "" if forgotten.group.startswith("forget") else " on forgotten rows"
    return (
        f"{_a(forgotten.group)} of {_shown(forgotten, summary)}{where} and {_a(kept.group)} of "
        f"{_shown(kept, summary)} on test rows"
    )


def _a(noun: str) -> str:
    return f"an {noun}" if noun.startswith("R") else f"a {noun}"


def _shown(column: Column, summary: MethodSummary) -> str:
    return f"{column.show(summary.values[column.key].value)} {column.unit}".strip()


def _with_gap(column: Column, summary: MethodSummary) -> str:
    text = f"{column.name} {_shown(column, summary)}"
    gap = summary.gaps[column.key]
    return f"{text} ({minus(column.show_signed(gap.value))})" if gap.known else text


def minus(text: str) -> str:
    """Return text with typographic minus signs, for a page rather than a terminal."""
    return text.replace("-", "−")


def recommendation(summaries: Sequence[MethodSummary]) -> str:
    """Name the nearest to the oracle among the methods that passed; without one, say to retrain.

    Args:
        summaries: One per method.

    Returns:
        One sentence; empty where nothing was judged.
    """
    methods = [summary for summary in summaries if not summary.is_reference]
    judged = [each for each in methods if each.remarks or each.verdict not in ("", _UNJUDGED)]
    if not judged:
        return ""
    passed = [summary for summary in judged if summary.passed]
    if not passed:
        return _none_worked(judged)
    known = [summary for summary in passed if math.isfinite(_distance(summary)[0])]
    if not known:
        return ""
    nearest = min(known, key=lambda summary: _distance(summary)[0])
    text = (
        f"{len(passed)} of {len(methods)} method{'s' * (len(methods) > 1)} forgot; nearest to the "
        f"oracle’s outputs is {nearest.method} ({_distance(nearest)[1]})"
    )
    return f"{text}{_at_what_cost(nearest)}."


def _at_what_cost(summary: MethodSummary) -> str:
    """Say what a method cost, and where it is no bargain."""
    text = ""
    ratio = summary.relative_costs[GRADIENTS.key]
    if math.isfinite(ratio):
        text = f", at {ratio:.2g} times the oracle’s gradient evaluations"
    if ratio > 1:
        text += ": retraining costs less"
    if _LIMIT in summary.stopped.split("; "):
        text += ". It stopped at its limit, before its own goal was reached"
    return text


_LIMIT = "limit"


_UNJUDGED = "no oracle"
_UNKNOWN = "untested"


def _none_worked(judged: Sequence[MethodSummary]) -> str:
    if any(_UNKNOWN in summary.verdict for summary in judged):
        return (
            "No method was shown to have forgotten: retrain, or ask again with more rows, so that "
            "the tests can tell."
        )
    who = "The method did not forget" if len(judged) == 1 else "None of the methods forgot"
    return f"{who} without harm to the rest: retrain without the rows, as the oracle was."


def _distance(summary: MethodSummary) -> tuple[float, str]:
    """Return how far a method is from the oracle, and in what; NaN where that is not known."""
    values, gaps = summary.values, summary.gaps
    divergence = (values[JS_FORGET.key].value + values[JS_RETAIN.key].value) / 2
    if math.isfinite(divergence):
        what = (
            f"Jensen–Shannon divergence {divergence:.3f} nats, mean of forgotten and retained rows"
        )
        return divergence, what
    loss = (abs(gaps[LOSS_FORGET.key].value) + abs(gaps[LOSS_RETAIN_TEST.key].value)) / 2
    return loss, f"mean losses {loss:.3g} from the oracle’s, mean of forgotten and never-seen rows"
