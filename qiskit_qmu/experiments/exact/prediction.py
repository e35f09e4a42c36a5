"""predict_exact: what a model that deletes rows by itself predicts."""

from pathlib import Path

import numpy as np

from qiskit_qmu._check import InputError
from qiskit_qmu.certified import CertifiedClassifier
from qiskit_qmu.data import RowSource
from qiskit_qmu.experiments.exact.model_folder import ExactFolder
from qiskit_qmu.experiments.exact.recorded_dataset import recorded_dataset
from qiskit_qmu.experiments.exact.scaling import flat_features
from qiskit_qmu.experiments.saved.new_rows import NewRows
from qiskit_qmu.experiments.saved.predictions import PredictedScores, Predictions
from qiskit_qmu.kernels import KernelRidgeClassifier


def predict_exact(
    path: str | Path, *, source: RowSource | None = None
) -> Predictions | PredictedScores:
    """Predict the classes of the rows of a file, or of a model's own test rows.

    What `predict_saved` does for networks. All circuits are simulated exactly.

    Args:
        path: Folder of a model that `train_exact` or a deletion request wrote.
        source: A CSV or Parquet file with the columns that the model was trained on, in any order
            and with or without labels; where None, or a bundled dataset, its test rows are taken.

    Returns:
        The predictions, in the order of the file: probabilities, or the scores of a support vector
        machine.

    Raises:
        InputError: If the model or the rows cannot be read, or have other features.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import predict_exact, train_exact
        >>> kept = train_exact(qmu.Experiment(dataset="iris"), "kernel-ridge", "exact")
        >>> predicted = predict_exact("exact")
        >>> predicted.probabilities.shape, predicted.labels[0]
        ((45, 3), 'setosa')
    """
    own = ExactFolder.read(Path(path))
    kept, source = own.provenance, source or RowSource()
    rows = NewRows.of_file(path, kept.content["experiment"], kept.layout, source)
    if rows is None:
        rows = NewRows.of_test(recorded_dataset(own, source), kept.layout)
    given, needed = flat_features(rows.x).shape[1], own.model.n_features_in_
    if given != needed:
        raise InputError(f"{path} was trained on {needed} features, got rows with {given}")
    x = own.scaled(rows.x)
    if np.isinf(x).any():
        raise InputError("features must not be infinite, and the rows to predict have some")
    names = kept.layout.class_names
    classes = tuple(str(each if names is None else names[each]) for each in own.model.classes_)
    if isinstance(own.model, KernelRidgeClassifier | CertifiedClassifier):
        return Predictions(
            rows=rows.names,
            id_name=rows.heading,
            classes=classes,
            probabilities=own.model.predict_proba(x),
        )
    return PredictedScores(
        rows=rows.names,
        id_name=rows.heading,
        classes=classes,
        scores=own.model.class_outputs(x),
    )
