"""The opening paragraph of a report and one line per method beside its verdict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from qiskit_qmu.report.aggregate import ORACLE, ORIGINAL, MethodSummary, find
from qiskit_qmu.report.fields import (
    AUC,
    FORGET_TRAIN,
    GRADIENTS,
    JS_FORGET,
    JS_RETAIN,
    RETAIN_TEST,
    Field,
)
from qiskit_qmu.report.reading import Kind

_FORGET_NAME = "forget accuracy"
_RETAIN_NAME = "retain accuracy"


@final
@dataclass(frozen=True, kw_only=True)
class VerdictLine:
    """What the page says of one method.

    Args:
        method: Name of the method.
        does: What it does, may be empty.
        verdict: Its verdict, may be empty.
        remarks: That it failed or changed nothing, may be empty.
        stopped: Why it stopped, may be empty.
        reading: The numbers that a verdict rests on, with their gaps to the oracle.
    """

    method: str
    does: str
    verdict: str
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
    oracle, original = find(summaries, ORACLE), find(summaries, ORIGINAL)
    if oracle:
        sentences.append(f"The oracle, retrained on the rest alone, reaches {_two(oracle)}.")
    if original:
        sentences.append(f"Doing nothing leaves {_two(original)}.")
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
        does: What methods do, by their names; one that is not there has an empty text.

    Returns:
        The lines, in the order of the summaries.
    """
    return tuple(
        VerdictLine(
            method=summary.method,
            does=does.get(summary.method, ""),
            verdict=summary.verdict,
            remarks=summary.remarks,
            stopped="" if summary.remarks else summary.stopped,
            reading=", ".join(
                _with_gap(name, field, unit, summary)
                for name, field, unit in (
                    (_FORGET_NAME, FORGET_TRAIN, " %"),
                    (_RETAIN_NAME, RETAIN_TEST, " %"),
                    ("AUC", AUC, ""),
                )
                if summary.values[field.key].known
            ),
        )
        for summary in summaries
    )


def _count(number: int, noun: str) -> str:
    return f"one {noun}" if number == 1 else f"{number} {noun}s"


def _two(summary: MethodSummary) -> str:
    parts = (
        f"a {name} of {field.show(summary.values[field.key].value)} %{where}"
        for name, field, where in (
            (_FORGET_NAME, FORGET_TRAIN, ""),
            (_RETAIN_NAME, RETAIN_TEST, " on test rows"),
        )
    )
    return " and ".join(parts)


def _with_gap(name: str, field: Field, unit: str, summary: MethodSummary) -> str:
    text = f"{name} {field.show(summary.values[field.key].value)}{unit}"
    gap = summary.gaps[field.key]
    return f"{text} ({minus(field.show_signed(gap.value))})" if gap.known else text


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
    known = [summary for summary in passed if math.isfinite(_divergence(summary))]
    if not known:
        return ""
    nearest = min(known, key=_divergence)
    text = (
        f"{len(passed)} of {len(methods)} method{'s' * (len(methods) > 1)} forgot; nearest to the "
        f"oracle’s outputs is {nearest.method} (Jensen–Shannon divergence "
        f"{_divergence(nearest):.3f} nats, mean of forgotten and retained rows)"
    )
    ratio = nearest.relative_costs[GRADIENTS.key]
    if math.isfinite(ratio):
        text += f", at {ratio:.2g} times the oracle’s gradient evaluations"
    return f"{text}."


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


def _divergence(summary: MethodSummary) -> float:
    return (summary.values[JS_FORGET.key].value + summary.values[JS_RETAIN.key].value) / 2
