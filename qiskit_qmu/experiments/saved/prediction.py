"""What a saved model predicts for the rows of a file, or for the test rows of its own dataset."""

from collections.abc import Iterator
from pathlib import Path

from qiskit_qmu.backends import Backend
from qiskit_qmu.data import RowSource
from qiskit_qmu.data.layout import Layout
from qiskit_qmu.experiments.saved.model import SavedModel
from qiskit_qmu.experiments.saved.new_rows import NewRows
from qiskit_qmu.experiments.saved.predictions import PredictedValues, Predictions
from qiskit_qmu.models import QuantumClassifier, load_model, load_provenance


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
    rows = NewRows.of_file(path, provenance.get("experiment") or {}, layout, source)
    if rows is not None:
        model = load_model(path, backend=backend)
    else:
        saved = SavedModel.read(path, backend, "prediction", source=source)
        model, layout = saved.model, saved.provenance.layout
        rows = NewRows.of_test(saved.dataset, layout)
    if not isinstance(model, QuantumClassifier):
        values = model.predict(rows.x).reshape(len(rows.x), -1)
        return PredictedValues(rows=rows.names, id_name=rows.heading, values=values)
    probabilities = model.predict_proba(rows.x)
    return Predictions(
        rows=rows.names,
        id_name=rows.heading,
        classes=tuple(_classes(model, layout, probabilities.shape[1])),
        probabilities=probabilities,
    )


def _classes(model: QuantumClassifier, layout: Layout, count: int) -> Iterator[str]:
    names = model.labels or layout.class_names or range(count)
    return map(str, names)
