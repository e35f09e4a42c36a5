"""Models as files: weights as safetensors, config as JSON, circuit as QPY; no pickle."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, final

import safetensors.torch
import torch
from qiskit.circuit import QuantumCircuit

from qiskit_qmu._check import InputError
from qiskit_qmu._files import entry, make_folder, read_sealed_json, read_set, reading, write_set
from qiskit_qmu.circuits import QNNCircuit
from qiskit_qmu.circuits.circuit_files import circuit_from_bytes, circuit_to_bytes
from qiskit_qmu.models.config import ClassifierConfig
from qiskit_qmu.models.initial_weights import note_unknown_initial_weights
from qiskit_qmu.models.parameters import HasTensors, named_tensors
from qiskit_qmu.models.parameters import Module as Model
from qiskit_qmu.models.restoring import restore_tensors
from qiskit_qmu.models.training_rows import note_unknown_training_rows

FORMAT = 3

_CONFIG, _WEIGHTS, _CIRCUIT = "model.json", "weights.safetensors", "circuit.qpy"
_WHAT = "a saved model"


@final
@dataclass(frozen=True, kw_only=True)
class Description:
    """The description from which a model is rebuilt, without its weights.

    Attributes:
        config: JSON values; "kind" is the kind of model.
        circuit: Its circuit; None if it has none or several.
    """

    config: dict[str, Any]
    circuit: QuantumCircuit | None


class Savable(HasTensors, Protocol):
    """The interface of a classifier that can be saved."""

    def description(self) -> Description:
        """Return the description from which it is rebuilt, without its weights."""
        ...

    def parameter_counts(self) -> dict[str, int]:
        """Return the numbers of quantum and classical parameters."""
        ...


def write_model(
    model: Savable, path: str | Path, *, provenance: dict[str, Any] | None = None
) -> None:
    """Write a model to a folder; an existing one is replaced atomically.

    Args:
        model: The model.
        path: The folder; created if missing. Other files in it are kept.
        provenance: Further JSON values to store, such as training rows and recipe.

    Raises:
        InputError: If the folder cannot be written, a weight is NaN or infinite, or the provenance
            has values other than JSON values.

    Example:
        >>> from pathlib import Path
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import write_model
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1)
        >>> write_model(model, "trained", provenance={"dataset": "iris"})
        >>> sorted(path.name for path in Path("trained").iterdir())
        ['circuit.qpy', 'model.json', 'weights.safetensors']
    """
    tensors, description = _tensors(model), model.description()
    _check_finite(tensors)
    content = {
        "format": FORMAT,
        "config": description.config,
        "parameters": model.parameter_counts(),
        "provenance": provenance or {},
    }
    files = {_WEIGHTS: safetensors.torch.save(tensors)}
    if description.circuit is not None:
        files[_CIRCUIT] = circuit_to_bytes(description.circuit)
    write_set(make_folder(path), _CONFIG, content, files)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class StoredModel:
    """The content of a saved model's folder.

    Attributes:
        folder: The folder.
        kind: Kind of model.
        config: The model's description, as JSON values.
        circuit: Its circuit; None if it has none or several.
        tensors: Its weights and buffers by name.
    """

    folder: Path
    kind: str
    config: dict[str, Any]
    circuit: QuantumCircuit | None
    tensors: dict[str, torch.Tensor]

    def classifier_parts(self) -> tuple[ClassifierConfig, QNNCircuit]:
        """Return config and circuit of a BasicQNN or a HybridQNN.

        Raises:
            InputError: If the model is of another kind, or the config does not match the files.
        """
        with reading(self.folder, _WHAT):
            config = ClassifierConfig.from_dict(self.config)
            if self.circuit is None:
                raise InputError(f"no {_CIRCUIT}")
            qnn = _told_apart(self.circuit)
            _check_sizes(config, qnn, self.tensors)
        return config, qnn

    def build(self, make: Callable[[], Model]) -> Model:
        """Return the model.

        Args:
            make: Creates a new model from the description.

        Raises:
            InputError: If the model cannot be created, or the tensors are not the model's.
        """
        with reading(self.folder, _WHAT):
            model = make()
            restore_tensors(model, self.tensors)
        note_unknown_initial_weights(model)
        note_unknown_training_rows(model)
        return model


def read_model(path: str | Path) -> StoredModel:
    """Read a model written by `write_model`.

    Args:
        path: The folder.

    Raises:
        InputError: If files are missing, damaged or inconsistent.
    """
    folder = Path(path)
    content, files = read_set(folder, _CONFIG, _WHAT)
    with reading(folder, _WHAT):
        _check_format(content)
        config = entry(content, "config", dict)
        kind = entry(config, "kind", str)
        circuit = circuit_from_bytes(files[_CIRCUIT]) if _CIRCUIT in files else None
        tensors = safetensors.torch.load(files[_WEIGHTS])
        _check_finite(tensors)
    return StoredModel(folder=folder, kind=kind, config=config, circuit=circuit, tensors=tensors)


def load_provenance(path: str | Path) -> dict[str, Any]:
    """Return the provenance stored with a saved model.

    Raises:
        InputError: If the folder does not contain a saved model.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import load_provenance, write_model
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1)
        >>> write_model(model, "unlearned", provenance={"forgotten": [3, 14]})
        >>> load_provenance("unlearned")
        {'forgotten': [3, 14]}
    """
    content = read_sealed_json(Path(path) / _CONFIG, _WHAT)
    with reading(path, _WHAT):
        _check_format(content)
        provenance: dict[str, Any] = entry(content, "provenance", dict)
    return provenance


def _check_format(content: dict[str, Any]) -> None:
    if "exact" in content:
        raise InputError(
            f"it is a {content['exact']} model, which deletes rows by itself, not a network: `qmu "
            "show`, `predict`, `request` and `verify` take it, and in Python "
            "qiskit_qmu.experiments.load_exact"
        )
    if content.get("format") != FORMAT:
        raise InputError(
            f"unsupported format {content.get('format')}, this version requires {FORMAT}"
        )


def _check_finite(tensors: dict[str, torch.Tensor]) -> None:
    for name, tensor in tensors.items():
        bad = int((~torch.isfinite(tensor)).sum())
        if bad:
            raise InputError(f"{name} must be finite, got {bad} NaN or infinite values")


def _check_sizes(
    config: ClassifierConfig, qnn: QNNCircuit, tensors: dict[str, torch.Tensor]
) -> None:
    """Raise InputError if a config's sizes exceed those of the files, before building it."""
    numbers = sum(tensor.numel() for tensor in tensors.values())
    channels, *image = config.input_shape or (1,)
    limits = {
        "num_qubits": (config.num_qubits, qnn.circuit.num_qubits),
        "num_layers": (config.num_layers, qnn.circuit.size()),
        "num_features": (config.num_features, len(qnn.inputs) + 1),  # (2^n amplitudes, less one)
        "num_classes": (config.num_classes * config.num_qubits, numbers),
        # Two poolings leave an image of 7 × 7 pixels one value for each channel.
        "input_shape": (max(channels, math.prod(image) // 49 * config.num_features), numbers),
    }
    for name, (given, largest) in limits.items():
        if given > largest:
            raise InputError(f"{name} {getattr(config, name)} does not match circuit and weights")


def _told_apart(circuit: QuantumCircuit) -> QNNCircuit:
    parameters = list(circuit.parameters)
    inputs = tuple(p for p in parameters if p.name.startswith("x"))
    weights = tuple(p for p in parameters if p.name.startswith("w"))
    return QNNCircuit(circuit, inputs, weights)


def _tensors(model: HasTensors) -> dict[str, torch.Tensor]:
    # Copies: tensors that share memory are not saved.
    return {n: t.detach().cpu().contiguous().clone() for n, t in named_tensors(model).items()}
