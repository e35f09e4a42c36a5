"""open_backend: the one switch that decides where circuits run."""

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import ParamSpec

from qiskit_qmu import _check
from qiskit_qmu.backends.backend import Backend
from qiskit_qmu.backends.option_fields import described
from qiskit_qmu.backends.options import DeviceOptions

P = ParamSpec("P")


def _takes(
    options: Callable[P, DeviceOptions],
) -> Callable[[Callable[[DeviceOptions], Backend]], Callable[P, Backend]]:
    """Give a function the parameters of a class, to types and docstring as well."""

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
            not apply to the backend; for a wrong type an `InputTypeError`, which is a TypeError
            too.
    """
    # Each module is loaded only where it is needed: Aer and IBM's library are slow to load.
    match options.kind:
        case "exact":
            pass
