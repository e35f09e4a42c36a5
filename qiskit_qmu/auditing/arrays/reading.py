"""Reads recorded outputs from an NPZ file, a table, or a mapping of arrays."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu._files import read_arrays
from qiskit_qmu.auditing.arrays.names import known_name, parsed_column
from qiskit_qmu.data.tables.chunks import open_table
from qiskit_qmu.data.tables.values import to_numbers, to_texts

_WHAT = "arrays of recorded outputs"
_TEXTS = ("labels", "member", "part", "ids")


@final
@dataclass(frozen=True, eq=False)
class Recorded:
    """Arrays of recorded outputs.

    Attributes:
        what: What messages call their source.
        arrays: The arrays by their names.
        endings: What tells the columns of an array apart, where that is known: classes or outcomes.
    """

    what: str
    arrays: dict[str, NDArray[Any]]
    endings: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_recorded(source: Any) -> Recorded:
    """Read arrays of recorded outputs.

    Args:
        source: Path of an NPZ, CSV or Parquet file, a DataFrame, or a mapping of arrays by name.

    Raises:
        InputError: If it cannot be read, holds something unknown, or a value is no number.
    """
    if isinstance(source, Mapping):
        return _named("the arrays", source)
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if path.suffix.lower() == ".npz":
            return _named(str(path), read_arrays(path, _WHAT, texts=True))
    elif not hasattr(source, "columns"):
        raise InputTypeError(
            "recorded outputs must be a path, a DataFrame or a mapping of arrays, got "
            f"{type(source).__name__}"
        )
    return _of_table(source)


def _named(what: str, arrays: Mapping[str, Any]) -> Recorded:
    found: dict[str, NDArray[Any]] = {}
    for name, values in arrays.items():
        key = known_name(name, what)
        if key in found:
            raise InputError(f"{what}: {key} is given twice, the second time as {name}")
        found[key] = _as_array(key, values)
    return Recorded(what, found)


def _as_array(name: str, values: Any) -> NDArray[Any]:
    if name.endswith("counts") and len(values) and isinstance(values[0], str | Mapping):
        dictionaries = np.empty(len(values), dtype=object)
        dictionaries[:] = [_outcomes(name, value) for value in values]
        return dictionaries
    array = np.asarray(values)
    if array.dtype.kind not in "biufUO" or (array.dtype.kind == "O" and name not in _TEXTS):
        raise InputTypeError(f"{name} must be an array of numbers, got dtype {array.dtype}")
    return array.astype(str) if array.dtype.kind == "O" else array


def _outcomes(name: str, value: Any) -> dict[str, int]:
    """Return the counts of one row by bitstring."""
    try:
        table = json.loads(value) if isinstance(value, str) else dict(value)
        counts = {str(bits).replace(" ", ""): int(count) for bits, count in table.items()}
    except (ValueError, TypeError, AttributeError):
        counts = {}
    if not counts or not all(set(bits) <= {"0", "1"} and bits for bits in counts):
        raise InputError(
            f"{name} must be integers, or for each row counts by bitstring such as "
            f'{{"00": 517, "11": 507}}; got {str(value)[:60]!r}'
        )
    return counts


def _of_table(source: Any) -> Recorded:
    import pandas as pd

    table = open_table(source)
    columns = {heading: parsed_column(heading, table.what) for heading in table.names}
    as_texts = [
        heading
        for heading, column in columns.items()
        if column.array in _TEXTS or (column.array.endswith("counts") and not column.ending)
    ]
    frame = pd.concat(list(table.chunks(table.names, texts=as_texts)), ignore_index=True)
    parts: dict[str, dict[str, NDArray[Any]]] = {}
    for heading, column in columns.items():
        ending = parts.setdefault(column.array, {})
        if column.ending in ending or (ending and "" in {column.ending, *ending}):
            raise InputError(
                f"{table.what}: {column.array} is given twice, the second time as {heading}"
            )
        try:
            ending[column.ending] = _values(column.array, frame[heading], heading in as_texts,
                                            table.decimal)  # fmt: skip
        except InputError as error:
            raise InputError(f"{table.what}, column {heading!r}: {error}") from error
    arrays, endings = {}, {}
    for name, found in parts.items():
        arrays[name] = found[""] if "" in found else np.stack(list(found.values()), axis=1)
        if "" not in found:
            endings[name] = tuple(found)
    return Recorded(table.what, arrays, endings)


def _values(array: str, values: Any, as_text: bool, decimal: str) -> NDArray[Any]:
    if not as_text:
        return to_numbers(values, decimal)
    texts = to_texts(values)
    if None in texts:
        raise InputError("a value is missing")
    return _as_array(array, texts)
