"""What a saved model predicts for the rows of a file, or for the test rows of its own dataset."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend
from qiskit_qmu.data import DATASET_NAMES, RowSource
from qiskit_qmu.data.layout import Layout
from qiskit_qmu.data.tables.chunks import open_table
from qiskit_qmu.data.tables.features import read_features
from qiskit_qmu.experiments.saved_model import SavedModel
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
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow([self.id_name, "label", *(f"probability_{name}" for name in self.classes)])
        for row, label, values in zip(self.rows, self.labels, self.probabilities, strict=True):
            table.writerow([row, label, *(f"{value:.6g}" for value in values)])
        return text.getvalue()

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


def predict_saved(
    path: str | Path, *, source: RowSource | None = None, backend: Backend | None = None
) -> Predictions:
    """Predict the classes of all rows of a file, or of the test rows of a model's own dataset.

    Args:
        path: Folder of the model.
        source: A CSV or Parquet file with the columns that the model was trained on, in any order
            and with or without labels; where None, or a bundled dataset, its test rows are taken.
        backend: Where circuits run; where None, the exact simulator.

    Returns:
        The predictions, in the order of the file.

    Raises:
        InputError: If the model or the rows cannot be read, or the model does not say which columns
            it was trained on.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import predict_saved, train_and_save
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = train_and_save(experiment, "flowers")
        >>> predicted = predict_saved("flowers")
        >>> predicted.probabilities.shape, predicted.to_csv().splitlines()[0]
        ((45, 3), 'row,label,probability_0,probability_1,probability_2')
    """
    source = source or RowSource()
    layout = Layout.from_dict(load_provenance(path).get("layout") or {"columns": []})
    own_file = source.dataset is not None and source.dataset not in DATASET_NAMES
    if own_file and source.dataset is not None and layout.is_table:
        model = load_model(path, backend=backend)
        id_name = source.id_column or _id_name_there(source.dataset, layout)
        x, ids = read_features(Path(source.dataset), layout.columns, id_name)
    elif own_file:
        raise InputError(
            f"{path} does not say which columns it was trained on: train it with qmu train, or "
            "save it with qmu.save_model(model, path, dataset=…)"
        )
    else:
        saved = SavedModel.read(path, backend, "prediction", source=source)
        model, layout = saved.model, saved.provenance.layout
        x, ids = saved.dataset.x_test, saved.dataset.ids_test
        id_name = layout.id_name
    probabilities = model.predict_proba(x)
    return Predictions(
        rows=tuple(map(str, range(len(x)) if ids is None else ids)),
        id_name="row" if ids is None else id_name or "id",
        classes=tuple(_classes(model, layout, probabilities.shape[1])),
        probabilities=probabilities,
    )


def _id_name_there(path: str, layout: Layout) -> str | None:
    """Return the ids' column that the model knows, if a file has it."""
    names = open_table(Path(path), separator=None, decimal=None, encoding=None).names
    return layout.id_name if layout.id_name in names else None


def _classes(model: QuantumClassifier, layout: Layout, count: int) -> Iterator[str]:
    names = model.labels or layout.class_names or range(count)
    return map(str, names)
