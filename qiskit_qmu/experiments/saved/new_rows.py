"""NewRows: rows to predict, of a file or the test rows of a model's own dataset."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.data import DATASET_NAMES, Dataset, RowSource, RowsWarning, TableColumn
from qiskit_qmu.data.layout import Layout
from qiskit_qmu.data.tables.chunks import open_table
from qiskit_qmu.data.tables.features import read_features


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class NewRows:
    """Rows to predict.

    Attributes:
        x: Features (n, …), as the model's dataset has them.
        names: Ids of the rows (n,), or their numbers, from 0.
        heading: What the names are called; "row" for numbers.
    """

    x: NDArray[Any]
    names: tuple[str, ...]
    heading: str

    @staticmethod
    def of_file(
        path: str | Path, remembered: Mapping[str, Any], layout: Layout, source: RowSource
    ) -> "NewRows | None":
        """Return all rows of a file; None where the source names none.

        Args:
            path: Folder of the model, for messages.
            remembered: Recipe of the model.
            layout: Columns that it was trained on; where it has none, those of the file in their
                order, as numbers.
            source: The file.

        Raises:
            InputError: If it cannot be read, or a column is missing or holds something else.
        """
        if source.dataset is None or source.dataset in DATASET_NAMES:
            return None
        file = Path(source.dataset)
        form = RowSource.of({**remembered, **source.of_experiment()}).form
        names = open_table(file, form).names
        if not layout.is_table:
            layout = _numbers_in_order(path, names, source, layout)
        id_name = source.id_column or (layout.id_name if layout.id_name in names else None)
        x, ids = read_features(file, layout.columns, id_name, form)
        return NewRows._named(x, ids, id_name)

    @staticmethod
    def of_test(dataset: Dataset, layout: Layout) -> "NewRows":
        """Return the test rows of a model's dataset."""
        return NewRows._named(dataset.x_test, dataset.ids_test, layout.id_name)

    @staticmethod
    def _named(x: NDArray[Any], ids: NDArray[np.str_] | None, id_name: str | None) -> "NewRows":
        names = tuple(map(str, range(len(x)) if ids is None else ids))
        return NewRows(x=x, names=names, heading="row" if ids is None else id_name or "id")


def _numbers_in_order(
    path: str | Path, names: Sequence[str], source: RowSource, layout: Layout
) -> Layout:
    """Return the layout of a model that remembers no columns: a file's columns, as numbers."""
    special = (source.id_column, source.label_column)
    chosen = source.feature_columns or tuple(name for name in names if name not in special)
    warnings.warn(
        f"{path} does not say which columns it was trained on: {len(chosen)} columns of the file "
        "are taken in their order, as numbers",
        RowsWarning,
        stacklevel=4,
    )
    columns = tuple(
        TableColumn(name=name, kind="number", features=(place, place + 1))
        for place, name in enumerate(chosen)
    )
    return replace(layout, columns=columns)
