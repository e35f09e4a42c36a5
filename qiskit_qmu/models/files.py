"""Models as files: weights as safetensors, config as JSON, circuit as QPY; never a pickle."""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from qiskit import QiskitError, qpy
from qiskit.circuit import QuantumCircuit
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend
from qiskit_qmu.circuits import QNNCircuit
from qiskit_qmu.models.basic import BasicQNN
from qiskit_qmu.models.classifier import ClassifierConfig, QuantumClassifier
from qiskit_qmu.models.hybrid import HybridQNN

FORMAT = 1

_WRONG_CONTENT = (AttributeError, KeyError, TypeError, ValueError)
_CONFIG, _WEIGHTS, _CIRCUIT = "model.json", "weights.safetensors", "circuit.qpy"


def save_model(
    model: QuantumClassifier, path: str | Path, *, provenance: dict[str, Any] | None = None
) -> None:
    """Write a model to a folder.

    Args:
        model: The model.
        path: The folder; it is made where it is missing.
        provenance: What else to keep beside the config as JSON: on which rows it was trained, how.

    Raises:
        InputError: If the folder cannot be written.
    """
    folder = Path(path)
    content = {
        "format": FORMAT,
        "config": model.config.to_dict(),
        "parameters": model.parameter_counts(),
        "provenance": provenance or {},
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _CONFIG).unlink(missing_ok=True)
        save_file(_tensors(model), str(folder / _WEIGHTS))
        with (folder / _CIRCUIT).open("wb") as file:
            qpy.dump(model.qnn.circuit, file)
        # The config is written last: a folder without it is not a model.
        content["sha256"] = _digests(folder)
        (folder / _CONFIG).write_text(json.dumps(content, indent=1) + "\n")
    except (OSError, SafetensorError) as error:
        raise InputError(f"the model folder must be writable, got {error}") from error


def load_model(path: str | Path, *, backend: Backend | None = None) -> QuantumClassifier:
    """Read a model from a folder.

    Args:
        path: The folder.
        backend: Where its circuits run; the exact simulator where None.

    Returns:
        A BasicQNN or HybridQNN.

    Raises:
        InputError: If files are missing, damaged or do not fit each other.
    """
    folder = Path(path)
    try:
        content = _read_config(folder)
        config = ClassifierConfig.from_dict(content["config"])
        if content["sha256"] != _digests(folder):
            raise InputError(f"{_WEIGHTS} and {_CIRCUIT} must be as they were saved, got others")
        with (folder / _CIRCUIT).open("rb") as file:
            (circuit,) = qpy.load(file)
        tensors = load_file(str(folder / _WEIGHTS))
    except (OSError, SafetensorError, QiskitError, *_WRONG_CONTENT) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{folder} must hold a saved model, got {reason}") from error
    model = _build(config, backend, _told_apart(circuit))
    _restore(model, tensors, folder)
    return model


def load_provenance(path: str | Path) -> dict[str, Any]:
    """Return what was kept beside a saved model's config.

    Raises:
        InputError: If the folder holds no saved model.
    """
    try:
        provenance: Any = _read_config(Path(path))["provenance"]
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{path} must hold a saved model, got {error}") from error
    if not isinstance(provenance, dict):
        raise InputError(f"the provenance of {path} must be a table, got {provenance!r}")
    return provenance


def _read_config(folder: Path) -> dict[str, Any]:
    content: Any = json.loads((folder / _CONFIG).read_text())
    if not isinstance(content, dict):
        raise InputError(f"{_CONFIG} must hold a table, got {type(content).__name__}")
    if content.get("format") != FORMAT:
        raise InputError(f"the format of a model must be {FORMAT}, got {content.get('format')}")
    return content


def _digests(folder: Path) -> dict[str, str]:
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in (_WEIGHTS, _CIRCUIT)
    }


def _build(config: ClassifierConfig, backend: Backend | None, qnn: QNNCircuit) -> QuantumClassifier:
    shared: dict[str, Any] = {
        "num_classes": config.num_classes,
        "num_qubits": config.num_qubits,
        "num_layers": config.num_layers,
        "backend": backend,
        "readout": config.readout,
        "encoding": config.encoding,
        "entanglement": config.entanglement,
        "rotations": config.rotations,
        "entangling_gate": config.entangling_gate,
        "qnn": qnn,
    }
    if config.kind == "basic":
        return BasicQNN(num_features=config.num_features, **shared)
    return HybridQNN(input_shape=config.input_shape or (), **shared)


def _told_apart(circuit: QuantumCircuit) -> QNNCircuit:
    parameters = list(circuit.parameters)
    inputs = tuple(p for p in parameters if p.name.startswith("x"))
    weights = tuple(p for p in parameters if p.name.startswith("w"))
    return QNNCircuit(circuit, inputs, weights)


def _tensors(model: QuantumClassifier) -> dict[str, torch.Tensor]:
    # Not state_dict(): a TorchConnector lists its one weight tensor there twice.
    named = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {name: tensor.detach().cpu().contiguous() for name, tensor in named.items()}


def _restore(model: QuantumClassifier, tensors: dict[str, torch.Tensor], folder: Path) -> None:
    expected = set(_tensors(model))
    if expected != set(tensors):
        raise InputError(
            f"{folder} must hold the tensors {sorted(expected)}, got {sorted(tensors)}"
        )
    for name, parameter in model.named_parameters():
        if parameter.shape != tensors[name].shape:
            raise InputError(
                f"{name} must have shape {tuple(parameter.shape)}, got {tuple(tensors[name].shape)}"
            )
        parameter.data.copy_(tensors[name])
    for name in dict(model.named_buffers()):
        owner, _, attribute = name.rpartition(".")
        # Buffers that are fitted have their size from the training rows.
        setattr(model.get_submodule(owner), attribute, tensors[name])
