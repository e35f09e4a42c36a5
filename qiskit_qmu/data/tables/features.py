"""The features of a table's rows, laid out as those of rows that a model was trained on."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.data.rows import RowsWarning
from qiskit_qmu.data.table_columns import TableColumn
from qiskit_qmu.data.tables.chunks import open_table
from qiskit_qmu.data.tables.csv_format import AS_FOUND, TableForm
from qiskit_qmu.data.tables.labels import check_ids
from qiskit_qmu.data.tables.numbers import NumberColumn, Target, read_numbers
from qiskit_qmu.data.tables.reader import check_column
from qiskit_qmu.data.tables.survey import survey
from qiskit_qmu.data.tables.texts import read_texts


def read_features(
    source: Any,
    columns: Sequence[TableColumn],
    id_name: str | None = None,
    form: TableForm = AS_FOUND,
) -> tuple[NDArray[np.float32], NDArray[np.str_] | None]:
    """Read all rows of a table, which needs no labels.

    Args:
        source: Path of a CSV or Parquet file, or a DataFrame; its columns may be in any order.
        columns: Columns of the rows that a model was trained on, with their places among the
            features; those that are no features are not read.
        id_name: Column that names each row; None where rows have no ids.
        form: What is said of how a CSV file is written.

    Returns:
        Features (n, features), and ids (n,) where there is a column of them. A text that no
        training row had is 0 in all features of its column, and a `RowsWarning` names it.

    Raises:
        InputError: If the table cannot be read, or a column is missing or holds something else.
    """
    table = open_table(source, form)
    places = {own.name: own for own in columns if own.features is not None}
    for name in (*places, *([] if id_name is None else [id_name])):
        check_column(name, table)
    found, size = survey(table, list(places))
    if size == 0:
        raise InputError(f"{table.what} has headings and no rows below them")
    everything = np.arange(size)
    width = max(own.features[1] for own in places.values() if own.features is not None)
    x = np.zeros((size, width), dtype=np.float32)
    special = [] if id_name is None else [id_name]
    categories = [own for own in places.values() if own.kind == "category"]
    texts = read_texts(table, [*special, *(own.name for own in categories)])
    for own in categories:
        assert own.features is not None
        positions = texts[own.name].positions(own.categories, everything)
        known = np.flatnonzero(positions >= 0)
        _warn_of_unknown(own, texts[own.name].categories(np.flatnonzero(positions < 0)))
        x[known, own.features[0] + positions[known]] = 1
    numbers = [own for own in places.values() if own.kind != "category"]
    into = {own.name: x[:, own.features[0]] for own in numbers if own.features is not None}
    read = [NumberColumn(own.name, own.kind, found[own.name].formats) for own in numbers]
    read_numbers(table, read, [Target(everything, into)])
    if id_name is None:
        return x, None
    return x, check_ids(texts[id_name].texts(everything), id_name, table.what)


_FEW = 5


def _warn_of_unknown(column: TableColumn, unknown: Sequence[str]) -> None:
    if not unknown:
        return
    shown = ", ".join(map(repr, unknown[:_FEW])) + (", …" if len(unknown) > _FEW else "")
    warnings.warn(
        f"column {column.name} holds {shown}, which no training row had: such rows belong to none "
        "of its categories",
        RowsWarning,
        stacklevel=2,
    )
