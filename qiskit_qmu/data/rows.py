"""Rows of a dataset that remember their positions and can prove their content."""

import hashlib
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError, InputTypeError


class RowsWarning(UserWarning):
    """The rows that were read are not quite those that a model remembers, or it remembers none."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Some rows of a dataset; possibly none.

    Args:
        x: Features, shape (n, ...), float32.
        y: Class labels, shape (n,), int64; or values to predict, shape (n,) or (n, outputs),
            float64.
        indices: Positions in the dataset's training rows (or in its test rows, for test rows),
            shape (n,), int64.
        ids: What each row is called in its source, shape (n,), texts; None where rows have no ids.

    Raises:
        InputError: If the lengths disagree, or a dtype or shape is another.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.data import Rows
        >>> x = np.array([[0.1], [0.2], [0.3]], dtype=np.float32)
        >>> rows = Rows(x=x, y=np.array([0, 1, 0]), indices=np.array([4, 7, 9]))
        >>> rows.take([2, 0]).indices
        array([9, 4])
        >>> rows.digest() == rows.take([0, 1, 2]).digest()
        True
    """

    x: NDArray[np.float32]
    y: NDArray[Any]
    indices: NDArray[np.int64]
    ids: NDArray[np.str_] | None = None

    def __post_init__(self) -> None:
        _check.same_length(x=self.x, y=self.y, indices=self.indices)
        if self.ids is not None:
            _check.same_length(y=self.y, ids=self.ids)
        for name, array, dtype in (("x", self.x, np.float32), ("indices", self.indices, np.int64)):
            if array.dtype != dtype:
                raise InputError(f"{name} must be {np.dtype(dtype)}, got {array.dtype}")
        check_answers("y", self.y)
        if self.indices.ndim != 1:
            raise InputError(f"indices must be one-dimensional, got shape {self.indices.shape}")

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        return f"Rows({len(self)} of shape {self.x.shape[1:]})"

    @property
    def strata(self) -> NDArray[np.int64]:
        """The class (n,) of each row; 0 where there are values to predict."""
        return strata_of(self.y)

    def name(self, position: int) -> str:
        """Return the id of the row at a position among these, or its dataset position as text."""
        return str((self.indices if self.ids is None else self.ids)[position])

    def take(self, positions: ArrayLike) -> "Rows":
        """Return the rows at ``positions``, in that order; a position may occur more than once.

        Args:
            positions: Positions among these rows (not dataset positions), shape (m,), integers
                from 0 to n - 1.

        Returns:
            New rows with copied arrays.

        Raises:
            InputError: If positions are not integers, not one-dimensional or out of range.
        """
        chosen = as_integers("positions", positions)
        outside = chosen[(chosen < 0) | (chosen >= len(self))]
        if outside.size:
            raise InputError(
                f"positions must be at least 0 and less than {len(self)}, got {outside[0]}"
            )
        return Rows(
            x=self.x[chosen],
            y=self.y[chosen],
            indices=self.indices[chosen],
            ids=None if self.ids is None else self.ids[chosen],
        )

    def where(self, chosen: NDArray[np.bool_]) -> "Rows":
        """Return the rows for which a mask (n,) is True."""
        return self.take(np.flatnonzero(chosen))

    def at(self, indices: ArrayLike) -> "Rows":
        """Return the rows that have one of some dataset positions; those of others are left out."""
        return self.where(np.isin(self.indices, indices))

    def within(self, other: "Rows") -> "Rows":
        """Return the rows that are also among other rows of the same dataset."""
        return self.at(other.indices)

    def without(self, other: "Rows") -> "Rows":
        """Return the rows that are not among other rows of the same dataset.

        Example:
            >>> import qiskit_qmu as qmu
            >>> iris = qmu.load_dataset("iris").train
            >>> iris.without(iris.at([0, 2])).within(iris.at([0, 1, 2])).indices
            array([1])
        """
        return self.where(~np.isin(self.indices, other.indices))

    def in_order(self) -> "Rows":
        """Return the rows in the order of the dataset."""
        return self.take(np.argsort(self.indices))

    def digest(self) -> str:
        """Return the sha256 of shape, dtype and bytes of x and y, in hexadecimal.

        Equal content in equal order gives an equal digest on every machine; ``indices`` do not
        count.
        """
        sha256 = hashlib.sha256()
        for array in (self.x, self.y):
            little = _little_endian(array)
            sha256.update(f"{little.shape}{little.dtype.str}".encode())
            sha256.update(little.tobytes())
        return sha256.hexdigest()


