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
        reasons: What the verdict rests on, with the seeds of several; may be empty.
        remarks: That it failed or changed nothing, may be empty.
        stopped: Why it stopped before its last step; empty where it took all of them.
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
            stopped="" if summary.remarks else _stop_in_words(summary.stopped),
            strengths=summary.strengths,
        )
        for summary in summaries
    )


_STOPS = {
    "done": "",
    "limit": "stopped at its limit of steps, before its own goal",
    "goal reached": "stopped when it had reached its goal",
    "goal already reached": "took no step: its goal was reached already",
    "nothing selected": "took no step: it selected no parameter",
    "early stopping": "stopped early: the validation loss no longer improved",
    "nothing to do": "",
}
"""Each `qiskit_qmu.unlearning.result.Stopped` in words."""


def _stop_in_words(stopped: str) -> str:
    """Return why a method stopped, of all seeds, in words."""
    words = (_STOPS.get(each, f"stopped: {each}") for each in stopped.split("; ") if each)
    return "; ".join(each for each in words if each)
