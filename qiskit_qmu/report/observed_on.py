"""Which model was audited, and where models were observed, in words."""

from collections.abc import Mapping, Sequence
from typing import Any


def observed_in_words(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return on what backend, and with how many shots, models were observed.

    Args:
        rows: Result rows; the last one that names a backend counts.

    Returns:
        A clause; empty where no row names a backend.

    Example:
        >>> from qiskit_qmu.report.observed_on import observed_in_words
        >>> observed_in_words([{"observed_on": "fake_manila", "observed_shots": 512}])
        'models were observed on fake_manila with 512 shots of each circuit'
        >>> observed_in_words([{"observed_on": "exact", "observed_shots": None}])
        'models were simulated exactly, without shots'
    """
    known = [row for row in rows if row.get("observed_on")]
    if not known:
        return ""
    name, shots = known[-1]["observed_on"], known[-1].get("observed_shots")
    if name == "exact" and shots is None:
        return "models were simulated exactly, without shots"
    how = "exact values" if shots is None else f"{shots:,} shots of each circuit"
    return f"models were observed on {name} with {how}"


def audited_in_words(subject: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return which model was audited, how it was made, and where models were observed.

    Args:
        subject: What `qiskit_qmu.auditing.AuditReport` holds of the audited model; may be empty.
        rows: The audit's result rows.

    Returns:
        A sentence; empty where nothing of it is known.

    Example:
        >>> from qiskit_qmu.report.observed_on import audited_in_words
        >>> subject = {"model": "after", "kind": "BasicQNN", "made_by": ["ssd"], "dataset": "iris"}
        >>> audited_in_words(subject, [{"observed_on": "aer", "observed_shots": 20}])
        'Audited: after (BasicQNN), made by ssd, trained on iris; models were observed on aer with
        20 shots of each circuit.'
    """
    parts = []
    if subject.get("model"):
        kind = subject.get("kind")
        parts.append(f"Audited: {subject['model']}{f' ({kind})' if kind else ''}")
    if subject.get("made_by"):
        parts.append(f"made by {', then '.join(subject['made_by'])}")
    if subject.get("dataset"):
        parts.append(f"trained on {subject['dataset']}")
    text = "; ".join(part for part in (", ".join(parts), observed_in_words(rows)) if part)
    return f"{text[0].upper()}{text[1:]}." if text else ""
