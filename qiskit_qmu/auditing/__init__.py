"""Audits: what a model still knows of rows that it should have forgotten, beside the oracle."""

from qiskit_qmu.auditing.measure import (
    DEFAULT_ATTACKS,
    Measurement,
    PaperProtocol,
    SplitObservations,
    measure,
    observe_split,
    observed_parts,
    paper_protocol,
)
from qiskit_qmu.auditing.report import AuditReport, audit, in_words, roc_scores
from qiskit_qmu.auditing.verdict import Verdict, judge

__all__ = [
    "DEFAULT_ATTACKS",
    "AuditReport",
    "Measurement",
    "PaperProtocol",
    "SplitObservations",
    "Verdict",
    "audit",
    "in_words",
    "judge",
    "measure",
    "observe_split",
    "observed_parts",
    "paper_protocol",
    "roc_scores",
]
