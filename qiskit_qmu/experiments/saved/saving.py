"""save_model: saves a model from Python with the record that commands need."""

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends.versions import package_versions
from qiskit_qmu.data import Dataset, ForgetSplit
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.experiments.configuration.experiment import SAVED_NETWORK, Experiment
from qiskit_qmu.experiments.saved.provenance import forgotten_entries, trained_entries
from qiskit_qmu.models import (
    CircuitClassifier,
    Classifier,
    ModuleModel,
    QuantumModel,
    ShardedClassifier,
    write_model,
)
from qiskit_qmu.training import Trainer


def save_model(
    model: QuantumModel,
    path: str | Path,
    *,
    dataset: Dataset | None = None,
    split: ForgetSplit | None = None,
    trainer: Trainer | None = None,
    strategy: str | None = None,
) -> None:
    """Write a model to a folder, with digests of its rows and its recipe, as `qmu train` does.

    Every command accepts the folder. It contains digests and ids of the rows and the full path of
    their source, but never the rows themselves. If the rows were given as arrays, commands need a
    file with them: ``--dataset FILE``.

    Args:
        model: The model.
        path: The folder; created if missing.
        dataset: The rows. Without them only the model is saved: commands then need ``--dataset``
            and assume that it was trained on all training rows.
        split: The split with the model's training rows (``split.train``) and held-out rows; None if
            it was trained on all training rows.
        trainer: The trainer, also used to retrain models.
        strategy: How the model forgot ``split.forget``, such as "ssd-r", or "oracle" for a model
            retrained on ``split.retain``; None for a model trained on all of ``split.train``.

    Raises:
        InputError: If the folder cannot be written, the split has other rows, or the trainer's
            objective cannot be saved.

    Example:
        >>> import qiskit_qmu as qmu
        >>> ds = qmu.load_dataset("iris")
        >>> split = qmu.ForgetSplit.by_class(ds, label=1, validation_fraction=0.1)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=1)
        >>> history = trainer.fit(model, split.train.x, split.train.y, generator=0)
        >>> qmu.save_model(model, "flowers", dataset=ds, split=split, trainer=trainer)
        >>> qmu.experiments.describe_model("flowers")["rows"]["trained"]
        95
    """
    if dataset is None:
        given = {"split": split, "trainer": trainer, "strategy": strategy}
        needless = [name for name, value in given.items() if value is not None]
        if needless:
            raise InputError(f"{' and '.join(needless)} cannot be saved without the dataset")
        write_model(model, path)
        return
    if strategy is not None and split is None:
        raise InputError("strategy needs the split whose rows were forgotten")
    recipe = {**untrained_recipe(model), **(dataset.origin or {})}
    recipe["settings"] = {**recipe["settings"], **_trainer_settings(trainer)}
    provenance: dict[str, Any] = {
        "experiment": recipe,
        "versions": package_versions("torch", "numpy"),
    }
    if split is None:
        provenance |= trained_entries(dataset, dataset.train, dataset.train.take([]))
    else:
        _check_rows(split, dataset)
        provenance |= trained_entries(dataset, split.train, split.validation)
        if strategy is not None:
            provenance |= {"strategy": strategy, **forgotten_entries(split.forget, split.label)}
    write_model(model, path, provenance=provenance)


def untrained_recipe(model: QuantumModel) -> dict[str, Any]:
    """Return what a model itself says of its experiment: its kind and its hyperparameters."""
    if isinstance(model, ShardedClassifier):
        recipe = untrained_recipe(model.shards[0])
        sharding = {"model.shards": len(model.shards), "model.slices": model.slices}
        return {**recipe, "settings": {**recipe["settings"], **sharding}}
    scale = "none" if model.preprocessing is None else "standard"
    if isinstance(model, ModuleModel):
        call = model.made_by
        if call is None or call.name is None:
            return {"dataset": None, "model": SAVED_NETWORK, "scale": scale, "settings": {}}
        settings = {f"model.{name}": value for name, value in call.settings.items()}
        shared = {"dataset": None, "scale": scale, "settings": settings}
        outputs = model.outputs if isinstance(model, Classifier) else None
        return {"model": call.name, "outputs": outputs, **shared}
    if not isinstance(model, CircuitClassifier):
        raise InputError(
            "a model to save must be one of this package, or wrapped by as_classifier or "
            f"as_regressor; got {type(model).__name__}"
        )
    config = model.config
    decided = {"num_classes", "labels", "preprocess"}
    own = {name: value for name, value in config.shared().items() if name not in decided}
    if config.kind == "basic":
        own["num_features"] = config.num_features
    settings = {
        f"model.{name}": list(value) if isinstance(value, tuple) else value
        for name, value in own.items()
    }
    return {"dataset": None, "model": config.kind, "scale": scale, "settings": settings}


def _trainer_settings(trainer: Trainer | None) -> dict[str, Any]:
    if trainer is None:
        return {}
    if trainer.objective is not None:
        raise InputError("a custom objective cannot be saved; save the model without the trainer")
    settings = {
        f"trainer.{own.name}": getattr(trainer, own.name)
        for own in fields(trainer)
        if own.name not in ("objective", "privacy")
    }
    if trainer.privacy is not None:
        private = asdict(trainer.privacy).items()
        settings |= {f"trainer.privacy.{n}": value for n, value in private if value is not None}
    return settings


def _check_rows(split: ForgetSplit, dataset: Dataset) -> None:
    for part in (split.train, split.validation):
        if len(part):
            _check.between(0, len(dataset.y_train) - 1, position=int(part.indices.max()))
            own = dataset.train.take(part.indices)
            if not (
                np.array_equal(own.x, part.x, equal_nan=True) and np.array_equal(own.y, part.y)
            ):
                raise InputError("the split's rows are not those of the dataset")


def recipe(experiment: Experiment) -> dict[str, Any]:
    """Return an experiment as it is kept: its paths hold from any folder."""
    fields = experiment.to_dict()
    return {**fields, **RowSource.of(fields).absolute().of_experiment()}
