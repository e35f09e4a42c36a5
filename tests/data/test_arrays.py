"""Tests of qiskit_qmu.data.arrays."""

import numpy as np
import pytest
import torch
from sklearn.preprocessing import LabelEncoder

from qiskit_qmu._check import InputError
from qiskit_qmu.data import are_classes, dataset_from_arrays

X = np.arange(12.0).reshape(6, 2)
Y = np.array([0, 1, 2, 0, 1, 2])


def test_arrays_keep_values_and_order():
    dataset = dataset_from_arrays(X, Y, X[:3] + 1, Y[:3])
    np.testing.assert_array_equal(dataset.x_train, X)
    np.testing.assert_array_equal(dataset.y_test, Y[:3])
    np.testing.assert_array_equal(dataset.train_indices, np.arange(6))
    assert (dataset.x_train.dtype, dataset.y_train.dtype) == (np.float32, np.int64)
    assert (dataset.num_classes, dataset.name, dataset.input_shape) == (3, "arrays", (2,))


@pytest.mark.parametrize(
    "dtype", ["float16", "float64", "longdouble", "uint8", "int64", "bool", ">f8"]
)
def test_features_of_any_real_dtype(dtype):
    x = (X % 2).astype(dtype)
    dataset = dataset_from_arrays(x, Y, x, Y)
    assert dataset.x_train.dtype == np.float32
    np.testing.assert_array_equal(dataset.x_train, X % 2)


@pytest.mark.parametrize("dtype", ["float32", "uint8", "int32", "uint64", "bool"])
def test_labels_of_any_real_dtype(dtype):
    y = (Y % 2).astype(dtype)
    found = dataset_from_arrays(X, y, X, y, num_classes=2)  # floats would be values otherwise
    np.testing.assert_array_equal(found.y_train, Y % 2)


@pytest.mark.parametrize("shape", [(6,), (6, 1), (6, 2)])
def test_floats_are_values_to_predict(shape):
    y = np.resize([25.0, 151.0, 75.5], shape)
    dataset = dataset_from_arrays(X, y.astype(np.float32), X[:3], y[:3].tolist())
    assert dataset.num_classes is None
    assert dataset.y_train.dtype == dataset.y_test.dtype == np.float64
    np.testing.assert_array_equal(dataset.y_train, y[:, 0] if shape == (6, 1) else y)
    np.testing.assert_array_equal(dataset.train.strata, np.zeros(6))


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([0, 1], True),
        ([True, False], True),
        (["a", "b"], True),
        (np.eye(3), True),
        (np.array([1, 2], dtype=object), True),
        ([0.0, 1.0], False),
        (np.array([[0.5, 0.5]]), False),
        (np.array([[1.0]]), False),
        (np.array([1.5, 2.0], dtype=object), False),
    ],
)
def test_integers_names_and_one_hot_rows_are_classes(y, expected):
    assert are_classes(y) is expected


def test_lists_and_tensors():
    dataset = dataset_from_arrays(X.tolist(), torch.tensor(Y), torch.tensor(X), Y.tolist())
    np.testing.assert_array_equal(dataset.x_test, X)
    np.testing.assert_array_equal(dataset.y_train, Y)


def test_the_caller_s_arrays_are_not_shared():
    x = X.astype(np.float32)
    dataset = dataset_from_arrays(x, Y, x, Y)
    x[:] = -1
    np.testing.assert_array_equal(dataset.x_train, X)


def test_num_classes_may_exceed_the_labels():
    assert dataset_from_arrays(X, Y, X, Y, num_classes=5).num_classes == 5


@pytest.mark.parametrize(
    ("train", "test", "names", "expected"),
    [
        (["b", "a", "c"] * 2, ["c", "a", "b"], ("a", "b", "c"), [1, 0, 2]),
        (np.array(["b", "a", "b"] * 2, dtype=object), ["c"] * 3, ("a", "b", "c"), [1, 0, 1]),
        ([1, -1, -1] * 2, torch.tensor([1.0, 1, 1]), ("-1", "1"), [1, 0, 0]),
        ([30, 10, 20] * 2, [10.0, 20.0, 30.0], ("10", "20", "30"), [2, 0, 1]),
        (np.eye(3)[[1, 0, 1] * 2], np.eye(3)[[0, 0, 1]], None, [1, 0, 1]),
    ],
)
def test_names_signs_and_one_hot_rows_are_numbered_as_scikit_learn_does(
    train, test, names, expected
):
    dataset = dataset_from_arrays(X, train, X[:3], test)
    assert dataset.class_names == names
    assert dataset.y_train[:3].tolist() == expected
    assert dataset.num_classes == (2 if names == ("-1", "1") else 3)
    if names is not None:
        encoder = LabelEncoder().fit(np.concatenate([np.asarray(train), np.asarray(test)]))
        assert dataset.y_test.tolist() == encoder.transform(np.asarray(test)).tolist()


