"""RowSource: where the rows of a saved model are now, if not where it was trained on them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, final

from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu.data.named_datasets import DATASET_NAMES
from qiskit_qmu.data.sampling import check_share
from qiskit_qmu.data.tables.csv_format import TableForm
from qiskit_qmu.data.tables.labels import Task, check_task

_TEXTS = ("label_column", "id_column", "separator", "decimal", "text_encoding")


@final
@dataclass(frozen=True, kw_only=True)
class RowSource:
    """Where to read rows; what is None is as the model remembers it.

    Attributes:
        dataset: Name of a bundled dataset, or path of a file.
        label_column: Column of the labels.
        id_column: Column of the ids.
        feature_columns: Columns of the features.
        task: "classification" or "regression", where the labels' type does not say it.
        separator: What stands between the fields of a CSV file.
        decimal: The mark in its numbers.
        text_encoding: Its encoding.
        test: Share of the rows that were held out as test rows, or path of a file of test rows.
        data_dir: Folder of image files.

    Example:
        >>> from qiskit_qmu.data import RowSource
        >>> RowSource(dataset="customers.csv", id_column="customer").to_dict()
        {'dataset': 'customers.csv', 'id_column': 'customer'}
    """

    dataset: str | None = None
    label_column: str | None = None
    id_column: str | None = None
    feature_columns: tuple[str, ...] | None = None
    task: Task | None = None
    separator: str | None = None
    decimal: str | None = None
    text_encoding: str | None = None
    test: float | str | None = None
    data_dir: str | None = None

    def __post_init__(self) -> None:
        for name in _TEXTS:
            if not isinstance(getattr(self, name), str | None):
                raise InputTypeError(f"{name} must be a string, got {getattr(self, name)!r}")
        if isinstance(self.feature_columns, str) or not all(
            isinstance(name, str) for name in self.feature_columns or ()
        ):
            raise InputTypeError(f"feature_columns must be strings, got {self.feature_columns!r}")
        check_task(self.task)
        if self.test is not None and not isinstance(self.test, str):
            check_share("test", self.test)

    @staticmethod
    def of(values: Mapping[str, Any]) -> "RowSource":
        """Return what an experiment's fields say of its rows."""
        names = (own.name for own in fields(RowSource))
        return RowSource.from_dict({name: values[name] for name in names if name in values})

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that are given as JSON values."""
        values = {own.name: getattr(self, own.name) for own in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value is not None
        }

    @staticmethod
    def from_dict(values: Any) -> "RowSource":
        """Return the source that `to_dict` wrote.

        Raises:
            InputError: If it is no table of these fields.
        """
        try:
            source = RowSource(**values)
        except InputError:
            raise
        except TypeError as error:
            raise InputError(f"not a source of rows: {error}") from error
        columns = source.feature_columns
        return source if columns is None else replace(source, feature_columns=tuple(columns))

    @property
    def of_table(self) -> dict[str, Any]:
        """Those that are given and say something of a table of one's own."""
        given = self.to_dict()
        return {name: value for name, value in given.items() if name not in ("dataset", "data_dir")}

    def of_experiment(self) -> dict[str, Any]:
        """Return those that are given and are fields of an `Experiment`."""
        return {name: value for name, value in self.to_dict().items() if name != "data_dir"}

    @property
    def form(self) -> TableForm:
        """How a CSV file is written, as far as that is said."""
        return TableForm(
            separator=self.separator, decimal=self.decimal, encoding=self.text_encoding
        )

    def absolute(self) -> "RowSource":
        """Return it with paths that hold from any folder."""
        return replace(
            self,
            dataset=self.dataset if self.dataset in DATASET_NAMES else _absolute(self.dataset),
            test=_absolute(self.test) if isinstance(self.test, str) else self.test,
            data_dir=_absolute(self.data_dir),
        )


def _absolute(path: str | None) -> str | None:
    return None if path is None else str(Path(path).expanduser().absolute())
