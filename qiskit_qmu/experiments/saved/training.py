"""Trains a model and saves it with a record of its rows."""

from pathlib import Path
from typing import Any

from qiskit_qmu.backends import open_backend
from qiskit_qmu.backends.versions import package_versions
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.configuration.experiment_backends import training_backend
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.saved.provenance import trained_entries
from qiskit_qmu.experiments.saved.saving import recipe
from qiskit_qmu.models import QuantumModel, write_model
from qiskit_qmu.models.encoded_inputs import inputs_in_words
from qiskit_qmu.training import Progress
from qiskit_qmu.training.processes import one_thread


def train_and_save(
    experiment: Experiment,
    out: str | Path,
    *,
    data_dir: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train a model and save it with the indices and digests of its training rows.

    Args:
        experiment: Dataset, model, sizes, seed and hyperparameters; nothing is forgotten.
        out: Folder of the model.
        data_dir: Folder of image files.
        progress: Called after each epoch.

    Returns:
        What was kept beside the model.

    Raises:
        InputError: If the data cannot be read or the folder cannot be written.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import train_and_save
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = train_and_save(experiment, "original")
        >>> qmu.load_model("original").config.num_qubits
        2
    """
    experiment = experiment.with_source()
    setup = Setup.to_train(experiment, experiment.seed, data_dir)
    model = setup.build_model(training_backend(experiment, experiment.seed))
    with one_thread():
        history = setup.train(model, progress=progress)
        scores = model_scores(setup, model)
    provenance = trained_provenance(setup, list(history.losses)) | {"scores": scores}
    inputs = inputs_in_words(model)
    if inputs:
        provenance["circuit_inputs"] = inputs
    if history.privacy is not None:
        provenance["privacy"] = history.privacy.to_dict()
    write_model(model, out, provenance=provenance)
    return provenance


def model_scores(setup: Setup, model: QuantumModel) -> dict[str, dict[str, float]]:
    """Return accuracy or R², and the number of rows, of each part, by the exact simulator.

    Args:
        setup: The rows.
        model: The trained model.
    """
    exact = model.on(open_backend("exact"))
    split = setup.split
    parts = {
        "training": split.train,
        "validation": split.validation,
        "test": setup.dataset.test,
    }
    return {
        part: {"rows": len(rows), model.score_name: exact.score(rows.x, rows.y)}
        for part, rows in parts.items()
        if len(rows)
    }


def trained_provenance(setup: Setup, losses: list[float]) -> dict[str, Any]:
    """Return what is kept beside a model that was trained on a setup's rows.

    Args:
        setup: Rows and recipe, with the digest of its source.
        losses: The training loss of each epoch; none where it was trained elsewhere.
    """
    return {
        "experiment": recipe(setup.experiment),
        **trained_entries(setup.dataset, setup.split.train, setup.split.validation),
        "losses": losses,
        "versions": package_versions("torch", "numpy"),
    }
