"""Input checks: each error message says what is wrong, the rule, and the given value."""

import difflib
import numbers
from collections.abc import Collection, Sized
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


class InputError(ValueError):
    """Invalid input; the message says what is wrong, the rule, and the given value.

    The command line prints it in one line and exits with status 2.
    """


class InputTypeError(InputError, TypeError):
    """Input of the wrong type."""


def instance(kind: type, **values: Any) -> None:
    """Raise InputTypeError unless every value is an instance of a class or protocol."""
    for name, value in values.items():
        if not isinstance(value, kind):
            got = type(value).__name__
            raise InputTypeError(f"{name} must be a {kind.__name__}, got {got}")


def number(**values: Any) -> None:
    """Raise InputTypeError unless every value is a real number (and not a boolean)."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise InputTypeError(f"{name} must be a number, got {value!r}")


def positive(**values: float) -> None:
    """Raise InputError unless every value is a finite number above zero."""
    for name, value in values.items():
        number(**{name: value})
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} must be positive, got {value}")


def non_negative(**values: float) -> None:
    """Raise InputError unless every value is a finite number of zero or more."""
    for name, value in values.items():
        number(**{name: value})
        if not (np.isfinite(value) and value >= 0):
            raise InputError(f"{name} must not be negative, got {value}")


def at_least(minimum: int, **values: Any) -> None:
    """Raise InputError unless every value is an integer of at least ``minimum``."""
    for name, value in values.items():
        is_integer = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        if not is_integer or value < minimum:
            error = InputError if is_integer else InputTypeError
            raise error(f"{name} must be an integer of at least {minimum}, got {value!r}")


def between(low: float, high: float, **values: float) -> None:
    """Raise InputError unless every value lies in ``[low, high]``."""
    for name, value in values.items():
        number(**{name: value})
        if not low <= value <= high:
            raise InputError(f"{name} must lie between {low} and {high}, got {value}")


def one_of(allowed: Collection[Any], **values: Any) -> None:
    """Raise InputError unless every value is one of ``allowed``."""
    for name, value in values.items():
        if value not in allowed:
            names = [str(choice) for choice in allowed]
            # Numbers are not suggested: one that looks similar is not a typo.
            near = difflib.get_close_matches(value, names, n=1) if isinstance(value, str) else []
            meant = f"; did you mean {near[0]}?" if near else ""
            got = value.item() if isinstance(value, np.generic) else value
            of_a_kind = isinstance(value, str) or not all(isinstance(a, str) for a in allowed)
            error = InputError if of_a_kind else InputTypeError
            raise error(f"{name} must be one of {', '.join(names)}; got {got!r}{meant}")


def finite(**arrays: ArrayLike) -> None:
    """Raise InputError if an array has NaN or infinite values."""
    for name, array in arrays.items():
        values = np.asarray(array)
        bad = values.size - int(np.isfinite(values).sum())
        if bad:
            raise InputError(f"{name} must be finite, got {bad} NaN or infinite values")


def no_infinity(**arrays: ArrayLike) -> None:
    """Raise InputError if an array holds infinity; NaN stands for a missing value."""
    for name, array in arrays.items():
        bad = int(np.isinf(np.asarray(array)).sum())
        if bad:
            raise InputError(f"{name} must be finite or missing, got {bad} infinite values")


def same_length(**collections: Sized) -> None:
    """Raise InputError unless all collections have the same length."""
    lengths = [len(collection) for collection in collections.values()]
    if len(set(lengths)) > 1:
        names = " and ".join(collections)
        got = " and ".join(map(str, lengths))
        raise InputError(f"{names} must have the same length, got {got}")


def not_empty(**collections: Sized) -> None:
    """Raise InputError if a collection is empty."""
    for name, collection in collections.items():
        if len(collection) == 0:
            raise InputError(f"{name} must not be empty")


def labels_in_range(num_classes: int, **labels: ArrayLike) -> None:
    """Raise InputError unless all labels are integers in ``0 … num_classes - 1``."""
    for name, array in labels.items():
        values = np.asarray(array)
        if not np.issubdtype(values.dtype, np.integer):
            raise InputTypeError(f"{name} must be integers, got dtype {values.dtype}")
        outside = values[(values < 0) | (values >= num_classes)]
        if outside.size:
            raise InputError(
                f"{name} must lie between 0 and {num_classes - 1}, got {int(outside.flat[0])}"
            )
