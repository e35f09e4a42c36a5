"""A module that was trained elsewhere becomes a saved model that every command takes."""

from pathlib import Path
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.configuration.experiment_backends import training_backend
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.saved.training import model_scores, trained_provenance
from qiskit_qmu.models import ModuleModel, fit_inputs, load_state, read_state, write_model
from qiskit_qmu.models.tensors import as_row_tensor
from qiskit_qmu.training.processes import one_thread


def import_weights(
    experiment: Experiment,
    weights: str | Path,
    out: str | Path,
    *,
    data_dir: str | None = None,
) -> dict[str, Any]:
    """Keep a module's trained weights with digests of the rows that it was trained on.

    Missing values and scales are fitted to those rows here, unless the experiment says
    ``scale="none"``, as it must of a module that was trained on rows as they are in the file, or
    scaled otherwise.

    Args:
        experiment: Its factory as ``model``, the rows, and by ``settings`` how it was trained: a
            retrained model follows that recipe.
        weights: File of the module's ``state_dict()``, see `load_module`.
        out: Folder of the model.
        data_dir: Where image files lie.

    Returns:
        What was kept beside the model.

    Raises:
        InputError: If the model is not one of a factory, the weights are not its own, the data
            cannot be read or the folder cannot be written.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import import_weights
        >>> experiment = qmu.Experiment(dataset="iris", model="nowhere:build")
        >>> import_weights(experiment, "weights.pt", "model")
        Traceback (most recent call last):
            ...
        qiskit_qmu._check.InputError: no module 'nowhere' for nowhere:build: ...
    """
    if not experiment.is_own_model:
        raise InputError(
            f"weights are imported into a model of your own, package.module:factory; "
            f"got {experiment.model}"
        )
    experiment = experiment.with_source()
    setup = Setup.to_train(experiment, experiment.seed, data_dir)
    model = setup.build_model(training_backend(experiment, experiment.seed))
    assert isinstance(model, ModuleModel)
    load_state(model.module, read_state(weights), weights)
    with one_thread():
        fit_inputs(model, as_row_tensor(model, setup.split.train.x))
        scores = model_scores(setup, model)
    provenance = trained_provenance(setup, losses=[]) | {"scores": scores}
    write_model(model, out, provenance=provenance)
    return provenance
