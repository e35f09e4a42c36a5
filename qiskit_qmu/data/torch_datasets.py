"""Rows of torch's Datasets, as arrays and as a dataset."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.data.array_datasets import dataset_from_arrays
from qiskit_qmu.data.dataset import Dataset


def dataset_from_torch(
    train: Any, test: Any, *, num_classes: int | None = None, name: str = "torch"
) -> Dataset:
    """Make a dataset of two torch ``Dataset`` objects, whose items are pairs of row and label.

    Args:
        train: Training rows: a map-style or iterable dataset, a ``Subset``, or a ``DataLoader``
            with ``batch_size=None``. Transforms run once, here; random ones are fixed by it.
        test: Test rows.
        num_classes: As for `dataset_from_arrays`.
        name: What reports call the dataset.

    Returns:
        The dataset, with rows in the order of the items, so that positions in a split are those of
        ``train``.

    Raises:
        InputError: If an item is no pair, rows differ in shape, or as for `dataset_from_arrays`.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> pairs = torch.utils.data.TensorDataset(torch.eye(3), torch.tensor([0, 1, 0]))
        >>> ds = qmu.dataset_from_torch(pairs, torch.utils.data.Subset(pairs, [0, 1]))
        >>> ds.train, ds.y_test
        (Rows(3 of shape (3,)), array([0, 1]))
    """
    parts = (*arrays_from_torch("train", train), *arrays_from_torch("test", test))
    return dataset_from_arrays(*parts, num_classes=num_classes, name=name)


def arrays_from_torch(name: str, dataset: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return rows (n, …) and labels (n, …) of a torch ``Dataset``, in the order of its items.

    Args:
        name: What the error message calls it.
        dataset: Its items are pairs of row and label: tensors, arrays or numbers.

    Raises:
        InputError: If an item is no pair, or rows or labels differ in shape.

    Example:
        >>> import torch
        >>> from qiskit_qmu.data import arrays_from_torch
        >>> pairs = torch.utils.data.TensorDataset(torch.eye(2), torch.tensor([3, 5]))
        >>> arrays_from_torch("train", pairs)[1]
        array([3, 5])
    """
    rows, labels = [], []
    for number, item in enumerate(_items(name, dataset)):
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise InputError(
                f"items of {name} must be pairs of row and label, got {type(item).__name__} at "
                f"{number}"
            )
        rows.append(np.asarray(item[0]))
        labels.append(np.asarray(item[1]))
    for what, arrays in (("rows", rows), ("labels", labels)):
        shapes = sorted({array.shape for array in arrays})
        if len(shapes) != 1:
            raise InputError(f"{what} of {name} must have one shape, got {shapes or 'none'}")
    return np.stack(rows), np.stack(labels)


def _items(name: str, dataset: Any) -> Iterable[Any]:
    if hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__"):
        return (dataset[position] for position in range(len(dataset)))
    if isinstance(dataset, Iterable):
        return dataset
    raise InputError(f"{name} must be a torch Dataset, got {type(dataset).__name__}")
