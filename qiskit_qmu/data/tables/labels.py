"""Labels and ids of a table's rows: classes by name or values to predict, and rows by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

Task = Literal["classification", "regression"]

MOST_NUMBERED_CLASSES = 20
"""Different whole numbers up to which labels are classes, unless the caller says it."""

_MOST_CLASSES = 1000
_SHOWN = 3


@final
@dataclass(frozen=True)
class Labels:
    """How labels become numbers.

    Args:
        column: Heading of the labels.
        names: The classes in order; None where there are values to predict.
        decimal: The decimal mark of values that are texts.
        remark: What was decided, where it could have been decided otherwise.
    """

    column: str
    names: tuple[str, ...] | None
    decimal: str
    remark: str | None

    @classmethod
    def of(cls, column: str, texts: NDArray[Any], *, task: Task | None, decimal: str) -> "Labels":
        """Find out what the labels of the training rows are.

        Texts are classes, in sorted order. Whole numbers are classes where there are at most
        `MOST_NUMBERED_CLASSES` different ones, other numbers are values to predict.

        Args:
            column: Their heading.
            texts: The labels (n,), none of them missing.
            task: "classification" or "regression" where the caller has decided.
            decimal: The decimal mark of numbers that are texts.

        Raises:
            InputError: If there is one class only, far too many or another one in each row, or
                values are no numbers.
        """
        different = set(texts.tolist())
        numbers = {text: _number(text, decimal) for text in different}
        are_numbers = all(number is not None for number in numbers.values())
        if task == "regression" and not are_numbers:
            odd = min(text for text, number in numbers.items() if number is None)
            raise InputError(f"{column!r} must hold numbers to predict, got {odd!r}")
        whole = are_numbers and all(float(str(number)).is_integer() for number in numbers.values())
        if task is None and are_numbers:
            few = whole and len(different) <= MOST_NUMBERED_CLASSES
            task = "classification" if few else "regression"
            remark = _remark(column, len(different), task)
        else:
            task, remark = task or "classification", None
        if task == "regression":
            return cls(column, None, decimal, remark)
        if len(different) < 2:
            raise InputError(
                f"{column!r} must hold at least two classes, got only {min(different)!r}"
            )
        if len(different) == len(texts) > MOST_NUMBERED_CLASSES:
            raise InputError(
                f"{column!r} must hold classes, and each of {len(texts):,} rows has another "
                "one: it looks like a column of ids"
            )
        if len(different) > _MOST_CLASSES:
            raise InputError(
                f"{column!r} must hold at most {_MOST_CLASSES} classes, got {len(different):,}"
            )
        by_number = are_numbers and len(set(numbers.values())) == len(different)
        names = sorted(different, key=numbers.get if by_number else None)  # type: ignore[arg-type]
        return cls(column, tuple(names), decimal, remark)

    def encode(self, texts: NDArray[Any], what: str) -> NDArray[Any]:
        """Return class labels (n,), int64, or values (n,), float64.

        Args:
            texts: The labels.
            what: What messages call the table.

        Raises:
            InputError: If a label is of no class of the training rows, or no number.
        """
        if self.names is None:
            values = [_number(text, self.decimal) for text in texts]
            if None in values:
                raise InputError(
                    f"{what}: {self.column!r} must hold numbers, got {texts[values.index(None)]!r}"
                )
            return np.array(values, dtype=np.float64)
        place = {name: position for position, name in enumerate(self.names)}
        labels = np.array([place.get(text, -1) for text in texts], dtype=np.int64)
        unknown = np.flatnonzero(labels < 0)
        if unknown.size:
            raise InputError(
                f"{what}: labels must be of the classes that training rows have "
                f"({shown(self.names)}), got {texts[unknown[0]]!r} in {_rows(unknown)}"
            )
        return labels


def check_ids(texts: NDArray[Any], column: str, what: str) -> NDArray[np.str_]:
    """Return ids as an array of texts.

    Raises:
        InputError: If one is missing or given twice.
    """
    missing = np.flatnonzero(texts == "")
    if missing.size:
        raise InputError(f"{what}: {column!r} names every row, but is empty in {_rows(missing)}")
    ids = texts.astype(np.str_)
    values, counts = np.unique(ids, return_counts=True)
    doubles = values[counts > 1]
    if doubles.size:
        raise InputError(
            f"{what}: {column!r} must name each row differently, got {shown(doubles.tolist())} "
            "more than once"
        )
    return ids


def check_labels(texts: NDArray[Any], ids: NDArray[np.str_] | None, column: str, what: str) -> None:
    """Raise InputError that names the rows without a label, by their ids if they have some."""
    missing = np.flatnonzero(texts == "")
    if missing.size:
        where = _rows(missing) if ids is None else shown(ids[missing].tolist())
        raise InputError(
            f"{what}: every row needs a label in {column!r}, which is empty for {where}"
        )


def shown(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    first = ", ".join(repr(str(name)) for name in names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{first} and {more:,} more" if more > 0 else first


def _rows(positions: NDArray[np.int64]) -> str:
    first = ", ".join(str(position + 1) for position in positions[:_SHOWN])
    more = len(positions) - _SHOWN
    first = f"{'row' if len(positions) == 1 else 'rows'} {first}"
    return f"{first} and {more:,} more" if more > 0 else first


def _number(text: str, decimal: str) -> float | None:
    if len(text) > 1 and text[0] == "0" and text[1].isdigit():
        return None  # 007 is a name
    try:
        number = float(text.replace(decimal, ".")) if "_" not in text else float("nan")
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _remark(column: str, different: int, task: Task) -> str:
    if task == "classification":
        return f"{column} holds {different} different whole numbers, which are taken for classes"
    return (
        f"{column} holds {different:,} different numbers and is taken for a regression target; "
        "--task classification (in Python task='classification') makes each number a class"
    )


def check_task(task: Any) -> None:
    """Raise InputError unless a task is one of the two, or None."""
    if task is not None:
        _check.one_of(("classification", "regression"), task=task)
