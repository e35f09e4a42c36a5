"""train_exact: trains and saves a model that deletes rows by itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from qiskit.circuit.library import z_feature_map, zz_feature_map

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import make_folder
from qiskit_qmu.backends.versions import package_versions
from qiskit_qmu.certified import CertifiedClassifier, FrozenCircuit
from qiskit_qmu.data import Dataset
from qiskit_qmu.deletions.model_folder import EXACT_MODELS
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.exact.model_folder import ExactFolder, ExactModel
from qiskit_qmu.experiments.exact.scaling import Scaling, default_bandwidth, flat_features
from qiskit_qmu.experiments.saved.provenance import trained_entries
from qiskit_qmu.experiments.saved.saving import recipe
from qiskit_qmu.kernels import (
    KernelClassifier,
    KernelRidgeClassifier,
    LeastSquaresSVC,
    StatevectorKernel,
)

MOST_FEATURES = 12
"""Features, and qubits, of a kernel: a matrix of them is simulated exactly."""

_KERNELS: dict[str, type[KernelClassifier]] = {
    "kernel-ridge": KernelRidgeClassifier,
    "kernel-svm": LeastSquaresSVC,
}
_OF_KERNELS: dict[str, Any] = {"alpha": 0.1, "bandwidth": None}
_OF_CERTIFIED: dict[str, Any] = {
    "num_qubits": 12, "num_layers": 1, "scale": 1.0,
    "regularization": 1e-2, "noise": 1.0, "epsilon": 1.0, "delta": 1e-5,
}  # fmt: skip


def train_exact(
    experiment: Experiment,
    kind: str,
    out: str | Path,
    *,
    settings: Mapping[str, Any] | None = None,
    data_dir: str | None = None,
) -> dict[str, Any]:
    """Train a model that deletes rows by itself, and save it with a record of its rows.

    Features are scaled by mean and deviation of the test rows, which no request is about, and a
    missing value is their mean. A kernel is the exact fidelity kernel of the ZZ feature map of the
    scaled features times ``bandwidth``; without one, times `default_bandwidth`.

    Args:
        experiment: The data, its sizes and its seed; its model and its trainer do not count.
        kind: "kernel-ridge" or "kernel-svm", which delete exactly, or "certified", which removes
            within a budget of (ε, δ).
        out: Folder of the model.
        settings: Hyperparameters: alpha and bandwidth of kernels; num_qubits, num_layers, scale,
            regularization, noise, epsilon and delta of "certified".
        data_dir: Folder of image files.

    Returns:
        What is kept beside the model.

    Raises:
        InputError: If the data cannot be read, has no classes, infinite values or too many
            features, a hyperparameter is not possible, or the folder cannot be written.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import load_exact, train_exact
        >>> kept = train_exact(qmu.Experiment(dataset="iris"), "kernel-ridge", "exact")
        >>> kept["scores"]["test"]["accuracy"] > 0.8
        True
        >>> type(load_exact("exact")).__name__
        'KernelRidgeClassifier'
    """
    _check.one_of(EXACT_MODELS, model=kind)
    chosen = _settings(kind, settings or {})
    experiment = experiment.with_source()
    setup = Setup.to_train(experiment, experiment.seed, data_dir)
    dataset, split = setup.dataset, setup.split
    _check_data(dataset, kind)
    scaling = Scaling.of(flat_features(dataset.x_test))
    if chosen.get("bandwidth", 1.0) is None:
        chosen["bandwidth"] = default_bandwidth(len(scaling.mean))
    model = _made(kind, len(scaling.mean), chosen, experiment.seed)
    width = chosen.get("bandwidth", 1.0)
    trained = split.train
    model.fit(scaling(trained.x) * width, trained.y)
    parts = {"training": trained, "test": dataset.test}
    provenance = {
        "experiment": recipe(experiment),
        **trained_entries(dataset, trained, split.validation),
        "model": kind,
        "settings": chosen,
        "seed": experiment.seed,
        "scaling": scaling.to_dict(),
        "versions": package_versions("numpy", "scipy", "scikit-learn"),
        "scores": {
            name: {
                "rows": len(rows),
                "accuracy": float(model.score(scaling(rows.x) * width, rows.y)),
            }
            for name, rows in parts.items()
        },
    }
    ExactFolder.write(make_folder(out), kind, model, provenance)
    return provenance


def load_exact(path: str | Path) -> ExactModel:
    """Return the model that `train_exact` or a deletion request wrote.

    Args:
        path: The folder. The scaling of its features is in ``provenance`` of its model.json.

    Raises:
        InputError: If it holds another model, or a file is missing or was changed.
    """
    return ExactFolder.read(Path(path)).model


def _check_data(dataset: Dataset, kind: str) -> None:
    if dataset.num_classes is None:
        raise InputError(
            f"model {kind} is a classifier, but the labels of {dataset.name} are a regression "
            "target; use classes, or --task classification to make each number one"
        )
    features = flat_features(dataset.x_train[:1]).shape[1]
    if kind in _KERNELS and features > MOST_FEATURES:
        raise InputError(
            f"model {kind} takes a qubit for each feature, at most {MOST_FEATURES}; "
            f"{dataset.name} has {features}. Choose columns with --features, or the model certified"
        )
    for rows in (dataset.x_train, dataset.x_test):
        if np.isinf(rows).any():
            raise InputError(f"model {kind} takes no infinite values, and {dataset.name} has some")


def _settings(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    defaults = _OF_KERNELS if kind in _KERNELS else _OF_CERTIFIED
    for name in given:
        if name not in defaults:
            raise InputError(f"model {kind} has no setting {name}; it has {', '.join(defaults)}")
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{name} must be a number, got {value!r}")
    _check.positive(**given)
    return {**defaults, **given}


def _made(kind: str, features: int, chosen: Mapping[str, Any], seed: int) -> ExactModel:
    if kind in _KERNELS:
        paired = zz_feature_map if features > 1 else z_feature_map  # (one has no pair)
        return _KERNELS[kind](StatevectorKernel(paired(features)), alpha=chosen["alpha"])
    circuit = FrozenCircuit(
        num_features=features,
        num_qubits=int(chosen["num_qubits"]),
        num_layers=int(chosen["num_layers"]),
        scale=chosen["scale"],
        seed=seed,
    )
    own = ("regularization", "noise", "epsilon", "delta")
    return CertifiedClassifier(circuit, **{name: chosen[name] for name in own})
