"""save_model: a model from Python with what the commands need to know of its rows and training."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data import Dataset, ForgetSplit, RowRecord
from qiskit_qmu.models import QuantumClassifier
from qiskit_qmu.models import save_model as write_model
from qiskit_qmu.training import Trainer


def save_model(
    model: QuantumClassifier,
    path: str | Path,
    *,
    dataset: Dataset | None = None,
    split: ForgetSplit | None = None,
    trainer: Trainer | None = None,
    strategy: str | None = None,
) -> None:
    """Write a model to a folder, with digests of its rows and its recipe, as `qmu train` does.

    Every command takes the folder. Digests and ids of the rows are kept, and where they were read
    from (a full path), never the rows themselves. Of rows that were given as arrays the commands
    must be told a file: ``--dataset FILE``.

    Args:
        model: The model.
        path: The folder; it is made where it is missing.
        dataset: The rows. Without them only the model is kept: commands then need ``--dataset`` and
            count all training rows as trained on.
        split: Which of the dataset's rows the model was trained on (``split.train``) and which were
            held out; all training rows were trained on where None.
        trainer: How it was trained: the recipe of retrained models.
        strategy: How it was made to forget ``split.forget``, such as "ssd-r", or "oracle" for a
            model retrained on ``split.retain``; None for a model that knows all of ``split.train``.

    Raises:
        InputError: If the folder cannot be written, the split is of other rows, or the trainer's
            objective is one that no file can hold.

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
            raise InputError(f"{' and '.join(needless)} cannot be kept without the dataset")
        write_model(model, path)
        return
    if strategy is not None and split is None:
        raise InputError("strategy says how the rows of a split were forgotten, got no split")
    rows = RowRecord.of(dataset)
    recipe = {**untrained_recipe(model), **(dataset.origin or {})}
    recipe["settings"] = {**recipe["settings"], **_trainer_settings(trainer)}
    provenance: dict[str, Any] = {"experiment": recipe, "rows": rows.to_dict()}
    if split is None:
        provenance |= {"train_indices": list(range(len(rows.train))), "validation_indices": []}
    else:
        _check_rows(split, dataset)
        provenance |= {
            "train_indices": split.train.indices.tolist(),
            "validation_indices": split.validation.indices.tolist(),
        }
    if strategy is not None and split is not None:
        provenance |= {
            "strategy": strategy,
            "forgotten_indices": split.forget.indices.tolist(),
            "forgotten_label": split.label,
        }
    write_model(model, path, provenance=provenance)


def untrained_recipe(model: QuantumClassifier) -> dict[str, Any]:
    """Return what a model itself says of its experiment: its kind and its hyperparameters."""
    config = model.config
    own = {name: value for name, value in config.shared().items() if name != "num_classes"}
    if config.kind == "basic":
        own["num_features"] = config.num_features
    settings = {
        f"model.{name}": list(value) if isinstance(value, tuple) else value
        for name, value in own.items()
    }
    return {"dataset": None, "model": config.kind, "settings": settings}


def _trainer_settings(trainer: Trainer | None) -> dict[str, Any]:
    if trainer is None:
        return {}
    if trainer.objective is not None:
        raise InputError(
            "an objective of your own cannot be kept in a file: save the model without the trainer"
        )
    return {
        f"trainer.{own.name}": getattr(trainer, own.name)
        for own in fields(trainer)
        if own.name != "objective"
    }


def _check_rows(split: ForgetSplit, dataset: Dataset) -> None:
    for part in (split.train, split.validation):
        if len(part):
            _check.between(0, len(dataset.y_train) - 1, position=int(part.indices.max()))
            own = dataset.train.take(part.indices)
            if not (np.array_equal(own.x, part.x) and np.array_equal(own.y, part.y)):
                raise InputError("split must be of the dataset that is given, got other rows")
