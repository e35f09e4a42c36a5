"""Turns the caller's own rows and labels into checked arrays."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError, InputTypeError

LARGEST_LABEL = 2**31 - 1


def as_rows(name: str, values: ArrayLike, *, missing: bool = False) -> NDArray[Any]:
    """Return features as a finite array of real numbers, in memory order.

    Args:
        name: What the error message calls them.
        values: A NumPy array, torch tensor, pandas object or list, shape (n, …).
        missing: Whether a value may be missing, NaN.

    Raises:
        InputError: If they are no numbers, or one is infinite, or missing where none may be.

    Example:
        >>> from qiskit_qmu.data import as_rows
        >>> as_rows("x", [[0.5, 1], [True, False]])
        array([[0.5, 1. ],
               [1. , 0. ]])
    """
    array = as_numbers(name, as_array(name, values))
    if array.ndim == 0:
        raise InputError(f"{name} must have shape (rows, ...), got {array.shape}")
    if missing:
        _check.no_infinity(**{name: array})
    else:
        _check.finite(**{name: array})
    return np.ascontiguousarray(array)


def are_classes(y: ArrayLike) -> bool:
    """Tell whether labels are classes: integers, booleans, strings or one-hot rows.

    Floats are values, as in torch, where a float is no class number: 25.0 may be a measurement.

    Example:
        >>> from qiskit_qmu.data import are_classes
        >>> are_classes([0, 1, 2]), are_classes(["cat", "dog"]), are_classes([25.0, 17.5])
        (True, True, False)
    """
    array = as_array("y", y)
    if array.dtype.kind == "O":
        return any(isinstance(value, str) for value in array.flat) or not any(
            isinstance(value, float | np.floating) for value in array.flat
        )
    if array.dtype.kind != "f":
        return True
    if array.ndim != 2 or array.shape[1] < 2:
        return False
    return bool(((array == 1).sum(1) == 1).all() and ((array != 0).sum(1) == 1).all())


def as_values(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return values to predict as finite floats, (n,) or (n, outputs); (n, 1) becomes (n,).

    Args:
        name: What the error message calls them.
        values: Real numbers of any dtype; as for `as_rows`.

    Raises:
        InputError: If they are no numbers, not finite or of another shape.

    Example:
        >>> from qiskit_qmu.data import as_values
        >>> as_values("y", [[1], [2], [4]])
        array([1., 2., 4.])
    """
    array = as_numbers(name, as_array(name, values)).astype(np.float64)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2) or 0 in array.shape[1:]:
        raise InputError(f"{name} must have shape (rows,) or (rows, outputs), got {array.shape}")
    _check.finite(**{name: array})
    return array


def as_labels(name: str, values: ArrayLike) -> NDArray[np.int64]:
    """Return labels as class numbers (n,).

    Args:
        name: What the error message calls them.
        values: Class numbers (n,) of any dtype, or one-hot rows (n, classes); as for `as_rows`.

    Raises:
        InputError: If they are neither whole numbers from 0 on nor rows with a single 1.

    Example:
        >>> from qiskit_qmu.data import as_labels
        >>> as_labels("y", [2.0, 0.0]), as_labels("y", [[0, 0, 1], [1, 0, 0]])
        (array([2, 0]), array([2, 0]))
    """
    given = as_array(name, values)
    if given.dtype.kind in "USO" and any(isinstance(label, str) for label in given.flat):
        raise InputTypeError(
            f"{name} must be class numbers (dataset_from_arrays numbers the names of classes), "
            f"got {str(given.flat[0])!r}"
        )
    array = as_numbers(name, given).astype(np.float64)
    if array.ndim == 2 and array.shape[1] > 1:
        return _of_one_hot(name, array)
    if array.ndim != 1:
        raise InputError(f"{name} must be one-dimensional, got shape {array.shape}")
    _check.finite(**{name: array})
    wrong = array[(array != np.rint(array)) | (array < 0) | (array > LARGEST_LABEL)]
    if wrong.size:
        raise InputError(f"{name} must hold classes as whole numbers from 0 on, got {wrong[0]:g}")
    return array.astype(np.int64)


def _of_one_hot(name: str, array: NDArray[np.float64]) -> NDArray[np.int64]:
    if ((array == 1).sum(1) != 1).any() or ((array != 0).sum(1) != 1).any():
        raise InputError(
            f"{name} must be one-dimensional, or one-hot: a single 1 in each row and zeros; "
            f"got shape {array.shape}"
        )
    return np.asarray(array.argmax(axis=1), dtype=np.int64)


def as_float(name: str, array: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Return a copy in a precision that all its numbers fit into.

    Raises:
        InputError: If one does not.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.data import as_float
        >>> as_float("x", np.array([1, 2]), np.float32)
        array([1., 2.], dtype=float32)
    """
    with np.errstate(over="ignore"):
        converted = array.astype(dtype)
    too_large = array[np.isinf(converted)]
    if too_large.size:
        raise InputError(f"{name} must fit into {np.dtype(dtype)}, got {too_large[0]}")
    return converted


def as_array(name: str, values: ArrayLike) -> NDArray[Any]:
    """Return anything like an array as one, of the type that NumPy finds."""
    try:
        return np.asarray(_detached(values))
    except ValueError as error:
        raise InputError(f"{name} must be one array, got rows of different lengths") from error


def _detached(values: Any) -> Any:
    """Return what NumPy takes of a torch tensor; anything else as it is."""
    if not hasattr(values, "detach"):
        return values
    tensor = values.detach().cpu()
    return tensor.float() if "bfloat16" in str(tensor.dtype) else tensor


def as_numbers(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of real numbers; pandas has some that NumPy takes for objects."""
    if array.dtype.kind == "O" and not any(isinstance(value, str) for value in array.flat):
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):
            pass
    if array.size and array.dtype.kind not in "biuf":
        raise InputError(f"{name} must hold real numbers, got dtype {array.dtype}")
    return array
