"""Dataset: training and test rows as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data.rows import Rows, check_answers
from qiskit_qmu.data.table_columns import TableColumn


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Training and test rows of a classification, or of a regression.

    Args:
        name: What reports call it.
        x_train: Training features, shape (n, channels, height, width) or (n, features), float32.
        y_train: Training labels, shape (n,), int64, from 0 to ``num_classes`` - 1; or values to
            predict, shape (n,) or (n, outputs), float64.
        x_test: Test features, float32, rows of the same shape.
        y_test: Test labels or values, likewise.
        num_classes: Number of classes, at least two; a class may be without rows. None for values.
        train_indices: Row numbers of the training rows in their source, shape (n,).
        test_indices: Row numbers of the test rows in their source.
        train_source: Name of the source of the training rows: "train", "test" or "all".
        test_source: Name of the source of the test rows; equal to ``train_source`` where both were
            drawn from one file.
        class_names: What the classes were called, by label; None where they had numbers only.
        ids_train: What each training row is called in its source, shape (n,), texts; None where
            rows have no ids.
        ids_test: Likewise of the test rows.
        positions: What counts as the position of each training row, shape (n,), in ascending order:
            that in the record of a saved model, some of whose rows may be gone; 0, 1, … where None.
        feature_names: A name for each feature; None where they have none.
        label_name: Heading of the labels, or of the values to predict; None where there is none.
        id_name: Heading of the ids.
        columns: Columns of the table that the rows come from; then a number that is missing is NaN.
        remarks: What was decided when the rows were read, one line each.
        origin: How to read it again, as fields of an `Experiment`; None for arrays.

    Raises:
        InputError: If rows are missing, not finite (apart from a table's missing numbers), of
            different shapes or of another dtype, a label is out of range, an id is given twice, or
            a row of the source is in both parts.

    Example:
        >>> from qiskit_qmu.data import load_dataset
        >>> iris = load_dataset("iris")
        >>> iris.train, iris.test, iris.num_classes
        (Rows(105 of shape (4,)), Rows(45 of shape (4,)), 3)
    """

    name: str
    x_train: NDArray[np.float32] = field(repr=False)
    y_train: NDArray[Any] = field(repr=False)
    x_test: NDArray[np.float32] = field(repr=False)
    y_test: NDArray[Any] = field(repr=False)
    num_classes: int | None
    train_indices: NDArray[np.int64] = field(repr=False)
    test_indices: NDArray[np.int64] = field(repr=False)
    train_source: str
    test_source: str
    class_names: tuple[str, ...] | None = None
    ids_train: NDArray[np.str_] | None = field(default=None, repr=False)
    ids_test: NDArray[np.str_] | None = field(default=None, repr=False)
    positions: NDArray[np.int64] | None = field(default=None, repr=False)
    feature_names: tuple[str, ...] | None = field(default=None, repr=False)
    label_name: str | None = None
    id_name: str | None = None
    columns: tuple[TableColumn, ...] = field(default=(), repr=False)
    remarks: tuple[str, ...] = field(default=(), repr=False)
    origin: Mapping[str, Any] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.num_classes is not None:
            _check.at_least(2, num_classes=self.num_classes)
        dtype = np.float64 if self.num_classes is None else np.int64
        for part, x, y, indices, ids in (
            ("train", self.x_train, self.y_train, self.train_indices, self.ids_train),
            ("test", self.x_test, self.y_test, self.test_indices, self.ids_test),
        ):
            _check_part(part, x, y, indices, dtype, missing=bool(self.columns))
            if ids is not None:
                _check_ids(f"ids_{part}", ids, len(y))
        if self.num_classes is not None:
            _check.labels_in_range(self.num_classes, y_train=self.y_train, y_test=self.y_test)
        if self.y_train.shape[1:] != self.y_test.shape[1:]:
            raise InputError(
                "y_train and y_test must have as many values for each row, got "
                f"{self.y_train.shape} and {self.y_test.shape}"
            )
        if self.x_train.shape[1:] != self.x_test.shape[1:]:
            raise InputError(
                "x_train and x_test must have rows of the same shape, got "
                f"{self.x_train.shape[1:]} and {self.x_test.shape[1:]}"
            )
        names = self.feature_names
        if names is not None and self.x_train.shape[1:] != (len(names),):
            raise InputError(
                f"feature_names must name each feature of flat rows, got {len(names)} names for "
                f"rows of shape {self.x_train.shape[1:]}"
            )
        shared = np.intersect1d(self.train_indices, self.test_indices)
        if self.train_source == self.test_source and shared.size:
            raise InputError(
                f"training and test rows must not overlap, got row {shared[0]} of the source in "
                "both"
            )

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one row, for example (1, 28, 28)."""
        return self.x_train.shape[1:]

    @property
    def train(self) -> Rows:
        """All training rows."""
        positions = np.arange(len(self.y_train)) if self.positions is None else self.positions
        return Rows(x=self.x_train, y=self.y_train, indices=positions, ids=self.ids_train)

    @property
    def test(self) -> Rows:
        """All test rows."""
        positions = np.arange(len(self.y_test))
        return Rows(x=self.x_test, y=self.y_test, indices=positions, ids=self.ids_test)

    @property
    def column_names(self) -> tuple[str, ...]:
        """What `column` knows: the table's columns, those of ids and labels first."""
        names = [column.name for column in self.columns] or self.feature_names or ()
        special = [name for name in (self.id_name, self.label_name) if name is not None]
        return (*special, *names)

    def column(self, name: str) -> NDArray[Any]:
        """Return what a column holds for the training rows, before any scaling.

        Args:
            name: One of ``column_names``.

        Returns:
            Shape (n,): numbers as a view of ``x_train`` (NaN where missing; dates as days since
            1970-01-01, booleans as 0 or 1); categories, ids and class names as texts, a missing
            category as an empty one, or None where it is no feature.

        Raises:
            InputError: If there is no such column.

        Example:
            >>> import qiskit_qmu as qmu
            >>> iris = qmu.load_dataset("iris")
            >>> iris.column_names[-1], iris.column("petal width (cm)").max()
            ('petal width (cm)', np.float32(2.5))
        """
        _check.one_of(self.column_names, column=name)
        if name == self.id_name and self.ids_train is not None:
            return self.ids_train
        if name == self.label_name:
            names = self.class_names
            return self.y_train if names is None else np.array(names)[self.y_train]
        for column in self.columns:
            if column.name == name:
                return column.of(self.x_train)
        assert self.feature_names is not None
        return self.x_train[:, self.feature_names.index(name)]


