"""Configurations as JSON values, for reports."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def described(value: Any) -> Any:
    """Return a value as JSON has it: a dataclass by its class and its fields.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments.configuration.config_values import described
        >>> described(qmu.unlearning.NoOp())
        {'class': 'NoOp'}
    """
    if is_dataclass(value) and not isinstance(value, type):
        own = {field.name: described(getattr(value, field.name)) for field in fields(value)}
        return {"class": type(value).__name__, **own}
    if isinstance(value, Mapping):
        return {str(key): described(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [described(each) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return getattr(value, "__name__", type(value).__name__)
