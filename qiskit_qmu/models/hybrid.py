"""HybridQNN: a small convolutional network in front of the same QNN and linear head."""

import math
from collections.abc import Sequence
from typing import Self, final

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend
from qiskit_qmu.circuits import (
    Encoding,
    Entangler,
    EntanglingGate,
    QNNCircuit,
    amplitude_angles,
    most_features,
)
from qiskit_qmu.models.circuit_classifier import CircuitClassifier, centre_of
from qiskit_qmu.models.config import DEFAULT_CLASSES, ClassifierConfig
from qiskit_qmu.models.initialization import blank_layer
from qiskit_qmu.models.labels import Label
from qiskit_qmu.models.quantum_layer import Readout

_CHANNELS = (8, 16)
_HIDDEN = 32


@final
class HybridQNN(CircuitClassifier):
    """3×3 convolutions and pooling → dense → QNN → linear head.

    The hybrid model of Su et al., From Membership-Privacy Leakage to Quantum Machine Unlearning,
    https://arxiv.org/abs/2509.06086. Rows that are not images, such as Iris, go through two dense
    layers instead of convolutions.

    Args:
        input_shape: (channels, height, width) of an image, at least 4 × 4, or (features,).
        num_classes: Classes. Ten if None, which training on fewer classes then refuses.
        num_qubits: Qubits. The front makes one feature for each, with amplitude encoding
            2^num_qubits.
        num_layers: Layers of the ansatz.
        backend: Backend of the circuits; the exact simulator if None.
        seed: Seed of the initial weights.
        readout: "expectation" (⟨Z⟩ of every qubit) or "probabilities" (groups of outcomes).
        encoding: "ry", "rx-ry-rz", "zz" or "amplitude".
        entanglement: "ring", "linear", "full" or "none".
        rotations: Rotation block of the ansatz.
        entangling_gate: "cx" or "cz".
        labels: Labels in the order of the classes, which training, ``score`` and ``predict`` then
            know; class numbers if None.
        preprocess: Whether missing values (NaN) of table rows are replaced by medians and features
            standardised before anything else; see `Preprocessing`.
        qnn: The circuit, if already built; built from the other arguments if None.

    Raises:
        InputError: If a number is out of range or a name is unknown.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> model = qmu.HybridQNN(input_shape=(1, 8, 8), num_classes=3, num_qubits=2, num_layers=1)
        >>> images = torch.zeros(5, 1, 8, 8)
        >>> model(images).shape
        torch.Size([5, 3])
        >>> model.parameter_counts()["quantum"]
        2
    """

    def __init__(
        self,
        input_shape: tuple[int, ...] = (1, 28, 28),
        num_classes: int | None = None,
        num_qubits: int = 10,
        num_layers: int = 5,
        backend: Backend | None = None,
        seed: int = 0,
        *,
        readout: Readout = "expectation",
        encoding: Encoding = "ry",
        entanglement: Entangler = "ring",
        rotations: tuple[str, ...] = ("ry", "rz"),
        entangling_gate: EntanglingGate = "cz",
        labels: Sequence[Label] | None = None,
        preprocess: bool = False,
        qnn: QNNCircuit | None = None,
    ) -> None:
        input_shape = tuple(int(size) for size in input_shape)
        if len(input_shape) not in {1, 3} or (len(input_shape) == 3 and min(input_shape[1:]) < 4):
            raise InputError(
                "input_shape must be (features,) or (channels, height, width) of at least 4 × 4, "
                f"got {input_shape}"
            )
        _check.at_least(1, input_size=min(input_shape))
        config = ClassifierConfig(
            kind="hybrid",
            input_shape=input_shape,
            num_features=most_features(encoding, num_qubits),
            num_classes=DEFAULT_CLASSES if num_classes is None else num_classes,
            num_qubits=num_qubits,
            num_layers=num_layers,
            readout=readout,
            encoding=encoding,
            entanglement=entanglement,
            rotations=tuple(rotations),
            entangling_gate=entangling_gate,
            labels=None if labels is None else tuple(labels),
            preprocess=bool(preprocess),
        )
        super().__init__(config, backend, seed, qnn, knows_classes=num_classes is not None)

    @classmethod
    def of_config(
        cls, config: ClassifierConfig, backend: Backend | None, qnn: QNNCircuit | None = None
    ) -> Self:
        """Return a new model of a config; see `CircuitClassifier`."""
        shape = config.input_shape or ()
        return cls(input_shape=shape, **config.shared(), backend=backend, qnn=qnn)

    def _build_front(self) -> None:
        shape = self.config.input_shape or ()
        make = _convolutional if len(shape) == 3 else _dense
        self.front = make(shape, self.config.num_features)

    def angles(self, x: torch.Tensor) -> torch.Tensor:
        """Return the circuit's inputs (n, inputs), in radians, of rows (n, …).

        These are the front's outputs, or the angles that prepare them as amplitudes.

        Raises:
            InputError: If the rows have another shape than ``input_shape``.
        """
        if tuple(x.shape[1:]) != self.config.input_shape:
            raise InputError(
                f"rows must have the shape {self.config.input_shape}, got {tuple(x.shape[1:])}"
            )
        features: torch.Tensor = self.front(self.prepared(x))
        if self.config.encoding == "amplitude":
            return amplitude_angles(features)
        return centre_of(self.config.encoding) + math.pi / 2 * torch.tanh(features)

    def _fit_front(self, x: NDArray[np.float32]) -> None:
        """Nothing else is fitted before training: the front is trained with the rest."""


def _convolutional(shape: tuple[int, ...], num_features: int) -> torch.nn.Sequential:
    channels, height, width = shape
    layers: list[torch.nn.Module] = []
    for out_channels in _CHANNELS:
        layers += [
            blank_layer(torch.nn.Conv2d, channels, out_channels, kernel_size=3, padding=1),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
        ]
        channels, height, width = out_channels, height // 2, width // 2
    layers += [
        torch.nn.Flatten(),
        blank_layer(torch.nn.Linear, channels * height * width, num_features),
    ]
    return torch.nn.Sequential(*layers)


def _dense(shape: tuple[int, ...], num_features: int) -> torch.nn.Sequential:
    return torch.nn.Sequential(
        blank_layer(torch.nn.Linear, shape[0], _HIDDEN),
        torch.nn.ReLU(),
        blank_layer(torch.nn.Linear, _HIDDEN, num_features),
    )
