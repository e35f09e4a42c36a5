"""Where circuits run: one switch for models, strategies and audits."""

from qiskit_qmu.backends.backend import BACKEND_NAMES, Backend, open_backend
from qiskit_qmu.backends.exact import ExactBackend
from qiskit_qmu.backends.usage import (
    ConnectorCost,
    Usage,
    UsageMeter,
    connectors_of,
    metered,
)

__all__ = [
    "BACKEND_NAMES",
    "Backend",
    "ConnectorCost",
    "ExactBackend",
    "Usage",
    "UsageMeter",
    "connectors_of",
    "metered",
    "open_backend",
]
