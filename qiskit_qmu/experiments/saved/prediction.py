"""What a saved model predicts for the rows of a file, or for the test rows of its own dataset."""

import csv
import io
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.backends import Backend
from qiskit_qmu.data import DATASET_NAMES, RowSource, RowsWarning, TableColumn
from qiskit_qmu.data.layout import Layout
from qiskit_qmu.data.tables.chunks import open_table
from qiskit_qmu.data.tables.features import read_features
from qiskit_qmu.experiments.saved.model import SavedModel
from qiskit_qmu.models import QuantumClassifier, load_model, load_provenance


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """Predicted classes of rows.

    Attributes:
        rows: Ids of the rows (n,), or their numbers in the file, from 0.
        id_name: Heading of the ids; "row" for numbers.
        classes: Names of the classes (k,), or their numbers as text.
        probabilities: Their probabilities (n, k).

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.experiments import Predictions
        >>> predicted = Predictions(
        ...     rows=("C17",),
        ...     id_name="customer",
        ...     classes=("no", "yes"),
        ...     probabilities=np.array([[0.2, 0.8]]),
        ... )
        >>> predicted.labels
        ('yes',)
    """

    rows: tuple[str, ...]
    id_name: str
    classes: tuple[str, ...]
    probabilities: NDArray[np.float64]

    @property
    def labels(self) -> tuple[str, ...]:
        """The most probable class of each row."""
        return tuple(self.classes[number] for number in self.probabilities.argmax(axis=1))

    def to_csv(self) -> str:
        """Return a table with a line for each row: its id, its class and all probabilities."""
        heading = [self.id_name, "label", *(f"probability_{name}" for name in self.classes)]
        answers = zip(self.rows, self.labels, self.probabilities, strict=True)
        return _csv(heading, ([row, label, *_short(values)] for row, label, values in answers))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return JSON values for each row."""
        return [
            {
                self.id_name: row,
                "label": label,
                "probabilities": dict(zip(self.classes, values.tolist(), strict=True)),
            }
            for row, label, values in zip(self.rows, self.labels, self.probabilities, strict=True)
        ]


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PredictedValues:
    """Predicted values of rows.

    Attributes:
        rows: Ids of the rows (n,), or their numbers in the file, from 0.
        id_name: Heading of the ids; "row" for numbers.
        values: The values (n, outputs).

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.experiments import PredictedValues
        >>> values = np.array([[151.5], [75.0]])
        >>> print(PredictedValues(rows=("C17", "C23"), id_name="customer", values=values).to_csv())
        customer,value
        C17,151.5
        C23,75
        <BLANKLINE>
    """

    rows: tuple[str, ...]
    id_name: str
    values: NDArray[np.float64]

    @property
    def names(self) -> tuple[str, ...]:
        """Headings of the values."""
        outputs = self.values.shape[1]
        return ("value",) if outputs == 1 else tuple(f"value_{i}" for i in range(outputs))

    def to_csv(self) -> str:
        """Return a table with a line for each row: its id and its values."""
        answers = zip(self.rows, self.values, strict=True)
        return _csv([self.id_name, *self.names], ([row, *_short(own)] for row, own in answers))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return JSON values for each row."""
        answers = zip(self.rows, self.values.tolist(), strict=True)
        return [
            {self.id_name: row, **dict(zip(self.names, own, strict=True))} for row, own in answers
        ]


def predict_saved(
    path: str | Path, *, source: RowSource | None = None, backend: Backend | None = None
) -> Predictions | PredictedValues:
    """Predict the classes or values of the rows of a file, or of a model's own test rows.

    Args:
        path: Folder of the model.
        source: A CSV or Parquet file with the columns that the model was trained on, in any order
            and with or without labels; where None, or a bundled dataset, its test rows are taken.
            For a model that remembers no columns, those of the file in their order, as numbers.
        backend: Where circuits run; where None, the exact simulator.

    Returns:
        The predictions, in the order of the file.

    Raises:
        InputError: If the model or the rows cannot be read.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import predict_saved, train_and_save
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = train_and_save(experiment, "flowers")
        >>> predicted = predict_saved("flowers")
        >>> predicted.probabilities.shape, predicted.to_csv().splitlines()[0]
        ((45, 3), 'row,label,probability_setosa,probability_versicolor,probability_virginica')
    """
    source = source or RowSource()
    provenance = load_provenance(path)
    layout = Layout.from_dict(provenance.get("layout") or {"columns": []})
    if source.dataset is not None and source.dataset not in DATASET_NAMES:
        model, file = load_model(path, backend=backend), Path(source.dataset)
        remembered = provenance.get("experiment") or {}
        form = RowSource.of({**remembered, **source.of_experiment()}).form
        names = open_table(file, form).names
        if not layout.is_table:
            layout = _numbers_in_order(path, names, source, layout)
        id_name = source.id_column or (layout.id_name if layout.id_name in names else None)
        x, ids = read_features(file, layout.columns, id_name, form)
    else:
        saved = SavedModel.read(path, backend, "prediction", source=source)
        model, layout = saved.model, saved.provenance.layout
        x, ids = saved.dataset.x_test, saved.dataset.ids_test
        id_name = layout.id_name
    rows = tuple(map(str, range(len(x)) if ids is None else ids))
    id_name = "row" if ids is None else id_name or "id"
    if not isinstance(model, QuantumClassifier):
        values = model.predict(x).reshape(len(x), -1)
        return PredictedValues(rows=rows, id_name=id_name, values=values)
    probabilities = model.predict_proba(x)
    return Predictions(
        rows=rows,
        id_name=id_name,
        classes=tuple(_classes(model, layout, probabilities.shape[1])),
        probabilities=probabilities,
    )


def _short(values: NDArray[np.float64]) -> list[str]:
    return [f"{value:.6g}" for value in values]


def _csv(heading: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([heading, *lines])
    return text.getvalue()


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
        stacklevel=3,
    )
    columns = tuple(
        TableColumn(name=name, kind="number", features=(place, place + 1))
        for place, name in enumerate(chosen)
    )
    return replace(layout, columns=columns)


def _classes(model: QuantumClassifier, layout: Layout, count: int) -> Iterator[str]:
    names = model.labels or layout.class_names or range(count)
    return map(str, names)
