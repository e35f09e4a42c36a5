"""Opens an IBM Quantum account and finds a device in it."""

import difflib
from typing import Any

from qiskit.providers import BackendV2

from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.backends.runtime.account_file import saved_tokens
from qiskit_qmu.backends.runtime.errors import one_line, translated_for_good

LEAST_BUSY = "ibm:least_busy"

_NO_ACCOUNT = (
    "no IBM Quantum account found; save one with QiskitRuntimeService.save_account(token=…), or "
    "set QISKIT_IBM_TOKEN and, for one of several instances, QISKIT_IBM_INSTANCE"
)


def find_device(name: str, options: DeviceOptions) -> BackendV2:
    """Return a device of the user's account.

    Args:
        name: "ibm_<device>", or "ibm:least_busy" for the one with the shortest queue.
        options: Account, instance and fewest qubits.

    Raises:
        InputError: If there is no account or no such device.
        RunError: If the service is unreachable or rejects the request.
    """
    service = open_service(options)
    with translated_for_good(token_of(service)):
        return _found(service, name, options)


def open_service(options: DeviceOptions) -> Any:
    """Return the service of the user's saved account, or the one given in the options.

    Raises:
        InputError: If there is no account; the message says how to save one.
        RunError: If the service is unreachable or rejects the request.
    """
    from qiskit_ibm_runtime import QiskitRuntimeService  # (slow to load)
    from qiskit_ibm_runtime.accounts.exceptions import AccountNotFoundError

    if options.service is not None:
        return _checked(options.service)
    tokens = saved_tokens()
    with translated_for_good(*tokens):
        try:
            return QiskitRuntimeService(instance=options.instance)
        except AccountNotFoundError:
            raise InputError(_NO_ACCOUNT) from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # Raised by the library for unexpected values in an account or instance.
            raise InputError(
                "qiskit-ibm-runtime rejects the account or instance: "
                f"{one_line(str(error), *tokens)}"
            ) from None


def token_of(service: Any) -> str | None:
    """Return the token of a service's account, to keep it out of messages."""
    account = getattr(service, "_account", None)
    token = getattr(account, "token", None)
    return token if isinstance(token, str) and token else None


def _checked(service: Any) -> Any:
    for name in ("backend", "backends", "least_busy", "job", "jobs"):
        if not callable(getattr(service, name, None)):
            raise InputTypeError(
                f"service must be a QiskitRuntimeService, got {type(service).__name__}"
            )
    return service


def _found(service: Any, name: str, options: DeviceOptions) -> BackendV2:
    from qiskit.providers.exceptions import QiskitBackendNotFoundError

    # A service that was opened here already has the instance.
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
        raise InputError(_not_found(name, known, options.min_num_qubits or 1)) from None
    return found


def _not_found(name: str, known: list[str], min_num_qubits: int) -> str:
    if name == LEAST_BUSY:
        return (
            f"no operational device of the account has at least {min_num_qubits} qubits; its "
            f"devices: {', '.join(known) or 'none'}"
        )
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"the account has no device {name!r}; it has {', '.join(known) or 'none'}{meant}"
