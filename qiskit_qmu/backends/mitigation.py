"""Names of error mitigation, as the command line and experiments give them."""

from typing import Any

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

MITIGATIONS: dict[str, dict[str, Any]] = {"readout": {"readout_mitigation": True}}
"""Options of `open_backend` by name of mitigation."""


def mitigation_options(mitigation: str | None, backend: str) -> dict[str, Any]:
    """Return the options of `open_backend` for a mitigation; none where there is none.

    Raises:
        InputError: If the name is unknown, or the backend has no errors to mitigate.
    """
    if mitigation is None:
        return {}
    _check.one_of(tuple(MITIGATIONS), mitigation=mitigation)
    if backend == "exact":
        raise InputError(f"mitigation needs a backend with errors, got {mitigation} on exact")
    return MITIGATIONS[mitigation]
