"""What became of each method, in words: what it does, what its verdict rests on, why it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from qiskit_qmu.evaluation import MethodSummary
from qiskit_qmu.report.headline import SYMBOLS, verdict_words


@final
@dataclass(frozen=True, kw_only=True)
class MethodLine:
    """What the page says of one method.

    Attributes:
        method: Name of the method.
        does: What it does, may be empty.
        symbol: What stands before its verdict, so that it can be told without colour.
        outcome: Whether it passed; empty where nothing was judged.
        verdict: Its verdict over all seeds, may be empty.
        reasons: What the verdict rests on, for each seed; may be empty.
        remarks: That it failed or changed nothing, may be empty.
        stopped: Why its steps ended, may be empty.
        strengths: The strength that it chose with each seed, may be empty.
    """

    method: str
    does: str
    symbol: str
    outcome: str
    verdict: str
    reasons: tuple[str, ...]
    remarks: tuple[str, ...]
    stopped: str
    strengths: tuple[str, ...]


def method_lines(
    summaries: Sequence[MethodSummary], does: Mapping[str, str]
) -> tuple[MethodLine, ...]:
    """Write one line per method.

    Args:
        summaries: One per method.
        does: What each method does, by its name.

    Returns:
        The lines, in the order of the summaries.
    """
    return tuple(
        MethodLine(
            method=summary.method,
            does=does.get(summary.method, ""),
            symbol=SYMBOLS[summary.outcome],
            outcome=summary.outcome or "",
            verdict=verdict_words(summary),
            reasons=summary.reasons,
            remarks=summary.remarks,
            stopped="" if summary.remarks else summary.stopped,
            strengths=summary.strengths,
        )
        for summary in summaries
    )
