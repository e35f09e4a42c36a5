"""Saved models and the rows they were trained on: train, unlearn and audit one step at a time."""

from pathlib import Path
from typing import Any, get_args

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.auditing import AuditReport, audit
from qiskit_qmu.backends import Backend
from qiskit_qmu.data import ForgetRequest, row_digests
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.saved_model import SavedModel, rows_of
from qiskit_qmu.experiments.setup import Setup
from qiskit_qmu.experiments.workers import one_thread
from qiskit_qmu.models import QuantumClassifier, load_model, load_provenance, save_model
from qiskit_qmu.observation import Observations
from qiskit_qmu.runs.request import SavedRows
from qiskit_qmu.training import Progress
from qiskit_qmu.unlearning import UnlearningResult


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
        data_dir: Where image files lie.
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
    model = setup.build_model(experiment.training_backend(experiment.seed))
    train = setup.split.train
    with one_thread():
        history = setup.train(model, progress=progress)
    provenance = {
        "experiment": experiment.to_dict(),
        "train_indices": train.indices.tolist(),
        "train_digests": row_digests(train.x, train.y),
        "validation_indices": setup.split.validation.indices.tolist(),
        "losses": list(history.losses),
    }
    save_model(model, out, provenance=provenance)
    return provenance


def unlearn_saved(
    path: str | Path,
    request: ForgetRequest,
    strategy: str,
    out: str | Path,
    *,
    settings: dict[str, Any] | None = None,
    data_dir: str | None = None,
    seed: int = 0,
    backend: Backend | None = None,
) -> UnlearningResult[QuantumClassifier]:
    """Unlearn rows from a saved model and save the result.

    Args:
        path: Folder of the model.
        request: What to forget.
        strategy: Name of a method, such as "rga-r"; "oracle" retrains.
        out: Folder of the new model.
        settings: Hyperparameters that replace the preset's.
        data_dir: Where image files lie.
        seed: Seed of everything random.
        backend: Where the strategy's circuits run; where None, the simulator on which the model was
            trained.

    Returns:
        The strategy's result.

    Raises:
        InputError: If the model or its data cannot be read, or the request is not possible.
        NonFiniteError: If the strategy leaves the range of numbers; nothing is saved then.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import ForgetRequest, train_and_save, unlearn_saved
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = train_and_save(experiment, "trained")
        >>> result = unlearn_saved("trained", ForgetRequest(label=1), "gd", "unlearned")
        >>> result.stopped, qmu.load_model("unlearned").config.num_qubits
        ('done', 2)
    """
    _check.at_least(0, seed=seed)
    if Path(out).resolve() == Path(path).resolve():
        raise InputError(f"{out} is the folder of the model itself; choose another")
    saved = SavedModel.read(
        path, data_dir, backend, "unlearning", strategy, str(seed)
    ).still_known()
    setup = saved.setup(request, seed, settings)
    with one_thread():
        result = setup.unlearn(strategy, saved.model)
    provenance = {
        **saved.provenance,
        "forgotten_indices": setup.split.forget.indices.tolist(),
        "forgotten_label": setup.split.label,
        "strategy": strategy,
        "settings": setup.preset.strategies,
        "seed": seed,
        "backend": saved.model.backend.name,
        "shots": saved.model.backend.shots,
        "backend_settings": saved.model.backend.settings(),
        "history": list(result.history),
        "stopped": result.stopped,
        "reason": result.reason,
        "largest_change": result.largest_change,
        "usage": result.usage.to_dict(),
        "seconds": result.seconds,
    }
    save_model(result.model, out, provenance=provenance)
    return result


def audit_saved(
    path: str | Path,
    *,
    original: str | Path,
    oracle: str | Path | None = None,
    data_dir: str | None = None,
    seed: int = 0,
    backend: Backend | None = None,
) -> AuditReport:
    """Audit a saved unlearned model beside its original and, where there is one, the oracle.

    Args:
        path: Folder of the unlearned model; it says which rows were forgotten.
        original: Folder of the model before unlearning.
        oracle: Folder of a model retrained without the same rows.
        data_dir: Where image files lie.
        seed: Seed of everything random in the attacks.
        backend: Where the models are observed; where None, the simulator on which the first was
            trained.

    Returns:
        The report.

    Raises:
        InputError: If a model or its data cannot be read, or they do not belong together.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import ForgetRequest
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = qmu.experiments.train_and_save(experiment, "before")
        >>> result = qmu.experiments.unlearn_saved("before", ForgetRequest(label=1), "gd", "after")
        >>> qmu.experiments.audit_saved("after", original="before").forgotten
        'class 1 (32 of 95 training rows)'
    """
    _check.at_least(0, seed=seed)
    saved = SavedModel.read(path, data_dir, backend, "audit", str(seed))
    split, rows = saved.forgotten_split(), rows_of(path)
    if rows_of(original, still_known=True) != rows:
        raise InputError(f"{original} was not trained on the same rows as {path}")
    before, reference = load_model(original, backend=saved.model.backend), None
    if oracle is not None:
        if rows_of(oracle) != rows:
            raise InputError(f"{oracle} was not trained on the same rows as {path}")
        forgotten = load_provenance(oracle).get("forgotten_indices")
        if forgotten != saved.provenance["forgotten_indices"]:
            raise InputError(f"{oracle} has not forgotten the same rows as {path}")
        reference = load_model(oracle, backend=saved.model.backend)
    return audit(saved.model, split, oracle=reference, original=before, seed=seed)


def observe_saved(
    path: str | Path,
    *,
    rows: SavedRows = "test",
    data_dir: str | None = None,
    backend: Backend | None = None,
) -> tuple[Observations, list[int]]:
    """Observe a saved model on rows of its own dataset.

    Args:
        path: Folder of the model.
        rows: "train" for the rows that it was trained on, "test" for never-seen rows, "all" for
            both, training rows first.
        data_dir: Where image files lie.
        backend: Where circuits run; where None, the simulator on which the model was trained.

    Returns:
        What the model answered, and the positions of the rows in the dataset.

    Raises:
        InputError: If the model or its data cannot be read.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import observe_saved, train_and_save
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = train_and_save(experiment, "model")
        >>> observed, positions = observe_saved("model", rows="test")
        >>> len(observed), len(positions)
        (45, 45)
    """
    _check.one_of(get_args(SavedRows), rows=rows)
    saved = SavedModel.read(path, data_dir, backend, "observing")
    train, test = saved.dataset.train.take(saved.trained), saved.dataset.test
    parts = {"train": [train], "test": [test], "all": [train, test]}[rows]
    observed = saved.model.observe(
        np.concatenate([part.x for part in parts]), np.concatenate([part.y for part in parts])
    )
    return observed, [int(i) for part in parts for i in part.indices]
