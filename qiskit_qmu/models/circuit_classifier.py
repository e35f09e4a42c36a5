"""CircuitClassifier: base class of BasicQNN and HybridQNN, with a front, a QNN and a head."""

import math
from abc import abstractmethod
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._seeds import stream
from qiskit_qmu.backends import Backend, open_backend
from qiskit_qmu.circuits import Encoding, QNNCircuit
from qiskit_qmu.models.classifier import QuantumClassifier
from qiskit_qmu.models.config import ClassifierConfig
from qiskit_qmu.models.files import Description, read_model
from qiskit_qmu.models.initialization import blank_layer, initial_angles, initialize_classical
from qiskit_qmu.models.parameters import clone_module
from qiskit_qmu.models.quantum_layer import output_size, quantum_layer


def centre_of(encoding: Encoding) -> float:
    """Return the angle, in radians, around which an angle encoding has its features.

    An RY rotation of |0> by π/2 + x has ⟨Z⟩ = -sin x: steepest at x = 0 and one-to-one up to ±π/2.
    Around 0 it would be cos x, flat there and blind to the sign of x.
    """
    return math.pi / 2 if encoding == "ry" else 0.0


class CircuitClassifier(QuantumClassifier):
    """Rows → angles → QNN → linear head → logits.

    Attributes:
        config: Its configuration.
        backend: Backend of its circuits.
        qnn: The circuit with its input and weight parameters.
        quantum: The TorchConnector.
        head: The linear layer from circuit outputs to logits.
        knows_classes: Whether the number of classes was given, or seen in training.
        labels: Labels in the order of the logits; None if they are numbers.
        preprocessing: Imputation and standardisation of rows; None for none.
        predicts: "classes", whatever the type of the labels.

    Example:
        >>> import qiskit_qmu as qmu
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1, encoding="zz")
        >>> model.qnn.circuit.num_qubits
        2
        >>> model.head
        Linear(in_features=2, out_features=3, bias=True)
    """

    backend: Backend

    def __init__(
        self,
        config: ClassifierConfig,
        backend: Backend | None,
        seed: int,
        qnn: QNNCircuit | None,
        *,
        knows_classes: bool,
    ) -> None:
        where = backend if backend is not None else open_backend("exact")
        super().__init__(config.labels, where, preprocess=config.preprocess)
        _check.at_least(0, seed=seed)
        self.config = config
        self.knows_classes = knows_classes
        self.qnn = qnn if qnn is not None else config.circuit()
        self.quantum = quantum_layer(
            self.qnn, config.readout, where, np.zeros(len(self.qnn.weights))
        )
        self.head = blank_layer(
            torch.nn.Linear, output_size(config.num_qubits, config.readout), config.num_classes
        )
        self._build_front()
        self.reinitialize(stream(seed, "weights"))

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return self.config.num_classes

    @abstractmethod
    def _build_front(self) -> None:
        """Add the modules that convert rows to angles."""

    @abstractmethod
    def angles(self, x: torch.Tensor) -> torch.Tensor:
        """Return the circuit's inputs (n, inputs), in radians, of rows (n, …)."""

    @abstractmethod
    def _fit_front(self, x: NDArray[np.float32]) -> None:
        """Fit the front to preprocessed training rows, unless already fitted."""

    def fit_inputs(self, x: NDArray[np.float32]) -> None:
        """Fit preprocessing and front to training rows (n, …), unless already fitted."""
        if self.preprocessing is not None:
            self.preprocessing.fit_inputs(x)
            rows = torch.as_tensor(x).to(self.preprocessing.mean)
            x = self.preprocessing(rows).cpu().numpy()
        self._fit_front(x)

    def check_labels(self, labels: NDArray[np.int64]) -> None:
        """Check that a model with the default number of classes is not trained on fewer.

        Raises:
            InputError: If there are fewer; with num_classes given, a model may be trained on some
                of its classes.
        """
        classes = int(labels.max()) + 1
        if not self.knows_classes and classes < self.config.num_classes:
            raise _check.InputError(
                f"the model has {self.config.num_classes} classes by default, but the labels have "
                f"{classes}: create it with {type(self).__name__}(num_classes={classes})"
            )
        self.knows_classes = True

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (n, num_classes) of rows (n, …)."""
        logits: torch.Tensor = self.head(self.quantum(self.angles(x)))
        return logits

    def reinitialize(self, generator: np.random.Generator) -> None:
        """Redraw all weights in place, and reset everything fitted to training rows.

        Parameters that need no gradient keep their values.

        Args:
            generator: Random generator of the weights.
        """
        angles = initial_angles(len(self.qnn.weights), generator)
        if self.quantum.weight.requires_grad:
            with torch.no_grad():
                self.quantum.weight.copy_(torch.as_tensor(angles, dtype=self.quantum.weight.dtype))
        initialize_classical(self, generator)

    def on(self, backend: Backend) -> Self:
        """Return a copy with the same weights whose circuits run on another backend."""
        moved = clone_module(self)
        moved.backend = backend
        weights = self.quantum.weight.detach().cpu().numpy()
        moved.quantum = quantum_layer(self.qnn, self.config.readout, backend, weights)
        moved.quantum.to(self.quantum.weight).requires_grad_(self.quantum.weight.requires_grad)
        return moved

    def description(self) -> Description:
        """Return the description from which a saved model is rebuilt, without its weights."""
        return Description(config=self.config.to_dict(), circuit=self.qnn.circuit)

    @classmethod
    def load(cls, path: str | Path, *, backend: Backend | None = None) -> Self:
        """Read a model written by ``save``.

        Args:
            path: The folder.
            backend: Backend of its circuits; the exact simulator if None.

        Raises:
            InputError: If files are missing or damaged, or contain another kind of model.
        """
        saved = read_model(path)
        config, qnn = saved.classifier_parts()
        if config.model_name != cls.__name__:
            raise _check.InputError(f"{path} contains a {config.model_name}, not a {cls.__name__}")
        model = saved.build(lambda: cls.of_config(config, None, qnn))
        return model if backend is None else model.on(backend)

    @classmethod
    @abstractmethod
    def of_config(
        cls, config: ClassifierConfig, backend: Backend | None, qnn: QNNCircuit | None = None
    ) -> Self:
        """Return a new model with a configuration.

        Args:
            config: The configuration.
            backend: Backend of its circuits; the exact simulator if None.
            qnn: The circuit, if already built.
        """
