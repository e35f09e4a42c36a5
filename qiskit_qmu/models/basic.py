"""BasicQNN: principal components as angles or amplitudes, a QNN and a linear head."""

import math
from collections.abc import Sequence
from typing import Self, final

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu.backends import Backend
from qiskit_qmu.circuits import (
    Encoding,
    Entangler,
    EntanglingGate,
    QNNCircuit,
    most_features,
)
from qiskit_qmu.models.amplitude_scaler import AmplitudeScaler
from qiskit_qmu.models.angle_scaler import AngleScaler
from qiskit_qmu.models.circuit_classifier import CircuitClassifier, centre_of
from qiskit_qmu.models.config import DEFAULT_CLASSES, ClassifierConfig
from qiskit_qmu.models.labels import Label
from qiskit_qmu.models.quantum_layer import Readout


@final
class BasicQNN(CircuitClassifier):
    """PCA → encoding → hardware-efficient ansatz → readout → linear head.

    The basic model of Su et al., From Membership-Privacy Leakage to Quantum Machine Unlearning,
    https://arxiv.org/abs/2509.06086. PCA and scaling are fitted to the rows of the first training
    and are part of the model; later training keeps them.

    Args:
        num_features: Principal components, at most one per qubit; rows with just as many values
            are only scaled. With amplitude encoding at most 2^num_qubits; rows of no more values
            are taken as they are. As many as possible if None.
        num_classes: Classes. Ten if None, which training on fewer classes then refuses.
        num_qubits: Qubits.
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
        >>> import qiskit_qmu as qmu
        >>> iris = qmu.load_dataset("iris")
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> history = qmu.Trainer(epochs=2).fit(model, iris.x_train, iris.y_train, generator=0)
        >>> model.observe(iris.x_test, iris.y_test)
        Observations(45 rows, 3 classes, 2 outputs, exact, accuracy 0.667)
    """

    def __init__(
        self,
        num_features: int | None = None,
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
        if num_features is None:
            num_features = most_features(encoding, num_qubits)
        config = ClassifierConfig(
            kind="basic",
            input_shape=None,
            num_features=num_features,
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
        features = config.num_features
        return cls(num_features=features, **config.shared(), backend=backend, qnn=qnn)

    def _build_front(self) -> None:
        config = self.config
        self.scaler: AngleScaler | AmplitudeScaler
        if config.encoding == "amplitude":
            self.scaler = AmplitudeScaler(config.num_features, config.num_qubits)
            return
        # A ZZ feature map multiplies angles.
        largest = math.pi / 2 if config.encoding != "zz" else math.pi / 4
        centre = centre_of(config.encoding)
        self.scaler = AngleScaler(config.num_features, largest, centre=centre)

    def angles(self, x: torch.Tensor) -> torch.Tensor:
        """Return the circuit's inputs (n, inputs), in radians, of rows (n, …).

        These are the scaled principal components, or the angles that prepare a row's amplitudes.
        """
        angles: torch.Tensor = self.scaler(self.prepared(x))
        return angles

    def _fit_front(self, x: NDArray[np.float32]) -> None:
        """Fit PCA and scaling on training rows (n, …), unless they are fitted already."""
        self.scaler.fit_inputs(x)
