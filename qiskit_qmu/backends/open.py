"""open_backend: selects where circuits run."""

import difflib
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any, ParamSpec

from qiskit.providers import BackendV2

from qiskit_qmu import _check
from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu.backends.backend import Backend
from qiskit_qmu.backends.kinds import BACKEND_NAMES
from qiskit_qmu.backends.option_fields import described
from qiskit_qmu.backends.options import DeviceOptions

P = ParamSpec("P")


def _takes(
    options: Callable[P, DeviceOptions],
) -> Callable[[Callable[[DeviceOptions], Backend]], Callable[P, Backend]]:
    """Give a function the parameters of a class, including types and docstring."""

    def decorate(opener: Callable[[DeviceOptions], Backend]) -> Callable[P, Backend]:
        names = [own.name for own in fields(DeviceOptions)]

        def opens(*values: P.args, **named: P.kwargs) -> Backend:
            for name in named:
                _check.one_of(names, option=name)
            return opener(options(*values, **named))

        opens.__name__, opens.__qualname__ = opener.__name__, opener.__qualname__
        opens.__module__ = opener.__module__
        arguments = described(fields(DeviceOptions))
        opens.__doc__ = inspect.cleandoc(opener.__doc__ or "").format(arguments=arguments)
        signature = inspect.signature(DeviceOptions).replace(return_annotation=Backend)
        opens.__signature__ = signature  # type: ignore[attr-defined]
        return opens

    return decorate


@_takes(DeviceOptions)
def open_backend(options: DeviceOptions) -> Backend:
    """Open a backend.

    {arguments}

    Returns:
        The backend, which is its own context manager.

    Raises:
        InputError: If the name or an option is unknown, a value is out of range, or an option does
            not apply to the backend; for a wrong type `InputTypeError`, which is also a TypeError.

    Example:
        >>> import qiskit_qmu as qmu
        >>> backend = qmu.open_backend("exact", shots=1000, seed=0)
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1, backend=backend)
        >>> model.observe([[0.1, 0.2], [0.3, 0.4]], [0, 1])
        Observations(2 rows, 2 classes, 2 outputs, counts (2, 4), 1000 shots, accuracy 0.500)
        >>> qmu.open_backend("exakt")
        Traceback (most recent call last):
            ...
        qiskit_qmu._check.InputError: backend must be one of exact, aer, ...; did you mean exact?
    """
    # Each module is imported only when needed: Aer and IBM's library are slow to import.
    match options.kind:
        case "exact":
            from qiskit_qmu.backends.devices.exact_backend import open_exact

            return open_exact(options)
        case "aer":
            from qiskit_qmu.backends.devices.aer import open_aer

            return open_aer(options)
        case "fake":
            from qiskit_qmu.backends.devices.fake import open_fake

            return open_fake(options)
        case "ibm":
            from qiskit_qmu.backends.runtime.open import open_runtime

            return open_runtime(options)
        case "object":
            from qiskit_qmu.backends.devices.device_object import open_object

            if not isinstance(options.name, BackendV2):
                raise InputTypeError(f"name must be a string or a BackendV2, got {options.name!r}")
            return open_object(options)
    raise InputError(_unknown(options.label))


def _unknown(name: str) -> str:
    """Return the message for an unknown backend name."""
    from qiskit_qmu.backends.devices.fake import fake_device_names

    near = difflib.get_close_matches(name, ["exact", "aer", *fake_device_names()], n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"backend must be one of {', '.join(BACKEND_NAMES)}; got {name!r}{meant}"


MITIGATIONS: dict[str, dict[str, Any]] = {"readout": {"readout_mitigation": True}}
"""Options of `open_backend` for each mitigation."""


def mitigation_options(mitigation: str | None, backend: str) -> dict[str, Any]:
    """Return the options of `open_backend` for a mitigation; empty if None.

    Raises:
        InputError: If the name is unknown, or the backend has no errors to mitigate.

    Example:
        >>> from qiskit_qmu.backends import mitigation_options
        >>> mitigation_options("readout", "aer")
        {'readout_mitigation': True}
    """
    if mitigation is None:
        return {}
    _check.one_of(tuple(MITIGATIONS), mitigation=mitigation)
    if backend == "exact":
        raise InputError(
            f"mitigation {mitigation!r} has no effect on the exact backend, which is free of errors"
        )
    return MITIGATIONS[mitigation]
