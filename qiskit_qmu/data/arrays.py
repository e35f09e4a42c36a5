"""Turns the caller's own rows and labels into arrays, and into a dataset."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data.dataset import Dataset

_LARGEST_LABEL = 2**31 - 1
_SIGNS = {-1, 1}


def dataset_from_arrays(
    x_train: ArrayLike,
    y_train: ArrayLike,
    x_test: ArrayLike,
    y_test: ArrayLike,
    *,
    num_classes: int | None = None,
    name: str = "arrays",
    ids_train: ArrayLike | None = None,
    ids_test: ArrayLike | None = None,
    feature_names: Sequence[str] | None = None,
) -> Dataset:
    """Make a dataset of your own arrays, which are checked, converted and never changed.

    Labels may be class numbers from 0 on without a gap, one-hot rows, names, or any other integers,
    such as -1 and 1 or 10, 20 and 30. Names and other integers are numbered in sorted order, as
    scikit-learn's LabelEncoder does, and kept as ``class_names``, unless ``num_classes`` is given.
    Training labels in floats are values to predict (regression), whole numbers among them, unless
    ``num_classes`` is given.

    Args:
        x_train: Training features, shape (n, channels, height, width) or (n, features), real
            numbers of any dtype; not scaled. NumPy arrays, torch tensors, pandas objects or lists.
        y_train: Training labels: shape (n,), integers or strings; or shape (n, classes), rows with
            a single 1 among zeros. For a regression floats, shape (n,) or (n, outputs).
        x_test: Test features, rows of the same shape.
        y_test: Test labels or values.
        num_classes: Number of classes, of which labels are the numbers then, some perhaps without
            rows. Default: the number of different labels or of one-hot columns; none for values.
        name: What reports call the dataset.
        ids_train: What each training row is called, shape (n,); taken as texts, no two alike.
        ids_test: Likewise of the test rows.
        feature_names: A name for each feature, where rows are flat.

    Returns:
        The dataset with float32 features and int64 labels or float64 values, in the given order.

    Raises:
        InputError: If an array is empty, not numeric, of the wrong shape, holds NaN or infinity or
            a number too large for float32, or a label is not a whole number or out of range.

    Example:
        >>> from qiskit_qmu.data import dataset_from_arrays
        >>> x = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
        >>> ds = dataset_from_arrays(x, ["setosa", "iris", "setosa"], x[:2], ["iris", "setosa"])
        >>> ds.y_train, ds.class_names
        (array([1, 0, 1]), ('iris', 'setosa'))
        >>> dataset_from_arrays(x, [1.5, 0.5, 2.0], x[:2], [1.0, 2.0]).num_classes is None  # values
        True
    """
    named: dict[str, Any] = {
        "ids_train": None if ids_train is None else np.asarray(ids_train).astype(np.str_),
        "ids_test": None if ids_test is None else np.asarray(ids_test).astype(np.str_),
        "feature_names": None if feature_names is None else tuple(feature_names),
    }
    train, test = _as_array("y_train", y_train), _as_array("y_test", y_test)
    if num_classes is None and train.size and not are_classes(train):
        return _dataset(
            name,
            x_train,
            as_values("y_train", train),
            x_test,
            as_values("y_test", test),
            num_classes=None,
            class_names=None,
            **named,
        )
    class_names = _class_names(train, test, numbered=num_classes is not None)
    if class_names is not None:
        train, test = (_positions(labels, class_names) for labels in (train, test))
    columns = max(labels.shape[1] if labels.ndim == 2 else 0 for labels in (train, test))
    train_labels, test_labels = as_labels("y_train", train), as_labels("y_test", test)
    if num_classes is None:
        _check.not_empty(y_train=train_labels, y_test=test_labels)
        largest = 1 + int(max(train_labels.max(), test_labels.max()))
        num_classes = max(largest, columns, len(class_names or ()))
    names = None if class_names is None else tuple(map(str, class_names))
    return _dataset(
        name,
        x_train,
        train_labels,
        x_test,
        test_labels,
        num_classes=num_classes,
        class_names=names,
        **named,
    )


def _dataset(
    name: str,
    x_train: ArrayLike,
    y_train: NDArray[Any],
    x_test: ArrayLike,
    y_test: NDArray[Any],
    *,
    num_classes: int | None,
    class_names: tuple[str, ...] | None,
    **named: Any,
) -> Dataset:
    return Dataset(
        name=name,
        x_train=_features("x_train", x_train),
        y_train=y_train,
        x_test=_features("x_test", x_test),
        y_test=y_test,
        num_classes=num_classes,
        train_indices=np.arange(len(y_train)),
        test_indices=np.arange(len(y_test)),
        train_source="train",
        test_source="test",
        class_names=class_names,
        **named,
    )


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
    array = _numbers(name, _as_array(name, values))
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
    array = _as_array("y", y)
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
    array = _numbers(name, _as_array(name, values)).astype(np.float64)
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
    given = _as_array(name, values)
    if given.dtype.kind in "USO" and any(isinstance(label, str) for label in given.flat):
        raise InputError(
            f"{name} must be class numbers (dataset_from_arrays numbers the names of classes), "
            f"got {str(given.flat[0])!r}"
        )
    array = _numbers(name, given).astype(np.float64)
    if array.ndim == 2 and array.shape[1] > 1:
        return _of_one_hot(name, array)
    if array.ndim != 1:
        raise InputError(f"{name} must be one-dimensional, got shape {array.shape}")
    _check.finite(**{name: array})
    wrong = array[(array != np.rint(array)) | (array < 0) | (array > _LARGEST_LABEL)]
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


def _class_names(*labels: NDArray[Any], numbered: bool) -> list[Any] | None:
    """Return the labels in sorted order; None for class numbers, which they are if 0, 1, … k-1."""
    if any(array.ndim != 1 or not array.size for array in labels):
        return None
    values = {value for array in labels for value in array.tolist()}
    if all(isinstance(value, str) for value in values) or values == _SIGNS:
        return sorted(values)
    whole = all(
        isinstance(value, int | float) and value == value // 1 and abs(value) <= _LARGEST_LABEL
        for value in values
    )
    if numbered or not whole or len(values) == 1 or values == set(range(len(values))):
        return None
    return sorted(map(int, values))


def _positions(labels: NDArray[Any], names: list[Any]) -> NDArray[np.int64]:
    place = {label: position for position, label in enumerate(names)}
    return np.array([place[label] for label in labels.tolist()], dtype=np.int64)


def _features(name: str, values: ArrayLike) -> NDArray[np.float32]:
    array = _numbers(name, _as_array(name, values))
    if array.ndim < 2:
        raise InputError(f"{name} must have shape (rows, features, ...), got {array.shape}")
    _check.finite(**{name: array})
    return as_float(name, array, np.float32)


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


def _as_array(name: str, values: ArrayLike) -> NDArray[Any]:
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


def _numbers(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of real numbers; pandas has some that NumPy takes for objects."""
    if array.dtype.kind == "O" and not any(isinstance(value, str) for value in array.flat):
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):
            pass
    if array.size and array.dtype.kind not in "biuf":
        raise InputError(f"{name} must hold real numbers, got dtype {array.dtype}")
    return array
