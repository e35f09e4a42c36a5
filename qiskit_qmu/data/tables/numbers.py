"""Reads columns of numbers, dates or booleans straight to where they stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.data.table_columns import ColumnKind
from qiskit_qmu.data.tables.chunks import Table
from qiskit_qmu.data.tables.values import to_days, to_numbers, to_truths


@final
@dataclass(frozen=True)
class NumberColumn:
    """A column to read.

    Args:
        name: Its heading.
        kind: What it holds, other than a category.
        formats: How its dates are written, where they are texts.
    """

    name: str
    kind: ColumnKind
    formats: tuple[str, ...] = ()


@final
@dataclass(frozen=True)
class Target:
    """Where the numbers of some rows go.

    Args:
        rows: The rows of the table, in ascending order.
        columns: For each column an array with as many places.
    """

    rows: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]


def read_numbers(table: Table, columns: Sequence[NumberColumn], targets: Sequence[Target]) -> None:
    """Read columns of a table into arrays, NaN where a value is missing.

    Raises:
        InputError: If the table cannot be read, a value is of another kind than its column, or a
            number is infinite or too large for the array.
    """
    names = [column.name for column in columns]
    if not names:
        return
    texts = [column.name for column in columns if column.kind in ("date", "boolean")]
    start = 0
    for chunk in table.chunks(names, texts=texts):
        end = start + len(chunk)
        for column in columns:
            try:
                values = _converted(chunk[column.name], column, table.decimal)
            except InputError as error:
                raise InputError(f"{table.what}, column {column.name!r}: {error}") from error
            for target in targets:
                first, last = np.searchsorted(target.rows, (start, end))
                place = target.columns.get(column.name)
                if place is not None:
                    chosen = values[target.rows[first:last] - start]
                    with np.errstate(over="ignore"):
                        place[first:last] = chosen
                    _check_finite(place[first:last], chosen, table.what, column.name)
        start = end


def _converted(values: Any, column: NumberColumn, decimal: str) -> NDArray[np.float64]:
    if column.kind == "boolean":
        return to_truths(values)
    if column.kind == "date":
        return to_days(values, column.formats)
    return to_numbers(values, decimal)


def _check_finite(stored: NDArray[Any], read: NDArray[Any], what: str, name: str) -> None:
    infinite = np.isinf(stored)
    if infinite.any():
        raise InputError(
            f"{what}, column {name!r}: numbers must be finite and fit into {stored.dtype}, got "
            f"{read[infinite][0]}"
        )
