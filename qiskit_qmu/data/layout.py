"""Layout: what the features and the class numbers of a table's rows stand for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final, get_args

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import checked, entry
from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.table_columns import ColumnKind, TableColumn
from qiskit_qmu.data.tables.csv_format import AS_FOUND, TableForm
from qiskit_qmu.data.tables.features import read_features


@final
@dataclass(frozen=True, kw_only=True)
class Layout:
    """What a model needs to know of a table to read another one of the same columns.

    Attributes:
        columns: Columns that are features, with their places and the texts of categories.
        class_names: What the classes are called, by number.
        id_name: Column that names each row; None where rows have no ids.
    """

    columns: tuple[TableColumn, ...]
    class_names: tuple[str, ...] | None
    id_name: str | None = None

    @staticmethod
    def of(ds: Dataset) -> "Layout":
        """Return the layout of a dataset; without columns where it was no table."""
        columns = tuple(replace(own, values=None) for own in ds.columns if own.features is not None)
        return Layout(columns=columns, class_names=ds.class_names, id_name=ds.id_name)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        columns = [
            {
                "name": own.name,
                "kind": own.kind,
                "features": None if own.features is None else list(own.features),
                "categories": list(own.categories),
            }
            for own in self.columns
        ]
        names = None if self.class_names is None else list(self.class_names)
        return {"columns": columns, "class_names": names, "id_name": self.id_name}

    @staticmethod
    def from_dict(values: Any) -> "Layout":
        """Return the layout that `to_dict` wrote.

        Raises:
            InputError: If it is none.
        """
        names, id_name = values.get("class_names"), values.get("id_name")
        return Layout(
            columns=tuple(_column(each) for each in entry(values, "columns", list)),
            class_names=None if names is None else tuple(checked(names, list, "class_names")),
            id_name=None if id_name is None else checked(id_name, str, "id_name"),
        )

    @property
    def is_table(self) -> bool:
        """Whether the rows came from a table."""
        return bool(self.columns)

    def applied(
        self, ds: Dataset, source: str, tested: str | None, form: TableForm = AS_FOUND
    ) -> Dataset:
        """Return another reading of a table as this layout has it.

        The draw of test rows decides which texts become features, and it depends on the order of
        the rows: the rows of another file are read again with the columns, texts and classes that
        the model knows.

        Args:
            ds: What `read_table` read.
            source: Path of the file.
            tested: Path of the file of test rows, where there is one.
            form: What is said of how the files are written.

        Raises:
            InputError: If a column is missing, or a row is of an unknown class.
        """
        own = Layout.of(ds)
        if own == self or not self.is_table:
            return ds
        x, _ = read_features(Path(source), self.columns, form=form)
        x_tested = x if tested is None else read_features(Path(tested), self.columns, form=form)[0]
        others = tuple(each for each in ds.columns if each.name not in _names(self.columns))
        return replace(
            ds,
            x_train=x[ds.train_indices],
            x_test=x_tested[ds.test_indices],
            y_train=self._numbers(ds, ds.y_train),
            y_test=self._numbers(ds, ds.y_test),
            num_classes=ds.num_classes if self.class_names is None else len(self.class_names),
            class_names=self.class_names,
            feature_names=tuple(name for each in self.columns for name in each.feature_names),
            columns=(*self.columns, *(each for each in others if each.features is None)),
        )

    def _numbers(self, ds: Dataset, y: NDArray[Any]) -> NDArray[Any]:
        """Return class numbers as this layout has them."""
        if self.class_names is None or ds.class_names is None:
            return y
        unknown = [name for name in ds.class_names if name not in self.class_names]
        if unknown:
            raise InputError(
                f"classes must be {', '.join(self.class_names)}; got {', '.join(unknown)}"
            )
        numbers = np.array([self.class_names.index(name) for name in ds.class_names])
        renumbered: NDArray[np.int64] = numbers[y]
        return renumbered


def _names(columns: tuple[TableColumn, ...]) -> set[str]:
    return {own.name for own in columns}


def _column(values: Mapping[str, Any]) -> TableColumn:
    start, end = entry(values, "features", list)
    _check.one_of(get_args(ColumnKind), kind=values.get("kind"))
    return TableColumn(
        name=entry(values, "name", str),
        kind=values["kind"],
        features=(checked(start, int, "features"), checked(end, int, "features")),
        categories=tuple(entry(values, "categories", list)),
    )
