"""The untrained model of an experiment: one of this package's, or one that a factory makes."""

from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.backends import Backend
from qiskit_qmu.data import Dataset
from qiskit_qmu.experiments.configuration.experiment import SAVED_NETWORK, Experiment
from qiskit_qmu.models import (
    BasicQNN,
    HybridQNN,
    QuantumClassifier,
    QuantumModel,
    Regressor,
    ShardedClassifier,
    build_from_factory,
)
from qiskit_qmu.models.factory import build_regressor

SHARDING = ("shards", "slices")
"""Settings of a model that is trained in shards."""

_NOT_BUILT = "a network that was saved from Python is not built by a command"


def build_model(
    experiment: Experiment,
    dataset: Dataset,
    settings: dict[str, Any],
    backend: Backend,
    seed: int,
) -> QuantumModel:
    """Return the untrained model: a `Regressor` where there are values to predict.

    Args:
        experiment: Which model, what it returns and whether its rows are scaled.
        dataset: The rows.
        settings: Hyperparameters of the model; of a factory its further arguments. With "shards"
            or "slices" it is a `ShardedClassifier`.
        backend: Where circuits run.
        seed: Seed of the initial weights.

    Raises:
        InputError: If a hyperparameter is unknown or out of range, a factory cannot be used, or
            rows of this shape cannot be scaled.
    """
    if dataset.num_classes is None:
        return _build_regressor(experiment, dataset, settings, backend, seed)
    sharding = {name: settings[name] for name in SHARDING if name in settings}
    own = {name: value for name, value in settings.items() if name not in SHARDING}
    model = _build_classifier(experiment, dataset, dataset.num_classes, own, backend, seed)
    return ShardedClassifier(model, **{"shards": 1, **sharding}) if sharding else model


def _build_classifier(
    experiment: Experiment,
    dataset: Dataset,
    num_classes: int,
    settings: dict[str, Any],
    backend: Backend,
    seed: int,
) -> QuantumClassifier:
    shared: dict[str, Any] = {
        "labels": dataset.class_names,
        "preprocess": preprocesses(experiment, dataset),
        "backend": backend,
    }
    if experiment.model == SAVED_NETWORK:
        raise InputError(_NOT_BUILT)
    if experiment.is_own_model:
        return build_from_factory(
            experiment.model,
            dataset.input_shape,
            num_classes,
            outputs=experiment.outputs,
            settings=settings,
            generator=stream(seed, "weights"),
            **shared,
        )
    # What the experiment itself decides cannot be a setting: Python refuses it twice.
    shared |= {"num_classes": num_classes, "seed": seed, "qnn": None}
    try:
        if experiment.model == "basic":
            return BasicQNN(**shared, **settings)
        return HybridQNN(**shared, input_shape=dataset.input_shape, **settings)
    except TypeError as error:
        raise InputError(f"the model {experiment.model} {_in_words(error)}") from error


def check_classes(dataset: Dataset, what: str) -> None:
    """Raise InputError if a dataset has values to predict, for what only classifiers can do.

    Args:
        dataset: The dataset.
        what: What needs classes, such as "a comparison of shots".
    """
    if dataset.num_classes is None:
        raise InputError(
            f"{what} needs classes, but the labels of {dataset.name} are a regression target"
        )


def _build_regressor(
    experiment: Experiment, dataset: Dataset, settings: dict[str, Any], backend: Backend, seed: int
) -> Regressor:
    if experiment.model == SAVED_NETWORK:
        raise InputError(_NOT_BUILT)
    if not experiment.is_own_model:
        raise InputError(
            f"model {experiment.model} is a classifier, but the labels of {dataset.name} are a "
            "regression target; give a regression model of your own, --model "
            "package.module:factory, or make each number a class, --task classification"
        )
    return build_regressor(
        experiment.model,
        dataset.input_shape,
        1 if dataset.y_train.ndim == 1 else dataset.y_train.shape[1],
        preprocess=preprocesses(experiment, dataset),
        settings=settings,
        backend=backend,
        generator=stream(seed, "weights"),
    )


def preprocesses(experiment: Experiment, dataset: Dataset) -> bool:
    """Tell whether the model of an experiment imputes and standardises its rows.

    Raises:
        InputError: If the experiment asks for it and rows are images, or forbids it and values are
            missing.
    """
    is_flat = len(dataset.input_shape) == 1
    if experiment.scale == "standard" and not is_flat:
        raise InputError(
            f"scale='standard' is for tables, and rows of {dataset.name} have shape "
            f"{dataset.input_shape}"
        )
    if experiment.scale is not None:
        return experiment.scale == "standard"
    return is_flat and (experiment.is_own_model or not experiment.is_bundled)


def _in_words(error: TypeError) -> str:
    """Return what is wrong with the arguments of a model, without Python's name of the call."""
    text = str(error).rpartition("__init__() ")[2]
    for python, plain in {
        "got an unexpected keyword argument ": "has no setting ",
        "got multiple values for keyword argument ": "does not take from settings ",
    }.items():
        if python in text:
            return plain + text.rpartition(python)[2]
    return f"does not accept these settings: {text}"
