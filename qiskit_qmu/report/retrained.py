"""Models that were retrained without the rows: what no test needs to show of them, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from qiskit_qmu.evaluation.method_summary import ORACLE
from qiskit_qmu.evaluation.outcomes import UNKNOWN
from qiskit_qmu.evaluation.resolution import OTHERWISE, RETRAIN
from qiskit_qmu.report.headline import Headline

RETRAINING = (ORACLE, "sisa")
"""Strategies that train again, without the rows, whatever was trained on them."""

RETRAINED = (
    "What was trained on the rows was retrained without them, so the model has forgotten them by "
    "construction. The verdict only says what this audit could show by itself."
)


def reason_of_retrained(reason: str) -> str:
    """Return the reason of a verdict on a retrained model without the advice to retrain it.

    Example:
        >>> from qiskit_qmu.report.retrained import reason_of_retrained
        >>> reason_of_retrained("it takes 702 rows; otherwise retrain")
        'it takes 702 rows'
    """
    return reason.removesuffix(f"; {OTHERWISE}").removesuffix(f"; {RETRAIN}")


def shown_reason(reason: str, *, retrained: bool) -> str:
    """Return a verdict's reason, of a retrained model as `reason_of_retrained`."""
    return reason_of_retrained(reason) if retrained else reason


def verdict_in_words(verdict: str, reason: str = "", *, retrained: bool) -> str:
    """Return a verdict as every report shows it; that of a retrained model never stands alone.

    Args:
        verdict: The audit's verdict.
        reason: What it rests on; may be empty.
        retrained: Whether the model was retrained without the rows.

    Example:
        >>> from qiskit_qmu.report.retrained import verdict_in_words
        >>> verdict_in_words("unresolved", "2 rows", retrained=False)
        'unresolved (2 rows)'
        >>> verdict_in_words("unresolved", retrained=True)
        'forgotten by construction (the audit by itself: unresolved)'
        >>> verdict_in_words("remembered", retrained=True)
        'remembered'
    """
    reason = shown_reason(reason, retrained=retrained)
    if not retrained or verdict not in UNKNOWN:
        return f"{verdict} ({reason})" if reason else verdict
    by_itself = f"{verdict}: {reason}" if reason else verdict
    return f"forgotten by construction (the audit by itself: {by_itself})"


def are_retrained(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the audited model was retrained without all of the rows that it is audited for.

    Args:
        rows: An audit's result rows; "made_by" of the audited one names its strategies in order.

    Example:
        >>> from qiskit_qmu.report.retrained import are_retrained
        >>> are_retrained([{"method": "audited", "made_by": ["ga", "oracle", "sisa"]}])
        True
        >>> are_retrained([{"method": "audited", "made_by": ["oracle", "ga"]}])
        False
    """
    steps = [step for row in rows for step in row.get("made_by") or ()]
    # Retraining everything makes up for what was done before.
    last = max((place for place, step in enumerate(steps) if step == ORACLE), default=0)
    return bool(steps) and all(step in RETRAINING for step in steps[last:])


def said_of_retrained(said: Headline) -> Headline:
    """Return what a report on a retrained model says first, where its test alone cannot tell."""
    if said.outcome != "unknown":
        return said
    return replace(
        said,
        outcome="passed",
        title="The model was retrained without the rows: it has forgotten them.",
        advice="They are forgotten by construction. The verdict only says what this "
        "audit could show by itself.",
    )
