"""Saved models and the rows they were trained on: train, unlearn and audit one step at a time."""

from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.auditing import AuditReport, audit, needs_of
from qiskit_qmu.backends import Backend, open_backend
from qiskit_qmu.backends.versions import package_versions
from qiskit_qmu.data import ForgetRequest, RowRecord
from qiskit_qmu.data.layout import Layout
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.deletions import RequestMark
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.lineage import check_oracle, deletions_since
from qiskit_qmu.experiments.saved_model import SavedModel
from qiskit_qmu.experiments.saved_shadows import (
    ShadowRequest,
    shadows_of,
    strategy_of,
    trainer_of,
)
from qiskit_qmu.experiments.setup import Setup
from qiskit_qmu.models import QuantumClassifier, load_model, save_model
from qiskit_qmu.observation import Observations
from qiskit_qmu.runs.progress import RunProgress, no_progress, part_of
from qiskit_qmu.runs.request import SavedRows
from qiskit_qmu.training import Progress
from qiskit_qmu.training.processes import one_thread
from qiskit_qmu.unlearning import UnlearningResult

_OF_TRAINING = ("request", "accuracies", "privacy")


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
    model = setup.build_model(experiment.training_backend(experiment.seed))
    with one_thread():
        history = setup.train(model, progress=progress)
        accuracies = _accuracies(setup, model)
    provenance = trained_provenance(setup, list(history.losses)) | {"accuracies": accuracies}
    if history.privacy is not None:
        provenance["privacy"] = history.privacy.to_dict()
    save_model(model, out, provenance=provenance)
    return provenance


def _accuracies(setup: Setup, model: QuantumClassifier) -> dict[str, dict[str, float]]:
    """Return accuracy and number of the rows of each part, by the exact simulator."""
    exact = model.on(open_backend("exact"))
    split = setup.split
    parts = {
        "training": split.train,
        "validation": split.validation,
        "test": setup.dataset.test,
    }
    return {
        part: {"rows": len(rows), "accuracy": exact.score(rows.x, rows.y)}
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
        "experiment": _recipe(setup.experiment),
        "rows": RowRecord.of(setup.dataset).to_dict(),
        "train_indices": setup.split.train.indices.tolist(),
        "validation_indices": setup.split.validation.indices.tolist(),
        "layout": Layout.of(setup.dataset).to_dict(),
        "losses": losses,
        "versions": package_versions("torch", "numpy"),
    }


