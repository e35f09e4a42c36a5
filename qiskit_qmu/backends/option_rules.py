"""Rules of backend options: each refuses a value, given by the option's name, with InputError."""

import re
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from qiskit_qmu import _check
from qiskit_qmu._check import InputError, InputTypeError

OptionRule = Callable[..., None]


def at_least(minimum: int) -> OptionRule:
    """Return the rule for integers of at least ``minimum``."""
    return partial(_check.at_least, minimum)


def one_of(*allowed: Any) -> OptionRule:
    """Return the rule for one of some values."""
    return partial(_check.one_of, allowed)


def layout(**options: Collection[int]) -> None:
    """Refuse qubits that are no integers from 0 on."""
    for name, qubits in options.items():
        for i, qubit in enumerate(qubits):
            _check.at_least(0, **{f"{name}[{i}]": qubit})


def has_run(**options: Any) -> None:
    """Refuse an object without a ``run`` method."""
    for name, value in options.items():
        if not callable(getattr(value, "run", None)):
            raise InputTypeError(f"{name} has no run method: {value!r}")


def strings(**options: Sequence[str]) -> None:
    """Refuse what is no list of strings."""
    for name, values in options.items():
        if isinstance(values, str) or not all(isinstance(value, str) for value in values):
            raise InputTypeError(f"{name} must be a list of strings, got {values!r}")


def duration(**options: int | str) -> None:
    """Refuse what is neither seconds nor a text such as "2h 30m 10s"."""
    for name, value in options.items():
        if not isinstance(value, str):
            _check.at_least(1, **{name: value})
        elif not value.strip() or re.fullmatch(r"(\d+h)?\s*(\d+m)?\s*(\d+s)?", value) is None:
            raise InputError(f"{name} must be in seconds or like '2h 30m 10s', got {value!r}")
