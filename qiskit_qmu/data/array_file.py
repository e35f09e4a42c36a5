"""Reads rows from NPZ files of arrays."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._files import read_arrays
from qiskit_qmu.data.array_datasets import dataset_from_arrays
from qiskit_qmu.data.arrays import are_classes
from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.tables.drawing import draw_rows

_WHAT = "the arrays x and y, or x_train, y_train, x_test and y_test"
_PARTS = ("x_train", "y_train", "x_test", "y_test")

_Part = tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]
"""Features, labels, and ids where there are some."""


def read_array_file(
    path: Path, *, test: float | Path, train_size: int | None, test_size: int | None, seed: int
) -> Dataset:
    """Read a dataset from an NPZ file.

    The file holds ``x``, ``y`` and, if rows have names, ``ids``; or such arrays with the endings
    ``_train`` and ``_test``, and then ``test`` is not used. No pickle is ever loaded.

    Args:
        path: The file.
        test: Share of the rows to draw as test rows, or the path of a second file.
        train_size: Training rows to draw; all where None.
        test_size: Test rows, likewise.
        seed: Seed of the draw.

    Raises:
        InputError: If a file cannot be read, or arrays are missing or do not fit together.
    """
    arrays = read_arrays(path, _WHAT, texts=True)
    share = test if isinstance(test, float) else None
    if "x" not in arrays and all(name in arrays for name in _PARTS):
        train, tested = _part(arrays, "_train", path), _part(arrays, "_test", path)
        share = None
    else:
        train = _part(arrays, "", path)
        tested = train if isinstance(test, float) else _of_file(test)
    rows, test_rows = draw_rows(
        _strata(train[1]),
        _strata(tested[1]),
        share=share,
        train_size=train_size,
        test_size=test_size,
        seed=seed,
    )
    return dataset_from_arrays(
        train[0][rows],
        train[1][rows],
        tested[0][test_rows],
        tested[1][test_rows],
        name=path.stem,
        ids_train=None if train[2] is None else train[2][rows],
        ids_test=None if tested[2] is None else tested[2][test_rows],
    )


def _of_file(path: Path) -> _Part:
    return _part(read_arrays(path, _WHAT, texts=True), "", path)


def _part(arrays: dict[str, NDArray[Any]], ending: str, path: Path) -> _Part:
    x, y, ids = (arrays.get(f"{name}{ending}") for name in ("x", "y", "ids"))
    if x is None or y is None or x.ndim < 2 or len(x) == 0 or y.shape[:1] != x.shape[:1]:
        found = ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "none"
        raise InputError(f"{path} must hold {_WHAT}, with one row of x for each of y; got {found}")
    if ids is not None and ids.shape != x.shape[:1]:
        raise InputError(f"{path} must hold one of ids for each row of x, got {ids.shape}")
    return x, y, ids


def _strata(y: NDArray[Any]) -> NDArray[np.int64]:
    """Return a class number for each row; 0 where there are values to predict."""
    if not are_classes(y):
        return np.zeros(len(y), dtype=np.int64)
    labels = y.argmax(1) if y.ndim == 2 else y
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)
