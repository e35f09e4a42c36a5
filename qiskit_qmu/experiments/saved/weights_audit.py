"""An audit of weights that were trained and unlearned elsewhere, in a module of a factory."""

from pathlib import Path

from qiskit_qmu._check import InputError
from qiskit_qmu.auditing import AuditReport, audit
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.configuration.experiment_backends import training_backend
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.models import ModuleModel, fit_inputs, load_state, read_state
from qiskit_qmu.models.tensors import as_row_tensor


def audit_weights(
    experiment: Experiment,
    weights: str | Path,
    *,
    original: str | Path | None = None,
    oracle: str | Path | None = None,
    data_dir: str | None = None,
) -> AuditReport:
    """Audit a module's weights on rows of one's own, without saving a model first.

    All weights are those of the same factory. Missing values and scales are fitted to all training
    rows, unless the experiment says ``scale="none"``, as it must of a module that was trained on
    rows as they are in the file, or scaled otherwise.

    Args:
        experiment: The factory as ``model``, the rows, and which of them were forgotten.
        weights: File of the audited module's ``state_dict()``: a ``.safetensors`` file, or one
            written by ``torch.save``, from which only tensors are read.
        original: The weights before unlearning.
        oracle: The weights of a module retrained without the forgotten rows.
        data_dir: Where image files lie.

    Returns:
        The report.

    Raises:
        InputError: If the model is not one of a factory, weights are not its own, or the data
            cannot be read.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import audit_weights
        >>> audit_weights(qmu.Experiment(dataset="iris", model="basic"), "weights.pt")
        Traceback (most recent call last):
            ...
        qiskit_qmu._check.InputError: weights belong to a model of your own, ...; got basic
    """
    if not experiment.is_own_model:
        raise InputError(
            f"weights belong to a model of your own, package.module:factory; got {experiment.model}"
        )
    setup = Setup.load(experiment, experiment.seed, data_dir)
    return audit(
        _module(setup, weights),
        setup.split,
        original=None if original is None else _module(setup, original),
        oracle=None if oracle is None else _module(setup, oracle),
        seed=experiment.seed,
    )


def _module(setup: Setup, weights: str | Path) -> ModuleModel:
    model = setup.build_model(training_backend(setup.experiment, setup.seed))
    assert isinstance(model, ModuleModel)
    load_state(model.module, read_state(weights), weights)
    fit_inputs(model, as_row_tensor(model, setup.split.train.x))
    return model
