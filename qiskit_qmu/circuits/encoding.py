"""Encodings of a row's features in a circuit."""

from typing import Literal, get_args

from qiskit.circuit import ParameterVector, QuantumCircuit
from qiskit.circuit.library import zz_feature_map

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.circuits.amplitude import AmplitudeEncoding

Encoding = Literal["ry", "rx-ry-rz", "zz", "amplitude"]
"""Encoding of features: each as the angle of RY or of RX·RY·RZ, by Qiskit's ZZ feature map, or all
as the amplitudes of a state."""

LARGEST_AMPLITUDE_ENCODING = 12
"""Qubits of the largest amplitude encoding: Qiskit takes seconds to replace 4095 parameters of one
gate, four times as long for each further qubit."""


def most_features(encoding: Encoding, num_qubits: int) -> int:
    """Return the largest number of features that an encoding holds.

    Args:
        encoding: "ry", "rx-ry-rz", "zz" or "amplitude".
        num_qubits: Qubits, at least one.

    Raises:
        InputError: If the encoding is unknown or the number of qubits is out of its range.

    Example:
        >>> from qiskit_qmu.circuits import most_features
        >>> most_features("ry", num_qubits=4), most_features("amplitude", num_qubits=4)
        (4, 16)
    """
    _check.one_of(get_args(Encoding), encoding=encoding)
    _check.at_least(1, num_qubits=num_qubits)
    if encoding != "amplitude":
        return num_qubits
    if num_qubits > LARGEST_AMPLITUDE_ENCODING:
        raise InputError(
            f"num_qubits must be at most {LARGEST_AMPLITUDE_ENCODING} with amplitude encoding, "
            f"got {num_qubits}"
        )
    return int(2**num_qubits)


def check_features(num_features: int, encoding: Encoding, num_qubits: int) -> None:
    """Raise InputError unless an encoding can hold so many features."""
    _check.at_least(2 if encoding == "zz" else 1, num_features=num_features)
    most = most_features(encoding, num_qubits)
    if num_features > most:
        rule = "num_qubits" if encoding != "amplitude" else "2^num_qubits"
        raise InputError(f"num_features must be at most {rule} ({most}), got {num_features}")


def encode(circuit: QuantumCircuit, num_features: int, encoding: Encoding) -> ParameterVector:
    """Append an encoding to a circuit and return its parameters "x", the circuit's inputs."""
    if encoding == "amplitude":
        angles = ParameterVector("x", 2**circuit.num_qubits - 1)
        circuit.append(AmplitudeEncoding(angles), range(circuit.num_qubits))
        return angles
    inputs = ParameterVector("x", num_features)
    if encoding == "zz":
        feature_map = zz_feature_map(num_features)
        named = feature_map.assign_parameters(
            dict(zip(feature_map.parameters, inputs, strict=True))
        )
        circuit.compose(named, range(num_features), inplace=True)
        return inputs
    for qubit, feature in enumerate(inputs):
        for axis in encoding.split("-"):
            getattr(circuit, axis)(feature, qubit)
    return inputs