def _check_part(
    part: str,
    x: NDArray[Any],
    y: NDArray[Any],
    indices: NDArray[np.int64],
    answers: type,
    *,
    missing: bool,
) -> None:
    x_name, y_name = f"x_{part}", f"y_{part}"
    if x.ndim < 2 or 0 in x.shape[1:]:
        raise InputError(f"{x_name} must have shape (rows, features, ...), got {x.shape}")
    _check.same_length(**{x_name: x, y_name: y, f"{part}_indices": indices})
    _check.not_empty(**{x_name: x})
    for name, array, dtype in ((x_name, x, np.float32), (y_name, y, answers)):
        if array.dtype != dtype:
            raise InputError(f"{name} must be {np.dtype(dtype)}, got {array.dtype}")
    check_answers(y_name, y)
    _check.finite(**{y_name: y})
    if not missing:
        _check.finite(**{x_name: x})
    elif np.isinf(x).any():
        raise InputError(f"{x_name} must be finite or missing, got an infinite value")


def _check_ids(name: str, ids: NDArray[Any], rows: int) -> None:
    if ids.dtype.kind != "U" or ids.shape != (rows,):
        raise InputError(f"{name} must be {rows} texts, got {ids.dtype} of shape {ids.shape}")
    values, counts = np.unique(ids, return_counts=True)
    if counts.max() > 1:
        raise InputError(f"{name} must not repeat, got {str(values[counts > 1][0])!r} twice")