def unlearn_saved(
    path: str | Path,
    request: ForgetRequest,
    strategy: str,
    out: str | Path,
    *,
    settings: dict[str, Any] | None = None,
    source: RowSource | None = None,
    seed: int = 0,
    backend: Backend | None = None,
    mark: RequestMark | None = None,
) -> UnlearningResult[QuantumClassifier]:
    """Unlearn rows from a saved model and save the result.

    Args:
        path: Folder of the model.
        request: What to forget.
        strategy: Name of a method, such as "rga-r"; "oracle" retrains.
        out: Folder of the new model.
        settings: Hyperparameters that replace the preset's.
        source: Where the model's rows are now; where None, as the model remembers it. Rows that it
            was made to forget before need not be there.
        seed: Seed of everything random.
        backend: Where the strategy's circuits run; where None, the simulator on which the model was
            trained.
        mark: The deletion request that this answers, for `qiskit_qmu.verify`; None for none.

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
    saved = SavedModel.read(path, backend, "unlearning", strategy, str(seed), source=source)
    setup = saved.setup(request, seed, settings)
    with one_thread():
        result = setup.unlearn(strategy, saved.model)
    own = saved.model.backend or open_backend("exact")
    before, split = saved.provenance, setup.split.to_dict()
    provenance = {
        # What is said of the training alone does not hold of the new model.
        **{name: value for name, value in before.content.items() if name not in _OF_TRAINING},
        **({} if mark is None else {"request": mark.to_dict()}),
        "experiment": _recipe(saved.experiment),
        "train_indices": before.known.tolist(),
        "earlier_deletions": before.as_earlier(),
        "forgotten_indices": saved.recorded[setup.split.forget.indices].tolist(),
        "forgotten_label": setup.split.label,
        "forget": request.to_dict(),
        **{name: split[name] for name in ("forgotten", "forgotten_ids", "skipped_ids", "notes")},
        "strategy": strategy,
        "settings": setup.preset.strategies,
        "seed": seed,
        "backend": own.name,
        "shots": own.shots,
        "backend_settings": own.settings(),
        "history": list(result.history),
        "stopped": result.stopped,
        "reason": result.reason,
        "strength": None if result.choice is None else result.choice.to_dict(),
        "largest_change": result.largest_change,
        "usage": result.usage.to_dict(),
        "seconds": result.seconds,
        "versions": package_versions("torch", "numpy"),
    }
    save_model(result.model, out, provenance=provenance)
    return result


def audit_saved(
    path: str | Path,
    *,
    original: str | Path,
    oracle: str | Path | None = None,
    oracles: int | None = None,
    shadows: ShadowRequest | None = None,
    source: RowSource | None = None,
    seed: int = 0,
    backend: Backend | None = None,
    progress: RunProgress = no_progress,
) -> AuditReport:
    """Audit a saved unlearned model beside its original and, where there is one, the oracle.

    What is audited is everything that the model was made to forget since the original, in one
    deletion or in several in a row.

    Args:
        path: Folder of the unlearned model; it says which rows were forgotten.
        original: Folder of the model before unlearning, or before the first of several deletions.
        oracle: Folder of a model retrained without all of these rows.
        oracles: How many to retrain here instead, with the original's recipe.
        shadows: How many shadow models to train for a test of the strategy that made the model.
        source: Where the rows are now, those that were forgotten since the original among them;
            where None, as the model remembers it.
        seed: Seed of everything random in the attacks.
        backend: Where the models are observed; where None, the simulator on which the first was
            trained.
        progress: Called with what is done and the share of the whole.

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
        'class versicolor (32 of 95 training rows)'
    """
    _check.at_least(0, seed=seed)
    since = partial(deletions_since, path=path, original=original)
    saved = SavedModel.read(path, backend, "audit", str(seed), source=source, forgotten_since=since)
    first = since(saved.provenance)
    if oracle is not None:
        check_oracle(saved.provenance, path, oracle, first)
    before, reference = (
        None if each is None else load_model(each, backend=saved.model.backend)
        for each in (original, oracle)
    )
    split = saved.forgotten_split(first)
    over_models: dict[str, Any] = {}
    if oracles is not None:
        over_models |= {"oracles": oracles, "trainer": trainer_of(saved)}
    with nullcontext() if shadows is None else shadows.parallel():
        half = part_of(progress, 0.0, 0.4)
        if shadows is not None:
            over_models |= {
                "strategy": strategy_of(saved, first, shadows.strategy),
                "shadows": shadows_of(saved, original, split, shadows, seed=seed, progress=half),
                "progress": part_of(progress, 0.4, 1.0),
            }
        report = audit(
            saved.model, split, oracle=reference, original=before, seed=seed, **over_models
        )
    own = _made_by(saved, first)
    rows = [{**row, **own} if row["method"] == "audited" else row for row in report.rows]
    used = {need for step in saved.provenance.deletions[first:] for need in needs_of(step.strategy)}
    return replace(report, rows=tuple(rows), strategy_needs=tuple(sorted(used)))


def _made_by(saved: SavedModel, first: int) -> dict[str, Any]:
    """Return the strategies that made a model since an original, and the strength if one chose."""
    strategies = [step.strategy for step in saved.provenance.deletions[first:]]
    strength = saved.provenance.content.get("strength") if len(strategies) == 1 else None
    return {"made_by": strategies, **({} if strength is None else {"strength": strength})}


def observe_saved(
    path: str | Path,
    *,
    rows: SavedRows = "test",
    source: RowSource | None = None,
    backend: Backend | None = None,
) -> tuple[Observations, list[int]]:
    """Observe a saved model on rows of its own dataset.

    Args:
        path: Folder of the model.
        rows: "train" for the rows that it was trained on, "test" for never-seen rows, "all" for
            both, training rows first.
        source: Where the rows are now; where None, as the model remembers it.
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
    saved = SavedModel.read(path, backend, "observing", source=source)
    train, test = saved.dataset.train.take(saved.trained), saved.dataset.test
    parts = {"train": [train], "test": [test], "all": [train, test]}[rows]
    observed = saved.model.observe(
        np.concatenate([part.x for part in parts]), np.concatenate([part.y for part in parts])
    )
    return observed, [int(i) for part in parts for i in part.indices]


def _recipe(experiment: Experiment) -> dict[str, Any]:
    """Return an experiment as it is kept: its paths hold from any folder."""
    fields = experiment.to_dict()
    return {**fields, **RowSource.of(fields).absolute().of_experiment()}
