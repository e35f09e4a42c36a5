"""What published protocols would report for a model, each number beside its controls."""

from qiskit_qmu.auditing.protocols.explain import (
    PROTOCOLS,
    ProtocolReport,
    explain_protocols,
)
from qiskit_qmu.auditing.protocols.needs import strategy_needs_of
from qiskit_qmu.auditing.protocols.reported import Control, ProtocolInputs, ReportedNumber

__all__ = [
    "PROTOCOLS",
    "Control",
    "ProtocolInputs",
    "ProtocolReport",
    "ReportedNumber",
    "explain_protocols",
    "strategy_needs_of",
]
