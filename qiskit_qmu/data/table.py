"""read_table: the user's own rows as a dataset, from a table, arrays or images."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qiskit_qmu import _check
from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu.data.array_file import read_array_file
from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.image_folder import read_image_folder
from qiskit_qmu.data.sampling import check_share
from qiskit_qmu.data.tables.chunks import open_table
from qiskit_qmu.data.tables.csv_format import TableForm
from qiskit_qmu.data.tables.labels import Task, check_task, shown
from qiskit_qmu.data.tables.reader import TableReader

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_TEST = 0.3


def read_table(
    source: "str | os.PathLike[str] | pd.DataFrame",
    *,
    label: str | None = None,
    id: str | None = None,  # noqa: A002
    features: Sequence[str] | None = None,
    test: "float | str | os.PathLike[str] | pd.DataFrame" = DEFAULT_TEST,
    train_size: int | None = None,
    test_size: int | None = None,
    seed: int = 0,
    task: Task | None = None,
    separator: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
) -> Dataset:
    """Read rows of your own: a CSV, Parquet or NPZ file, a DataFrame, or a folder of images.

    A file is read in chunks, and its numbers go straight into the arrays of the dataset. Numbers
    stay as they are: missing ones are NaN, and a model fills and scales them by what it learns from
    its training rows. Dates become days since 1970-01-01, booleans 0 and 1. A column of texts
    becomes one feature for each text that training rows hold, 1 where a row has it; a text that
    only test rows have is 0 in all of them. Left out of the features are columns that are constant,
    texts with more than 100 different values, and columns without a heading, unless ``features``
    names them. Such decisions are in ``remarks`` of the dataset.

    An NPZ file holds arrays ``x`` and ``y`` and, where rows have names, ``ids``; or each of them
    with the endings ``_train`` and ``_test``. A folder of images holds a subfolder for each class;
    pixels lie in [0, 1], and the ids are paths below the folder.

    Args:
        source: Path of a CSV, Parquet or NPZ file or of a folder of images, or a DataFrame.
        label: Column of the classes, or of the values to predict. Texts are classes, numbered in
            sorted order. Whole numbers are classes where at most 20 different ones occur, other
            numbers are values, unless ``task`` says it.
        id: Column that names each row, as text: leading zeros are kept. None where rows have none.
        features: Columns to learn from; all but label and id where None.
        test: Share of the rows to draw as test rows, with the classes' shares kept; or a table with
            them, of any kind that ``source`` can be.
        train_size: Training rows to draw from those that there are; all of them where None.
        test_size: Test rows, likewise.
        seed: Seed of the draw, zero or more.
        task: "classification" or "regression" where the rule for labels is not meant.
        separator: That of the CSV file; where None it is found out, as the other two are.
        decimal: The mark in its numbers, "." or ",".
        encoding: Its encoding, such as "utf-8".

    Returns:
        The dataset, its rows in the order of the source, with ids, class names, names of features
        and columns.

    Raises:
        InputError: If the source cannot be read, a column is missing, a row has no label or no id,
            an id occurs twice, a number is infinite, or a size is not possible.
        InputTypeError: If an argument is of another type.

    Example:
        >>> import pandas as pd
        >>> import qiskit_qmu as qmu
        >>> table = pd.DataFrame({
        ...     "customer": ["007", "008", "009", "010", "011", "012"],
        ...     "age": [31, 54, None, 42, 28, 67],
        ...     "region": ["EU", "US", "EU", "US", "EU", "US"],
        ...     "churn": ["no", "yes", "no", "yes", "no", "yes"],
        ... })
        >>> table.to_csv("customers.csv", sep=";", decimal=",", index=False)
        >>> ds = qmu.read_table("customers.csv", label="churn", id="customer", test=1 / 3)
        >>> ds.feature_names, ds.class_names, ds.x_train.shape
        (('age', 'region=EU', 'region=US'), ('no', 'yes'), (4, 3))
        >>> sorted(ds.ids_train.tolist() + ds.ids_test.tolist())
        ['007', '008', '009', '010', '011', '012']
    """
    _check.at_least(0, seed=seed)
    check_task(task)
    _check_names(label, id, features)
    sizes: dict[str, Any] = {"train_size": train_size, "test_size": test_size, "seed": seed}
    said = {"separator": separator, "decimal": decimal, "encoding": encoding}
    share = None
    if isinstance(test, int | float):
        check_share("test", test)
        share = float(test)
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if path.is_dir() or path.suffix.lower() == ".npz":
            _refuse_columns(path, label=label, id=id, features=features, task=task, **said)
            read = read_image_folder if path.is_dir() else read_array_file
            tested = _path("test", test) if share is None else share
            return _with_origin(read(path, test=tested, **sizes), path, test, sizes)
    form = TableForm(**said)
    table = open_table(source, form)
    tested_table = table if share is not None else open_table(test, form)
    if label is None:
        raise InputError(
            "no column of labels was named (label, or --label-column on the command line); the "
            f"columns are {shown(table.names)}"
        )
    reader = TableReader(table, tested_table, label, id, features)
    reader.read_labels(task)
    reader.draw(share, train_size, test_size, seed)
    if not isinstance(source, str | os.PathLike):
        return reader.dataset("table")
    columns = {"label_column": label, "id_column": id, "feature_columns": features}
    form_said = {"separator": separator, "decimal": decimal, "text_encoding": encoding}
    how = {**columns, "task": task, **form_said, **sizes}
    return _with_origin(reader.dataset(Path(source).stem), source, test, how)


def _refuse_columns(path: Path, **columns: Any) -> None:
    given = [name for name, value in columns.items() if value is not None]
    if given:
        raise InputError(f"{given[0]} must be left out, since {path} is no table with columns")


def _with_origin(ds: Dataset, source: Any, test: Any, how: dict[str, Any]) -> Dataset:
    """Return a dataset that says how it is read again; one of a DataFrame cannot be."""
    if not isinstance(test, int | float | str | os.PathLike):
        return ds
    known = {name: list(v) if isinstance(v, tuple) else v for name, v in how.items()}
    tested = str(Path(test).absolute()) if isinstance(test, str | os.PathLike) else float(test)
    origin = {"dataset": str(Path(source).absolute()), "test": tested, **known}
    return replace(ds, origin=origin)


def _path(name: str, value: Any) -> Path:
    if not isinstance(value, str | os.PathLike):
        raise InputTypeError(f"{name} must be a share or a path, got {type(value).__name__}")
    return Path(value)


def _check_names(label: Any, id_name: Any, features: Any) -> None:
    for name, value in (("label", label), ("id", id_name)):
        if value is not None and not isinstance(value, str):
            raise InputTypeError(f"{name} must be the name of a column, got {value!r}")
    if label is not None and label == id_name:
        raise InputError(f"label and id must be different columns, got {label!r} for both")
    if features is None:
        return
    if isinstance(features, str) or not all(isinstance(name, str) for name in features):
        raise InputTypeError(f"features must be a list of names of columns, got {features!r}")
