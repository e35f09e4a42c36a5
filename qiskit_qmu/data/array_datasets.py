"""Datasets from arrays of one's own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data.arrays import (
    LARGEST_LABEL,
    are_classes,
    as_array,
    as_float,
    as_labels,
    as_numbers,
    as_values,
)
from qiskit_qmu.data.dataset import Dataset

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
    train, test = as_array("y_train", y_train), as_array("y_test", y_test)
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


def _class_names(*labels: NDArray[Any], numbered: bool) -> list[Any] | None:
    """Return the labels in sorted order; None for class numbers, which they are if 0, 1, … k-1."""
    if any(array.ndim != 1 or not array.size for array in labels):
        return None
    values = {value for array in labels for value in array.tolist()}
    if all(isinstance(value, str) for value in values) or values == _SIGNS:
        return sorted(values)
    whole = all(
        isinstance(value, int | float) and value == value // 1 and abs(value) <= LARGEST_LABEL
        for value in values
    )
    if numbered or not whole or len(values) == 1 or values == set(range(len(values))):
        return None
    return sorted(map(int, values))


def _positions(labels: NDArray[Any], names: list[Any]) -> NDArray[np.int64]:
    place = {label: position for position, label in enumerate(names)}
    return np.array([place[label] for label in labels.tolist()], dtype=np.int64)


def _features(name: str, values: ArrayLike) -> NDArray[np.float32]:
    array = as_numbers(name, as_array(name, values))
    if array.ndim < 2:
        raise InputError(f"{name} must have shape (rows, features, ...), got {array.shape}")
    _check.finite(**{name: array})
    return as_float(name, array, np.float32)
