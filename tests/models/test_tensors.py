"""Rows and labels of every kind as tensors in a module's own precision, on its device."""

import numpy as np
import pytest
import torch

from qiskit_qmu._check import InputError
from qiskit_qmu.models import as_classifier, as_tensors

X = np.arange(12.0).reshape(4, 3) / 7
Y = np.array([0, 1, 1, 0])


class Frame:
    """What pandas has for NumPy where its types are of its own: an array of objects."""

    def __init__(self, values) -> None:
        self.values = np.array(values, dtype=object)

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)

    def __len__(self) -> int:
        return len(self.values)


ROWS = {
    "lists": X.tolist(),
    "reversed": X[::-1][::-1],
    "fortran": np.asfortranarray(X),
    "big-endian": X.astype(">f8"),
    "tensor": torch.tensor(X),
    "gradient": torch.tensor(X, requires_grad=True),
    "objects": Frame(X),
}


@pytest.mark.parametrize("kind", ROWS)
def test_rows_of_any_kind_keep_the_precision_of_the_module(kind):
    rows, labels = as_tensors(torch.nn.Linear(3, 2).double(), ROWS[kind], Y)
    assert rows.dtype == torch.float64
    assert not rows.requires_grad
    assert rows.tolist() == X.tolist()
    assert labels.tolist() == Y.tolist()


def test_single_precision_is_kept_too_and_the_caller_s_rows_are_copied():
    x = torch.tensor(X, dtype=torch.float32)
    rows, labels = as_tensors(torch.nn.Linear(3, 2), x, Y)
    rows += 1
    assert rows.dtype == torch.float32
    assert labels.dtype == torch.int64
    assert torch.equal(x, torch.tensor(X, dtype=torch.float32))
    assert as_tensors(torch.nn.Sequential(), X, Y)[0].dtype == torch.float32


def test_half_precision_rows_are_taken():
    x = torch.tensor([[0.5, 1.5, -2.0]] * 4, dtype=torch.bfloat16)
    assert as_tensors(torch.nn.Linear(3, 2), x, Y)[0].tolist() == [[0.5, 1.5, -2.0]] * 4


@pytest.mark.parametrize(
    "labels",
    [
        Y.tolist(),
        Y[::-1][::-1],
        Y.astype(float),
        Y.astype(bool),
        torch.tensor(Y),
        Frame(Y),
        np.eye(2)[Y],
        torch.eye(2)[Y],
        np.eye(2, dtype=bool)[Y].tolist(),
    ],
)
def test_labels_as_numbers_or_one_hot(labels):
    assert as_tensors(torch.nn.Linear(3, 2), X, labels)[1].tolist() == Y.tolist()


@pytest.mark.parametrize("labels", [(-1, 1), ("cat", "dog"), (0, 7)])
def test_labels_that_the_module_knows(labels):
    model = as_classifier(torch.nn.Linear(3, 2), labels=labels)
    own = np.array(labels)[Y]
    assert as_tensors(model, X, own)[1].tolist() == Y.tolist()
    assert as_tensors(model, X, own.tolist())[1].tolist() == Y.tolist()
    assert as_tensors(model, X, Y)[1].tolist() == Y.tolist()  # as a split has them


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X, ["a", "b", "b", "a"], r"labels must be class numbers \(dataset_from_arrays .* got 'a'"),
        (X, 2 * Y - 1, "labels must hold classes as whole numbers from 0 on, got -1"),
        (X, np.eye(2)[Y] * 2, "labels must be one-dimensional, or one-hot"),
        (X, np.ones((4, 2)), "labels must be one-dimensional, or one-hot"),
        (X, np.zeros((4, 2, 2)), "labels must be one-dimensional, got shape"),
        (X + 1j, Y, "x must hold real numbers, got dtype complex128"),
        ([["a"]] * 4, Y, "x must hold real numbers, got dtype <U1"),
        (np.array([["1.5"]] * 4, dtype=object), Y, "x must hold real numbers, got dtype object"),
        ([[1], [1, 2]], Y, "x must be one array, got rows of different lengths"),
        (1.0, Y, r"x must have shape \(rows, ...\)"),
        (X * 1e300, Y, "x must fit into float32, got"),
    ],
)
def test_what_cannot_be_used_is_one_line(x, y, message):
    with pytest.raises(InputError, match=message):
        as_tensors(torch.nn.Linear(3, 2), x, y)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (torch.nn.Linear(3, 2).half(), "a model must be in float32 or float64, got float16"),
        (torch.nn.Linear(3, 2).bfloat16(), "a model must be in float32 or float64, got bfloat16"),
        (torch.nn.Linear(3, 2, device="meta"), "the model is on the meta device"),
    ],
)
def test_models_that_cannot_compute_are_one_line(model, message):
    with pytest.raises(InputError, match=message):
        as_tensors(model, X, Y)
