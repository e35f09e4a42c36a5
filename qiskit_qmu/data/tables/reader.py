"""Reads a table into a dataset, in three passes: kinds of columns, texts, numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.rows import strata_of
from qiskit_qmu.data.table_columns import TableColumn
from qiskit_qmu.data.tables.chunks import Table
from qiskit_qmu.data.tables.drawing import draw_rows
from qiskit_qmu.data.tables.labels import Labels, Task, check_ids, check_labels, shown
from qiskit_qmu.data.tables.numbers import NumberColumn, Target, read_numbers
from qiskit_qmu.data.tables.survey import MOST_CATEGORIES, ColumnSurvey, survey
from qiskit_qmu.data.tables.texts import CodedTexts, read_texts

_LARGEST = 2**32
"""The most bytes of all features."""


@final
@dataclass(frozen=True)
class _Labelled:
    table: Table
    texts: dict[str, CodedTexts]
    ids: NDArray[np.str_] | None
    label_texts: NDArray[Any]


class TableReader:
    """Reads a table, and one of test rows, step by step."""

    def __init__(
        self,
        table: Table,
        tested: Table,
        label: str,
        id_name: str | None,
        features: Sequence[str] | None,
    ) -> None:
        self.label, self.id_name = label, id_name
        self.remarks: list[str] = []
        special = [name for name in (label, id_name) if name is not None]
        for name in (*special, *(features or ())):
            check_column(name, table)
        if features is not None:
            twice = [name for name in features if name in special]
            if twice:
                raise InputError(
                    f"features must not hold the column of labels or ids, got {twice[0]!r}"
                )
        others = [name for name in table.names if name not in special]
        self.found, rows = survey(table, others)
        if rows == 0:
            raise InputError(f"{table.what} has headings and no rows below them")
        self.features = self._chosen(others, features, table)
        texts = [name for name in others if self.found[name].kind == "category"]
        self.training = self._labelled(table, texts)
        if tested is table:
            self.tested = self.training
            return
        needed = [*special, *self.features]
        for name in needed:
            check_column(name, tested)
        self.tested = self._labelled(tested, [name for name in texts if name in self.features])

    def _chosen(self, others: list[str], features: Sequence[str] | None, table: Table) -> list[str]:
        """Return the columns that become features, in the table's order."""
        chosen = []
        for name in others:
            column = self.found[name]
            if features is not None and name not in features:
                continue
            if name not in table.unnamed or features is not None:
                column.check(table.what, table.decimal)
            if features is not None and column.has_too_many_texts:
                raise InputError(
                    f"features must hold at most {MOST_CATEGORIES} different texts, got {name!r} "
                    "with more"
                )
            reason = self._reason_against(column, table) if features is None else None
            if reason is None:
                chosen.append(name)
            else:
                self.remarks.append(f"{name} is left out: {reason}")
        if not chosen:
            raise InputError(f"{table.what} has no column to learn from")
        return chosen

    def _reason_against(self, column: ColumnSurvey, table: Table) -> str | None:
        if column.name in table.unnamed:
            return "it has no heading"
        if column.is_constant:
            return "all rows that have it are equal in it"
        if column.has_too_many_texts:
            return f"it has more than {MOST_CATEGORIES} different texts"
        return None

    def _labelled(self, table: Table, texts: list[str]) -> _Labelled:
        special = [name for name in (self.label, self.id_name) if name is not None]
        read = read_texts(table, [*special, *texts])
        everything = np.arange(len(read[self.label].codes))
        ids = None
        if self.id_name is not None:
            ids = check_ids(read.pop(self.id_name).texts(everything), self.id_name, table.what)
        labels = read.pop(self.label).texts(everything)
        check_labels(labels, ids, self.label, table.what)
        return _Labelled(table, read, ids, labels)

    def read_labels(self, task: Task | None) -> None:
        """Turn labels into classes or values."""
        training, tested = self.training, self.tested
        self.labels = Labels.of(
            self.label, training.label_texts, task=task, decimal=training.table.decimal
        )
        if self.labels.remark is not None:
            self.remarks.append(self.labels.remark)
        self.y = self.labels.encode(training.label_texts, training.table.what)
        self.y_tested = (
            self.y
            if tested is training
            else self.labels.encode(tested.label_texts, tested.table.what)
        )
        if tested is not training and training.ids is not None and tested.ids is not None:
            both = np.intersect1d(training.ids, tested.ids)
            if both.size:
                raise InputError(
                    f"no row may be in {training.table.what} and in {tested.table.what} too, got "
                    f"{shown(both.tolist())}"
                )

    def draw(
        self, share: float | None, train_size: int | None, test_size: int | None, seed: int
    ) -> None:
        """Draw the training and the test rows; they keep the order of the source."""
        self.train_rows, self.test_rows = draw_rows(
            strata_of(self.y),
            strata_of(self.y_tested),
            share=share,
            train_size=train_size,
            test_size=test_size,
            seed=seed,
        )

    def dataset(self, name: str) -> Dataset:
        """Read the features of the rows that were drawn."""
        columns, width = self._laid_out()
        shapes = [(len(rows), width) for rows in (self.train_rows, self.test_rows)]
        needed = 4 * width * sum(rows for rows, _ in shapes)
        if needed > _LARGEST:
            raise InputError(
                f"features must fit into {_LARGEST:,} bytes, got {width:,} features of "
                f"{sum(rows for rows, _ in shapes):,} rows; choose fewer by features"
            )
        x_train, x_test = (np.zeros(shape, dtype=np.float32) for shape in shapes)
        self._read_categories(columns, x_train, x_test)
        self._read_numbers(columns, x_train, x_test)
        training, tested = self.training, self.tested
        same = tested is training
        feature_names = tuple(name for column in columns for name in column.feature_names)
        return Dataset(
            name=name,
            x_train=x_train,
            y_train=self.y[self.train_rows],
            x_test=x_test,
            y_test=self.y_tested[self.test_rows],
            num_classes=None if self.labels.names is None else len(self.labels.names),
            train_indices=self.train_rows,
            test_indices=self.test_rows,
            train_source="all" if same else "train",
            test_source="all" if same else "test",
            class_names=self.labels.names,
            ids_train=None if training.ids is None else training.ids[self.train_rows],
            ids_test=None if tested.ids is None else tested.ids[self.test_rows],
            feature_names=feature_names,
            label_name=self.label,
            id_name=self.id_name,
            columns=tuple(columns),
            remarks=tuple(self.remarks),
        )

    def _laid_out(self) -> tuple[list[TableColumn], int]:
        """Return the columns with their places among the features, and the number of features."""
        columns, width = [], 0
        for name, found in self.found.items():
            place: tuple[int, int] | None = None
            categories: tuple[str, ...] = ()
            values: NDArray[Any] | None = None
            if found.kind == "category":
                texts = self.training.texts[name]
                if name in self.features:
                    categories = texts.categories(self.train_rows)
                    place = (width, width + len(categories))
                else:
                    values = texts.texts(self.train_rows)
                    values[values == ""] = None
            elif name in self.features:
                place = (width, width + 1)
            else:
                values = np.empty(len(self.train_rows))
            width = width if place is None else place[1]
            columns.append(
                TableColumn(
                    name=name,
                    kind=found.kind,
                    features=place,
                    categories=categories,
                    values=values,
                )
            )
        return columns, width

    def _read_categories(
        self, columns: list[TableColumn], x_train: NDArray[Any], x_test: NDArray[Any]
    ) -> None:
        parts = (
            (self.training, self.train_rows, x_train),
            (self.tested, self.test_rows, x_test),
        )
        for column in columns:
            if column.kind != "category" or column.features is None:
                continue
            for part, rows, x in parts:
                texts = part.texts[column.name]
                positions = texts.positions(column.categories, rows)
                known = np.flatnonzero(positions >= 0)
                x[known, column.features[0] + positions[known]] = 1
                others = sorted(set(texts.categories(rows)) - set(column.categories))
                if others:
                    self.remarks.append(
                        f"{column.name} is {shown(others)} in test rows only, where all features "
                        "of it are 0"
                    )

    def _read_numbers(
        self, columns: list[TableColumn], x_train: NDArray[Any], x_test: NDArray[Any]
    ) -> None:
        wanted = {column.name: column for column in columns if column.kind != "category"}
        into_train: dict[str, NDArray[Any]] = {}
        into_test: dict[str, NDArray[Any]] = {}
        for name, column in wanted.items():
            if column.features is not None:
                into_train[name] = x_train[:, column.features[0]]
                into_test[name] = x_test[:, column.features[0]]
            elif column.values is not None:
                into_train[name] = column.values
        into = [Target(self.train_rows, into_train), Target(self.test_rows, into_test)]
        read = [
            NumberColumn(name, column.kind, self.found[name].formats)
            for name, column in wanted.items()
        ]
        if self.tested is self.training:
            read_numbers(self.training.table, read, into)
            return
        read_numbers(self.training.table, read, into[:1])
        read = [column for column in read if column.name in into_test]
        read_numbers(self.tested.table, read, into[1:])


def check_column(name: str, table: Table) -> None:
    """Raise InputError unless a table has a column."""
    if name not in table.names:
        try:
            _check.one_of(table.names, column=name)
        except InputError as error:
            raise InputError(f"{table.what}: {error}") from None
