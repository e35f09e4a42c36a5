"""Makes a dataset of the caller's own arrays."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data.datasets import Dataset

_LARGEST_LABEL = 2**31 - 1


def dataset_from_arrays(
    x_train: ArrayLike,
    y_train: ArrayLike,
    x_test: ArrayLike,
    y_test: ArrayLike,
    *,
    num_classes: int | None = None,
    name: str = "arrays",
) -> Dataset:
    """Make a dataset of your own arrays, which are checked, converted and never changed.

    Args:
        x_train: Training features, shape (n, channels, height, width) or (n, features), real
            numbers of any dtype; not scaled.
        y_train: Training labels, shape (n,), whole numbers from 0 to ``num_classes`` - 1, of any
            dtype.
        x_test: Test features, rows of the same shape.
        y_test: Test labels.
        num_classes: Number of classes. Default: the largest label plus one.
        name: What reports call the dataset.

    Returns:
        The dataset with float32 features and int64 labels, in the given order.

    Raises:
        InputError: If an array is empty, not numeric, of the wrong shape, holds NaN or infinity or
            a number too large for float32, or a label is not a whole number or out of range.
    """
    train_labels, test_labels = _labels("y_train", y_train), _labels("y_test", y_test)
    if num_classes is None:
        _check.not_empty(y_train=train_labels, y_test=test_labels)
        num_classes = 1 + int(max(train_labels.max(), test_labels.max()))
    return Dataset(
        name=name,
        x_train=_features("x_train", x_train),
        y_train=train_labels,
        x_test=_features("x_test", x_test),
        y_test=test_labels,
        num_classes=num_classes,
        train_indices=np.arange(len(train_labels)),
        test_indices=np.arange(len(test_labels)),
        train_source="train",
        test_source="test",
    )


def _features(name: str, values: ArrayLike) -> NDArray[np.float32]:
    array = _numbers(name, values)
    if array.ndim < 2:
        raise InputError(f"{name} must have shape (rows, features, ...), got {array.shape}")
    _check.finite(**{name: array})
    with np.errstate(over="ignore"):
        converted = array.astype(np.float32)
    too_large = array[np.isinf(converted)]
    if too_large.size:
        raise InputError(f"{name} must fit into float32, got {too_large[0]}")
    return converted


def _labels(name: str, values: ArrayLike) -> NDArray[np.int64]:
    array = _numbers(name, values).astype(np.float64)
    if array.ndim != 1:
        raise InputError(f"{name} must be one-dimensional, got shape {array.shape}")
    _check.finite(**{name: array})
    wrong = array[(array != np.rint(array)) | (array < 0) | (array > _LARGEST_LABEL)]
    if wrong.size:
        raise InputError(f"{name} must hold classes as whole numbers from 0 on, got {wrong[0]}")
    return array.astype(np.int64)


def _numbers(name: str, values: ArrayLike) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{name} must be one array, got rows of different lengths") from error
    if array.size and array.dtype.kind not in "biuf":
        raise InputError(f"{name} must hold real numbers, got dtype {array.dtype}")
    return array
