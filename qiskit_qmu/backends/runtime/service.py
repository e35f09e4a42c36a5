"""Opens an account of IBM's and finds a device in it."""

import difflib
import os
from typing import Any

from qiskit.providers import BackendV2

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.backends.jobs.errors import TransientError
from qiskit_qmu.backends.runtime.errors import translated
from qiskit_qmu.backends.runtime.options import RuntimeOptions

PREFIX = "ibm_"
LEAST_BUSY = "ibm:least_busy"


def find_device(name: str, options: RuntimeOptions) -> BackendV2:
    """Return a device of the user's account.

    Args:
        name: "ibm_<device>", or "ibm:least_busy" for the one with the shortest queue.
        options: Account, instance and fewest qubits.

    Raises:
        InputError: If there is no account or no such device.
        RunError: If the service is out of reach or refuses.
    """
    service = open_service(options)
    try:
        with translated(token_of(service)):
            return _found(service, name, options)
    except TransientError as error:
        raise RunError(f"{error}; try again later") from None


def open_service(options: RuntimeOptions) -> Any:
    """Return the service of the user's saved account, or the one that was handed in.

    Raises:
        InputError: If there is no account; the message says how to save one.
        RunError: If the service is out of reach or refuses.
    """
    from qiskit_ibm_runtime import QiskitRuntimeService  # (slow to load)
    from qiskit_ibm_runtime.accounts.exceptions import AccountNotFoundError

    if options.service is not None:
        return _checked(options.service)
    try:
        with translated(os.environ.get("QISKIT_IBM_TOKEN")):
            return _opened(QiskitRuntimeService, options.instance, AccountNotFoundError)
    except TransientError as error:
        raise RunError(f"{error}; try again later") from None


def token_of(service: Any) -> str | None:
    """Return the token of a service's account, to keep it out of messages."""
    account = getattr(service, "_account", None)
    token = getattr(account, "token", None)
    return token if isinstance(token, str) and token else None


def _opened(kind: Any, instance: str | None, missing: type[Exception]) -> Any:
    try:
        return kind(instance=instance)
    except missing:
        raise InputError(
            "a device of IBM's must have an account, got none: save one once with "
            "QiskitRuntimeService.save_account(token=…), or set QISKIT_IBM_TOKEN and, for one of "
            "several instances, QISKIT_IBM_INSTANCE"
        ) from None


def _checked(service: Any) -> Any:
    for name in ("backend", "backends", "least_busy", "job", "jobs"):
        if not callable(getattr(service, name, None)):
            raise InputError(
                f"service must be a QiskitRuntimeService, got {type(service).__name__}"
            )
    return service


def _found(service: Any, name: str, options: RuntimeOptions) -> BackendV2:
    from qiskit.providers.exceptions import QiskitBackendNotFoundError

    # A service that was opened here has the instance already.
    instance = None if options.service is None else options.instance
    found: BackendV2
    try:
        if name == LEAST_BUSY:
            found = service.least_busy(
                min_num_qubits=options.min_num_qubits,
                instance=instance,
                operational=True,
                simulator=False,
            )
        else:
            found = service.backend(name, instance=instance)
    except QiskitBackendNotFoundError:
        known = sorted(device.name for device in service.backends(instance=instance))
        near = difflib.get_close_matches(name, known, n=5, cutoff=0.4) or known[:5]
        shown = f"such as {', '.join(near)}" if near else "of which the account shows none"
        raise InputError(
            f"backend must be one of the account's devices, {shown}; got {name!r}"
        ) from (None)
    return found