def test_rows_in_any_order_in_memory_and_with_a_gradient():
    reversed_rows = torch.tensor(X, requires_grad=True)
    dataset = dataset_from_arrays(reversed_rows, Y[::-1], X[::-1], torch.tensor(Y))
    np.testing.assert_array_equal(dataset.x_train, X)
    np.testing.assert_array_equal(dataset.x_test, X[::-1])
    assert dataset.x_test.strides == X.astype(np.float32).strides
    assert dataset.y_train.tolist() == Y[::-1].tolist()


def with_value(array, value):
    changed = array.astype(np.float64)
    changed.flat[1] = value
    return changed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_train": with_value(X, np.nan)}, "x_train must be finite, got 1 NaN or infinite"),
        ({"x_test": with_value(X, -np.inf)}, "x_test must be finite"),
        ({"x_train": with_value(X, 1e300)}, r"x_train must fit into float32, got 1e\+300"),
        ({"x_train": X[:, 0]}, r"x_train must have shape \(rows, features, ...\), got \(6,\)"),
        ({"x_train": X[:, :0]}, r"x_train must have shape .* got \(6, 0\)"),
        ({"x_train": X[:0], "y_train": Y[:0]}, "y_train must not be empty"),
        ({"x_train": [], "y_train": Y}, r"x_train must have shape .* got \(0,\)"),
        ({"x_train": X[:5]}, "x_train and y_train and train_indices must have the same length"),
        ({"x_test": X[:, :1]}, r"rows of the same shape, got \(2,\) and \(1,\)"),
        ({"x_train": X + 1j}, "x_train must hold real numbers, got dtype complex128"),
        ({"x_train": [["a"]] * 6}, "x_train must hold real numbers, got dtype <U1"),
        ({"x_train": [[1], [1, 2]]}, "x_train must be one array, got rows of different lengths"),
        ({"y_test": Y + 0.5}, "y_test must hold classes as whole numbers from 0 on, got 0.5"),
        ({"y_train": Y + 0.5, "y_test": with_value(Y, np.nan)}, "y_test must be finite"),
        ({"y_train": np.ones((6, 2)), "y_test": Y}, "must have as many values for each row"),
        (
            {"y_train": np.ones((6, 2, 2))},
            r"y_train must have shape \(rows,\) or \(rows, outputs\)",
        ),
        ({"y_train": Y + 0.5, "num_classes": 3}, "y_train must hold classes as whole numbers"),
        (
            {"y_train": Y - 1, "num_classes": 3},
            "y_train must hold classes as whole numbers from 0 on, got -1",
        ),
        ({"y_test": with_value(Y, 1e300)}, "y_test must hold classes as whole numbers"),
        ({"y_test": with_value(Y, np.nan)}, "y_test must be finite"),
        ({"y_test": Y[:, None]}, r"y_test must be one-dimensional, got shape \(6, 1\)"),
        ({"y_test": Y.astype(str)}, r"y_test must be class numbers \(.*\), got '0'"),
        ({"num_classes": 2}, "y_train must lie between 0 and 1, got 2"),
        ({"y_test": Y + 5, "num_classes": 3}, "y_test must lie between 0 and 2, got 5"),
        ({"num_classes": 1}, "num_classes must be an integer of at least 2, got 1"),
        ({"y_train": 0 * Y, "y_test": 0 * Y}, "num_classes must be an integer of at least 2"),
    ],
)
def test_unusable_arrays_are_refused(change, message):
    arrays = {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y}
    with pytest.raises(InputError, match=message):
        dataset_from_arrays(**(arrays | change))
