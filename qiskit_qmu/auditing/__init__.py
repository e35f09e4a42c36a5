"""Audits: what a model still knows about forgotten rows, compared with a retrained oracle."""

from qiskit_qmu.auditing.arrays import audit_arrays
from qiskit_qmu.auditing.audit_model import audit
from qiskit_qmu.auditing.audit_report import AuditReport
from qiskit_qmu.auditing.auditor import DEFAULT_ATTACKS, Auditor, named_attacks
from qiskit_qmu.auditing.deletion_difference import deletion_difference
from qiskit_qmu.auditing.model_tests import (
    ModelTests,
    ObservedModel,
    model_tests,
    runs_exactly,
)
from qiskit_qmu.auditing.oracles import (
    DEFAULT_ORACLES,
    AuditProgress,
    Oracles,
    oracle_models,
    trained_on_forgotten,
)
from qiskit_qmu.auditing.paper_protocol import PaperProtocol, paper_protocol
from qiskit_qmu.auditing.protocols import ProtocolReport, ReportedNumber, explain_protocols
from qiskit_qmu.auditing.result_rows import in_words, model_row, roc_scores
from qiskit_qmu.auditing.split_rows import SplitRows, observe_split, observed_parts
from qiskit_qmu.auditing.strategy_test import StrategyTest, strategy_test
from qiskit_qmu.evaluation import Measurement, SplitObservations, Verdict

__all__ = [
    "DEFAULT_ATTACKS",
    "DEFAULT_ORACLES",
    "AuditProgress",
    "AuditReport",
    "Auditor",
    "Measurement",
    "ModelTests",
    "ObservedModel",
    "Oracles",
    "PaperProtocol",
    "ProtocolReport",
    "ReportedNumber",
    "SplitObservations",
    "SplitRows",
    "StrategyTest",
    "Verdict",
    "audit",
    "deletion_difference",
    "explain_protocols",
    "audit_arrays",
    "in_words",
    "model_row",
    "model_tests",
    "runs_exactly",
    "named_attacks",
    "observe_split",
    "oracle_models",
    "observed_parts",
    "paper_protocol",
    "roc_scores",
    "strategy_test",
    "trained_on_forgotten",
]