def joined_rows(first: Rows, second: Rows) -> Rows:
    """Return the rows of two parts, one after the other; with ids where both have them."""
    ids = [part.ids for part in (first, second) if part.ids is not None]
    return Rows(
        x=np.concatenate([first.x, second.x]),
        y=np.concatenate([first.y, second.y]),
        indices=np.concatenate([first.indices, second.indices]),
        ids=np.concatenate(ids) if len(ids) == 2 else None,
    )


def check_disjoint(**parts: Rows) -> None:
    """Raise InputError if two parts of a dataset, or one of them twice, hold the same row."""
    positions, counts = np.unique(
        np.concatenate([part.indices for part in parts.values()]), return_counts=True
    )
    if counts.max(initial=0) > 1:
        *others, last = parts
        raise InputError(
            f"{', '.join(others)} and {last} must not share rows, got training row "
            f"{positions[counts > 1][0]} more than once"
        )


def row_digests(x: ArrayLike, y: ArrayLike) -> list[str]:
    """Return one short digest per row, to prove which rows a model was trained on.

    The digest of a row depends on its features (as float32) and its label or values only, so it is
    the same in every dataset and order, and two identical rows share one. It does not hide a row:
    whoever can guess the row can check the guess.

    Args:
        x: Features, shape (n, ...).
        y: Class labels, shape (n,), integers; or values, shape (n,) or (n, outputs), floats.

    Returns:
        The first 16 hexadecimal digits of each row's sha256 over shape, dtype and bytes.

    Raises:
        InputError: If the lengths disagree.

    Example:
        >>> from qiskit_qmu.data import row_digests
        >>> first, second, third = row_digests([[0.1], [0.2], [0.1]], [0, 0, 0])
        >>> first == third, first == second, len(first)
        (True, False, 16)
    """
    features = _little_endian(np.asarray(x, dtype=np.float32))
    answers = np.asarray(y)
    kind = np.float64 if answers.dtype.kind == "f" and answers.size else np.int64
    labels = _little_endian(answers.astype(kind))
    _check.same_length(x=features, y=labels)
    header = f"{features.shape[1:]}{features.dtype.str}{labels.dtype.str}".encode()
    return [
        hashlib.sha256(header + row.tobytes() + label.tobytes()).hexdigest()[:16]
        for row, label in zip(features, labels, strict=True)
    ]


def check_answers(name: str, y: NDArray[Any]) -> None:
    """Raise InputError unless an array holds class labels or values, one or several for each row.

    Args:
        name: What the error message calls it.
        y: Class labels (n,), int64; or values (n,) or (n, outputs), float64.
    """
    if y.dtype not in (np.int64, np.float64):
        raise InputError(f"{name} must be int64 (classes) or float64 (values), got {y.dtype}")
    if y.ndim == 1 or (y.dtype == np.float64 and y.ndim == 2):
        return
    raise InputError(f"{name} must be one-dimensional, got shape {y.shape}")


def strata_of(y: NDArray[Any]) -> NDArray[np.int64]:
    """Return class labels as they are, and zeros (n,) for values: there rows are of one kind."""
    return y if y.dtype == np.int64 else np.zeros(len(y), dtype=np.int64)


def as_integers(name: str, values: ArrayLike) -> NDArray[np.int64]:
    """Return a list of integers as an array; a boolean mask is refused.

    Args:
        name: What the error message calls them.
        values: Integers, shape (m,).

    Returns:
        The integers as int64, shape (m,).

    Raises:
        InputError: If they are not integers or not one-dimensional.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{name} must be a list of integers, got a ragged one") from error
    if array.size and array.dtype.kind not in "iu":
        raise InputTypeError(f"{name} must be integers, got dtype {array.dtype}")
    if array.ndim != 1:
        raise InputError(f"{name} must be one-dimensional, got shape {array.shape}")
    return array.astype(np.int64)


def _little_endian(array: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
