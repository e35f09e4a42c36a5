"""ClassifierConfig: the configuration of a classifier, without its weights."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from qiskit_qmu import _check
from qiskit_qmu.circuits import Encoding, Entangler, EntanglingGate, QNNCircuit, qnn_circuit
from qiskit_qmu.models.labels import Label, check_labels
from qiskit_qmu.models.quantum_layer import Readout

DEFAULT_CLASSES = 10
"""Default number of classes."""


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig:
    """The configuration of a classifier, without its weights.

    Attributes:
        kind: Kind of model.
        input_shape: Shape of one row; None for a basic QNN, which accepts any shape.
        num_features: Features that the circuit encodes.
        num_classes: Outputs of the head.
        num_qubits: Qubits.
        num_layers: Layers of the ansatz.
        readout: "expectation" or "probabilities".
        encoding: Encoding of features in the circuit.
        entanglement: "ring", "linear", "full" or "none".
        rotations: Rotation block of the ansatz.
        entangling_gate: "cx" or "cz".
        labels: Labels in the order of the outputs; None if they are numbered.
        preprocess: Whether rows are imputed and standardised.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import ClassifierConfig
        >>> config = qmu.BasicQNN(num_classes=3, num_qubits=2).config
        >>> config.encoding, config.entangling_gate
        ('ry', 'cz')
        >>> ClassifierConfig.from_dict(config.to_dict()) == config
        True
    """

    kind: Literal["basic", "hybrid"]
    input_shape: tuple[int, ...] | None
    num_features: int
    num_classes: int
    num_qubits: int
    num_layers: int
    readout: Readout
    encoding: Encoding
    entanglement: Entangler
    rotations: tuple[str, ...]
    entangling_gate: EntanglingGate
    labels: tuple[Label, ...] | None = None
    preprocess: bool = False

    def __post_init__(self) -> None:
        _check.at_least(2, num_classes=self.num_classes)
        _check.at_least(1, num_features=self.num_features)
        _check.at_least(1, num_qubits=self.num_qubits, num_layers=self.num_layers)
        _check.one_of(("basic", "hybrid"), kind=self.kind)
        _check.one_of(get_args(Encoding), encoding=self.encoding)
        if self.labels is not None:
            check_labels(self.labels, self.num_classes)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }

    @staticmethod
    def from_dict(values: dict[str, Any]) -> "ClassifierConfig":
        """Return the config written by ``to_dict``."""
        fixed: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        return ClassifierConfig(**fixed)

    def circuit(self) -> QNNCircuit:
        """Build the circuit."""
        return qnn_circuit(
            self.num_features,
            self.num_qubits,
            self.num_layers,
            encoding=self.encoding,
            rotations=self.rotations,
            entanglement=self.entanglement,
            entangling_gate=self.entangling_gate,
        )

    @property
    def model_name(self) -> str:
        """Name of the model's class."""
        return f"{self.kind.capitalize()}QNN"

    def shared(self) -> dict[str, Any]:
        """Return the arguments common to all models, by name."""
        names = (
            "num_classes",
            "num_qubits",
            "num_layers",
            "readout",
            "encoding",
            "entanglement",
            "rotations",
            "entangling_gate",
            "labels",
            "preprocess",
        )
        return {name: getattr(self, name) for name in names}
