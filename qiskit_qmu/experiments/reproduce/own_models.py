"""Models of the papers that differ from `BasicQNN` and `HybridQNN`, as factories."""

import math
from typing import Any

import numpy as np
import torch

from qiskit_qmu.backends import open_backend
from qiskit_qmu.circuits import Encoding, QNNCircuit, amplitude_angles, qnn_circuit
from qiskit_qmu.models.angle_scaler import AngleScaler
from qiskit_qmu.models.quantum_layer import quantum_layer


class AmplitudeAngles(torch.nn.Module):
    """Converts features to the angles that prepare them as amplitudes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return angles (n, features - 1) of features (n, features)."""
        return amplitude_angles(x)


class BoundedAngles(torch.nn.Module):
    """Converts features to angles between -π and π."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return angles (n, features)."""
        return torch.tanh(x) * math.pi


def qmu_hybrid(input_shape: tuple[int, ...], num_classes: int) -> torch.nn.Module:
    """Return the hybrid model of the QMU authors' code.

    One 5×5 convolution with pooling, a dense layer to 256 features as amplitudes of eight qubits,
    five layers of U3 on each qubit and a ring of CX, ⟨Z⟩ of each, and a linear layer. The rotations
    of the last layer that no measurement detects are left out.

    Args:
        input_shape: (1, height, width) of an image.
        num_classes: Classes.
    """
    channels, height, width = input_shape
    circuit = u3_circuit("amplitude", 256, num_qubits=8, num_layers=5)
    return torch.nn.Sequential(
        torch.nn.Conv2d(channels, 5, 5, padding=2),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(5 * (height // 2) * (width // 2), 256),
        torch.nn.LeakyReLU(),
        AmplitudeAngles(),
        expectations(circuit),
        torch.nn.Linear(8, num_classes),
    )


def u3_circuit(
    encoding: Encoding, num_features: int, *, num_qubits: int, num_layers: int
) -> QNNCircuit:
    """Return layers of RZ·RY·RZ on each qubit, which is U3 up to a phase, and a ring of CX."""
    return qnn_circuit(
        num_features,
        num_qubits,
        num_layers,
        encoding=encoding,
        rotations=("rz", "ry", "rz"),
        entangling_gate="cx",
    )


def hqml_tabular(
    input_shape: tuple[int, ...],
    num_classes: int,
    num_layers: int = 6,
    entanglement: str = "ring",
) -> torch.nn.Module:
    """Return the HQML model of Iris: features as angles, six layers, four dense layers.

    Args:
        input_shape: (features,), one qubit for each.
        num_classes: Classes.
        num_layers: Layers of the ansatz.
        entanglement: Pairs of qubits that a layer joins.
    """
    qubits = input_shape[0]
    return torch.nn.Sequential(
        AngleScaler(qubits, math.pi),
        expectations(hqml_circuit(qubits, num_layers, entanglement)),
        torch.nn.Linear(qubits, 32),
        torch.nn.BatchNorm1d(32),
        torch.nn.ELU(),
        torch.nn.Linear(32, 32),
        torch.nn.BatchNorm1d(32),
        torch.nn.ELU(),
        torch.nn.Linear(32, 16),
        torch.nn.ELU(),
        torch.nn.Dropout(0.2),
        torch.nn.Linear(16, num_classes),
    )


def hqml_images(
    input_shape: tuple[int, ...],
    num_classes: int,
    num_qubits: int = 8,
    num_layers: int = 2,
    entanglement: str = "ring",
) -> torch.nn.Module:
    """Return the HQML model of MNIST and, with ten qubits, of Fashion-MNIST.

    Args:
        input_shape: (channels, height, width) of an image.
        num_classes: Classes.
        num_qubits: Qubits.
        num_layers: Layers of the ansatz.
        entanglement: Pairs of qubits that a layer joins.
    """
    channels, height, width = input_shape
    return torch.nn.Sequential(
        torch.nn.Conv2d(channels, 16, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(16, 32, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(32 * (height // 4) * (width // 4), num_qubits),
        BoundedAngles(),
        expectations(hqml_circuit(num_qubits, num_layers, entanglement)),
        torch.nn.Linear(num_qubits, 32),
        torch.nn.ReLU(),
        torch.nn.Linear(32, num_classes),
    )


def hqml_circuit(num_qubits: int, num_layers: int, entanglement: Any) -> QNNCircuit:
    """Return the HQML circuit: RX·RY·RZ of each feature, then layers of RX·RY·RZ and CZ."""
    return qnn_circuit(
        num_qubits,
        num_qubits,
        num_layers,
        encoding="rx-ry-rz",
        rotations=("rx", "ry", "rz"),
        entanglement=entanglement,
    )


def expectations(circuit: QNNCircuit) -> torch.nn.Module:
    """Return a layer with ⟨Z⟩ of each qubit, its angles drawn from torch's generator."""
    angles = (2 * torch.rand(len(circuit.weights)) - 1) * np.pi
    return quantum_layer(circuit, "expectation", open_backend("exact"), angles.numpy())
