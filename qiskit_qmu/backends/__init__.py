"""Where circuits run: one switch for models, strategies and audits."""

from qiskit_qmu.backends.backend import Backend
from qiskit_qmu.backends.cost.estimate import CostEstimate, Work, check_budget
from qiskit_qmu.backends.cost.metering import ConnectorCost, UsageMeter, metered
from qiskit_qmu.backends.cost.networks import connectors_of
from qiskit_qmu.backends.devices.device_backend import DeviceBackend
from qiskit_qmu.backends.devices.exact_backend import ExactBackend
from qiskit_qmu.backends.gradients.device_connector import DeviceConnector, needed_part
from qiskit_qmu.backends.gradients.measured_gradients import (
    MeasuredEstimatorGradient,
    MeasuredSamplerGradient,
)
from qiskit_qmu.backends.gradients.rules import (
    ParameterShift,
    Rule,
    SimultaneousPerturbation,
    make_rule,
)
from qiskit_qmu.backends.jobs import JobPolicy, rebuild_ledger
from qiskit_qmu.backends.mitigation import MITIGATIONS, mitigation_options
from qiskit_qmu.backends.open import BACKEND_NAMES, open_backend
from qiskit_qmu.backends.primitives.broadcast_estimator import BroadcastEstimator
from qiskit_qmu.backends.primitives.broadcast_sampler import BroadcastSampler
from qiskit_qmu.backends.primitives.recorded_counts import RecordedCounts, recorded_counts
from qiskit_qmu.backends.primitives.service_estimator import ServiceEstimator
from qiskit_qmu.backends.readout.readout_errors import ReadoutErrors
from qiskit_qmu.backends.submission import sent_ahead
from qiskit_qmu.backends.usage import Usage

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
