"""load_model: a model of any kind from its folder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from qiskit_qmu._check import InputError
from qiskit_qmu._files import entry
from qiskit_qmu.backends import Backend, open_backend
from qiskit_qmu.models.basic import BasicQNN
from qiskit_qmu.models.circuit_classifier import CircuitClassifier
from qiskit_qmu.models.classifier import QuantumClassifier
from qiskit_qmu.models.factory_call import FactoryCall
from qiskit_qmu.models.files import StoredModel, read_model
from qiskit_qmu.models.hybrid import HybridQNN
from qiskit_qmu.models.module_classifier import Classifier, as_classifier
from qiskit_qmu.models.network_files import network_from

_KINDS: dict[str, type[CircuitClassifier]] = {"basic": BasicQNN, "hybrid": HybridQNN}


def load_model(
    path: str | Path,
    *,
    backend: Backend | None = None,
    factory: str | Callable[..., torch.nn.Module] | None = None,
) -> QuantumClassifier:
    """Read a model from a folder.

    Args:
        path: The folder.
        backend: Backend of its circuits; the exact simulator if None.
        factory: The function that makes modules of a saved `Classifier`, or its name now; where
            None, the one that was named when it was saved.

    Returns:
        A BasicQNN, a HybridQNN or a Classifier.

    Raises:
        InputError: If files are missing, damaged or inconsistent, or a factory cannot be imported.

    Warns:
        UserWarning: If the file of a factory has changed since the model was saved.

    Example:
        >>> import qiskit_qmu as qmu
        >>> qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1).save("model")
        >>> model = qmu.load_model("model", backend=qmu.open_backend("exact", shots=100, seed=0))
        >>> type(model).__name__, model.backend.shots
        ('BasicQNN', 100)
    """
    saved = read_model(path)
    if saved.kind in _KINDS:
        config, qnn = saved.classifier_parts()
        model: QuantumClassifier = saved.build(
            lambda: _KINDS[saved.kind].of_config(config, None, qnn)
        )
        # That a model does not fit a backend is no fault of its files.
        return model if backend is None else model.on(backend)
    where = backend if backend is not None else open_backend("exact")
    if saved.kind == "network":
        return saved.build(lambda: _of_network(saved)).on(where)
    if saved.kind != "module":
        raise InputError(f"cannot read a saved model from {path}: unknown kind {saved.kind!r}")
    # Outside `build`: errors of the user's code are not errors of the files.
    made_by = FactoryCall.from_dict(entry(saved.config, "factory", dict), factory)
    module = made_by.make(np.random.default_rng(0))
    return saved.build(lambda: _wrapped(saved, module, made_by)).on(where)


def _of_network(saved: StoredModel) -> Classifier:
    if saved.circuit is None:
        raise InputError("no circuit")
    network = entry(saved.config, "network", dict)
    return _wrapped(saved, network_from(network, saved.circuit, open_backend("exact")), None)


def _wrapped(
    saved: StoredModel, module: torch.nn.Module, made_by: FactoryCall | None
) -> Classifier:
    config = saved.config
    model = as_classifier(
        module,
        config.get("outputs"),
        labels=config.get("labels"),
        preprocess=entry(config, "preprocess", bool),
    )
    model.made_by = made_by
    if any(tensor.dtype == torch.float64 for tensor in saved.tensors.values()):
        model.double()
    return model
