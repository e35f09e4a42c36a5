"""Where circuits run: one switch for models, strategies and audits."""

from qiskit_qmu.backends.ahead import sent_ahead
from qiskit_qmu.backends.backend import BACKEND_NAMES, Backend, open_backend
from qiskit_qmu.backends.broadcast import BroadcastSampler
from qiskit_qmu.backends.cost import CostEstimate, Work, check_budget
from qiskit_qmu.backends.device import DeviceBackend
from qiskit_qmu.backends.device_connector import DeviceConnector, needed_part
from qiskit_qmu.backends.exact import ExactBackend
from qiskit_qmu.backends.expectations import BroadcastEstimator
from qiskit_qmu.backends.gradient_rules import (
    ParameterShift,
    Rule,
    SimultaneousPerturbation,
    make_rule,
)
from qiskit_qmu.backends.jobs import JobPolicy, rebuild_ledger
from qiskit_qmu.backends.mitigation import MITIGATIONS, mitigation_options
from qiskit_qmu.backends.readout_errors import ReadoutErrors
from qiskit_qmu.backends.recording import RecordedCounts, recorded_counts
from qiskit_qmu.backends.service_estimator import ServiceEstimator
from qiskit_qmu.backends.shift_gradients import (
    MeasuredEstimatorGradient,
    MeasuredSamplerGradient,
)
from qiskit_qmu.backends.usage import (
    ConnectorCost,
    Usage,
    UsageMeter,
    connectors_of,
    metered,
)

__all__ = [
    "BACKEND_NAMES",
    "MITIGATIONS",
    "Backend",
    "BroadcastEstimator",
    "BroadcastSampler",
    "ConnectorCost",
    "CostEstimate",
    "DeviceBackend",
    "DeviceConnector",
    "ExactBackend",
    "JobPolicy",
    "MeasuredEstimatorGradient",
    "MeasuredSamplerGradient",
    "ServiceEstimator",
    "ParameterShift",
    "ReadoutErrors",
    "RecordedCounts",
    "Rule",
    "SimultaneousPerturbation",
    "Usage",
    "UsageMeter",
    "Work",
    "check_budget",
    "connectors_of",
    "make_rule",
    "metered",
    "mitigation_options",
    "needed_part",
    "open_backend",
    "rebuild_ledger",
    "recorded_counts",
    "sent_ahead",
]
