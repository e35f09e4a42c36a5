"""Encodings and hardware-efficient ansätze as plain Qiskit circuits without dead angles."""

from qiskit_qmu.circuits.amplitude import AmplitudeEncoding, as_amplitude_encoding
from qiskit_qmu.circuits.amplitude_angles import amplitude_angles, amplitudes_of_angles
from qiskit_qmu.circuits.ansatz import Entangler, EntanglingGate
from qiskit_qmu.circuits.encoding import Encoding, most_features
from qiskit_qmu.circuits.qnn import QNNCircuit, qnn_circuit
from qiskit_qmu.circuits.unit_amplitudes import unit_amplitudes

__all__ = [
    "AmplitudeEncoding",
    "Encoding",
    "Entangler",
    "EntanglingGate",
    "QNNCircuit",
    "amplitude_angles",
    "amplitudes_of_angles",
    "as_amplitude_encoding",
    "most_features",
    "qnn_circuit",
    "unit_amplitudes",
]
