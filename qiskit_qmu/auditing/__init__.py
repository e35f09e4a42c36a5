"""Audits: what a model still knows about forgotten rows, compared with a retrained oracle."""

from qiskit_qmu.auditing.arrays import audit_arrays
from qiskit_qmu.auditing.audit_model import audit
from qiskit_qmu.auditing.audit_report import AuditReport
from qiskit_qmu.auditing.auditor import DEFAULT_ATTACKS, Auditor
from qiskit_qmu.auditing.deletion_difference import deletion_difference
from qiskit_qmu.auditing.gating import gated_numbers
from qiskit_qmu.auditing.model_tests import (
    ModelTests,
    ObservedModel,
    model_tests,
    runs_exactly,
)
from qiskit_qmu.auditing.most_changed import most_changed
from qiskit_qmu.auditing.named_attacks import named_attacks
from qiskit_qmu.auditing.oracles import (
    DEFAULT_ORACLES,
    AuditProgress,
    Oracles,
    oracle_models,
    trained_on_forgotten,
)
from qiskit_qmu.auditing.paper_protocol import PaperProtocol, paper_protocol
from qiskit_qmu.auditing.protocols import (
    ProtocolReport,
    ReportedNumber,
    explain_protocols,
    strategy_needs_of,
)
from qiskit_qmu.auditing.remaining_poison import RemainingPoison, remaining_poison
from qiskit_qmu.auditing.result_rows import in_words, model_row, roc_scores
from qiskit_qmu.auditing.row_tests import row_aucs, row_p_values
from qiskit_qmu.auditing.shadow_audit import ShadowAudit, shadow_audit
from qiskit_qmu.auditing.shadow_pool import PoolPlaces, shadow_pool
from qiskit_qmu.auditing.split_rows import SplitRows, observe_split, observed_parts
from qiskit_qmu.auditing.strategy_test import StrategyTest, strategy_test
from qiskit_qmu.auditing.twin_distances import (
    TwinDistance,
    normal_divergence,
    smoothed_epsilon,
    twin_distance,
)
from qiskit_qmu.evaluation import (
    Gate,
    Measurement,
    PowerPlan,
    SplitObservations,
    Verdict,
    audit_power,
)

__all__ = [
    "AuditProgress",
    "AuditReport",
    "Auditor",
    "DEFAULT_ATTACKS",
    "DEFAULT_ORACLES",
    "Gate",
    "Measurement",
    "ModelTests",
    "ObservedModel",
    "Oracles",
    "PaperProtocol",
    "PoolPlaces",
    "PowerPlan",
    "ProtocolReport",
    "RemainingPoison",
    "ReportedNumber",
    "ShadowAudit",
    "SplitObservations",
    "SplitRows",
    "StrategyTest",
    "TwinDistance",
    "Verdict",
    "audit",
    "audit_arrays",
    "audit_power",
    "deletion_difference",
    "most_changed",
    "smoothed_epsilon",
    "explain_protocols",
    "gated_numbers",
    "in_words",
    "model_row",
    "model_tests",
    "named_attacks",
    "strategy_needs_of",
    "normal_divergence",
    "observe_split",
    "observed_parts",
    "oracle_models",
    "paper_protocol",
    "remaining_poison",
    "roc_scores",
    "row_aucs",
    "row_p_values",
    "runs_exactly",
    "shadow_audit",
    "shadow_pool",
    "strategy_test",
    "trained_on_forgotten",
    "twin_distance",
]
