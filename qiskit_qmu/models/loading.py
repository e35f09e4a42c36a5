"""load_model: a model of any kind from its folder."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import entry, reading
from qiskit_qmu.backends import Backend, open_backend
from qiskit_qmu.models.basic import BasicQNN
from qiskit_qmu.models.circuit_classifier import CircuitClassifier
from qiskit_qmu.models.classifier import QuantumClassifier
from qiskit_qmu.models.factory_call import FactoryCall
from qiskit_qmu.models.files import StoredModel, read_model
from qiskit_qmu.models.hybrid import HybridQNN
from qiskit_qmu.models.module_classifier import as_classifier
from qiskit_qmu.models.module_model import ModuleModel
from qiskit_qmu.models.network_files import network_from
from qiskit_qmu.models.quantum_model import QuantumModel
from qiskit_qmu.models.regressor import as_regressor
from qiskit_qmu.models.sharded import ShardedClassifier

_KINDS: dict[str, type[CircuitClassifier]] = {"basic": BasicQNN, "hybrid": HybridQNN}


def load_model(
    path: str | Path,
    *,
    backend: Backend | None = None,
    factory: str | Callable[..., torch.nn.Module] | None = None,
) -> QuantumModel:
    """Read a model from a folder.

    Args:
        path: The folder.
        backend: Backend of its circuits; the exact simulator if None.
        factory: The function that makes the module of a saved `Classifier` or `Regressor`, or its
            name now; where None, the one that was named when it was saved.

    Returns:
        A BasicQNN, a HybridQNN or a Classifier, a ShardedClassifier of one of them, or a Regressor.

    Raises:
        InputError: If files are missing, damaged or inconsistent, or a factory cannot be imported.

    Warns:
        FactoryWarning: If the file of a factory has changed since the model was saved.

    Example:
        >>> import qiskit_qmu as qmu
        >>> qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1).save("model")
        >>> model = qmu.load_model("model", backend=qmu.open_backend("exact", shots=100, seed=0))
        >>> type(model).__name__, model.backend.shots
        ('BasicQNN', 100)
    """
    saved = read_model(path)
    model = _sharded(saved, factory) if saved.kind == "sharded" else _rebuilt(saved, factory)
    # That a model does not fit a backend is no fault of its files.
    if backend is None and saved.kind in _KINDS:
        return model
    return model.on(backend if backend is not None else open_backend("exact"))


def _sharded(
    saved: StoredModel, factory: str | Callable[..., torch.nn.Module] | None
) -> ShardedClassifier:
    with reading(saved.folder, "a saved model"):
        config = entry(saved.config, "model", dict)
        numbers = {name: entry(saved.config, name, int) for name in ("shards", "slices")}
        if max(numbers.values()) > len(saved.tensors):
            raise InputError(f"{numbers} do not match the weights")
        one = replace(saved, kind=entry(config, "kind", str), config=config)
    make = _maker(one, factory)

    def made() -> ShardedClassifier:
        part = make()
        assert isinstance(part, QuantumClassifier)
        model = ShardedClassifier(part, **numbers)
        model.resume(saved.config)
        if any(tensor.dtype == torch.float64 for tensor in saved.tensors.values()):
            model.double()
        return model

    return saved.build(made)


def _rebuilt(
    saved: StoredModel, factory: str | Callable[..., torch.nn.Module] | None
) -> QuantumModel:
    return saved.build(_maker(saved, factory))


def _maker(
    saved: StoredModel, factory: str | Callable[..., torch.nn.Module] | None
) -> Callable[[], QuantumModel]:
    """Return what makes a model of a description, without its weights."""
    if saved.kind in _KINDS:
        config, qnn = saved.classifier_parts()
        return lambda: _KINDS[saved.kind].of_config(config, None, qnn)
    if saved.kind == "network":
        return lambda: _of_network(saved)
    if saved.kind != "module":
        raise InputError(
            f"cannot read a saved model from {saved.folder}: unknown kind {saved.kind!r}"
        )
    # Outside `build`: errors of the user's code are not errors of the files.
    made_by = FactoryCall.from_dict(entry(saved.config, "factory", dict), factory)
    module = made_by.make(np.random.default_rng(0))
    return lambda: _wrapped(saved, module, made_by)


def _of_network(saved: StoredModel) -> ModuleModel:
    if saved.circuit is None:
        raise InputError("no circuit")
    network = entry(saved.config, "network", dict)
    return _wrapped(saved, network_from(network, saved.circuit, open_backend("exact")), None)


def _wrapped(
    saved: StoredModel, module: torch.nn.Module, made_by: FactoryCall | None
) -> ModuleModel:
    config = saved.config
    preprocess, predicts = entry(config, "preprocess", bool), config.get("predicts", "classes")
    _check.one_of(("classes", "values"), predicts=predicts)
    model: ModuleModel
    if predicts == "values":
        model = as_regressor(module, preprocess=preprocess)
    else:
        labels = config.get("labels")
        model = as_classifier(module, config.get("outputs"), labels=labels, preprocess=preprocess)
    model.made_by = made_by
    if any(tensor.dtype == torch.float64 for tensor in saved.tensors.values()):
        model.double()
    return model
