"""Where circuits run: one switch for models, strategies and audits.

Names are imported on first use, so that the options are known without loading Qiskit.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit_qmu.backends.backend import Backend
    from qiskit_qmu.backends.cost.estimate import CostEstimate, Workload, check_budget
    from qiskit_qmu.backends.cost.metering import ConnectorCost, UsageMeter, metered
    from qiskit_qmu.backends.cost.networks import connectors_of, most_qubits
    from qiskit_qmu.backends.devices.device_backend import DeviceBackend
    from qiskit_qmu.backends.devices.exact_backend import ExactBackend
    from qiskit_qmu.backends.gradients.device_connector import DeviceConnector, needed_part
    from qiskit_qmu.backends.gradients.measured_gradients import (
        MeasuredEstimatorGradient,
        MeasuredSamplerGradient,
    )
    from qiskit_qmu.backends.gradients.rules import (
        DerivativeRule,
        ParameterShift,
        SimultaneousPerturbation,
        make_rule,
    )
    from qiskit_qmu.backends.jobs import JobPolicy, rebuild_ledger
    from qiskit_qmu.backends.kinds import BACKEND_NAMES
    from qiskit_qmu.backends.open import MITIGATIONS, mitigation_options, open_backend
    from qiskit_qmu.backends.options import DeviceOptions
    from qiskit_qmu.backends.primitives.broadcast_estimator import BroadcastEstimator
    from qiskit_qmu.backends.primitives.broadcast_sampler import BroadcastSampler
    from qiskit_qmu.backends.primitives.recorded_counts import RecordedCounts, recorded_counts
    from qiskit_qmu.backends.primitives.service_estimator import ServiceEstimator
    from qiskit_qmu.backends.readout.readout_errors import ReadoutErrors
    from qiskit_qmu.backends.submission import submit_all_first
    from qiskit_qmu.backends.usage import Usage

_HOMES = {
    "BACKEND_NAMES": "kinds",
    "Backend": "backend",
    "BroadcastEstimator": "primitives.broadcast_estimator",
    "BroadcastSampler": "primitives.broadcast_sampler",
    "ConnectorCost": "cost.metering",
    "CostEstimate": "cost.estimate",
    "DeviceBackend": "devices.device_backend",
    "DeviceConnector": "gradients.device_connector",
    "DeviceOptions": "options",
    "ExactBackend": "devices.exact_backend",
    "JobPolicy": "jobs",
    "MITIGATIONS": "open",
    "MeasuredEstimatorGradient": "gradients.measured_gradients",
    "MeasuredSamplerGradient": "gradients.measured_gradients",
    "ParameterShift": "gradients.rules",
    "ReadoutErrors": "readout.readout_errors",
    "RecordedCounts": "primitives.recorded_counts",
    "DerivativeRule": "gradients.rules",
    "ServiceEstimator": "primitives.service_estimator",
    "SimultaneousPerturbation": "gradients.rules",
    "Usage": "usage",
    "UsageMeter": "cost.metering",
    "Workload": "cost.estimate",
    "check_budget": "cost.estimate",
    "connectors_of": "cost.networks",
    "most_qubits": "cost.networks",
    "make_rule": "gradients.rules",
    "metered": "cost.metering",
    "mitigation_options": "open",
    "needed_part": "gradients.device_connector",
    "open_backend": "open",
    "rebuild_ledger": "jobs",
    "recorded_counts": "primitives.recorded_counts",
    "submit_all_first": "submission",
}

__all__ = [
    "BACKEND_NAMES",
    "Backend",
    "BroadcastEstimator",
    "BroadcastSampler",
    "ConnectorCost",
    "CostEstimate",
    "DeviceBackend",
    "DeviceConnector",
    "DeviceOptions",
    "ExactBackend",
    "JobPolicy",
    "MITIGATIONS",
    "MeasuredEstimatorGradient",
    "MeasuredSamplerGradient",
    "ParameterShift",
    "ReadoutErrors",
    "RecordedCounts",
    "DerivativeRule",
    "ServiceEstimator",
    "SimultaneousPerturbation",
    "Usage",
    "UsageMeter",
    "Workload",
    "check_budget",
    "connectors_of",
    "most_qubits",
    "make_rule",
    "metered",
    "mitigation_options",
    "needed_part",
    "open_backend",
    "rebuild_ledger",
    "recorded_counts",
    "submit_all_first",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'qiskit_qmu.backends' has no attribute {name!r}")
    return getattr(import_module(f"qiskit_qmu.backends.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
