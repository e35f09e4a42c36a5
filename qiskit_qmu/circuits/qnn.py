"""A quantum neural network's circuit: an encoding followed by an ansatz."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from qiskit.circuit import Parameter, ParameterVector, QuantumCircuit

from qiskit_qmu import _check
from qiskit_qmu.circuits.ansatz import Entangler, EntanglingGate, ansatz_gates
from qiskit_qmu.circuits.encoding import Encoding, check_features, encode


@final
@dataclass(frozen=True)
class QNNCircuit:
    """A circuit with its input and weight parameters.

    Attributes:
        circuit: The circuit without measurements; draw it, transpile it, or add `measure_all()`.
        inputs: One parameter per feature; with amplitude encoding the 2^n - 1 angles that
            `amplitude_angles` computes from 2^n features.
        weights: The trainable angles.

    Example:
        >>> from qiskit.quantum_info import Statevector
        >>> from qiskit_qmu.circuits import qnn_circuit
        >>> qnn = qnn_circuit(1, 1, 1, rotations=["ry"])  # RY(x) and RY(w) on one qubit
        >>> bound = qnn.circuit.assign_parameters({qnn.inputs[0]: 1.0, qnn.weights[0]: -1.0})
        >>> Statevector(bound).probabilities().round(6)
        array([1., 0.])
    """

    circuit: QuantumCircuit
    inputs: tuple[Parameter, ...]
    weights: tuple[Parameter, ...]


def qnn_circuit(
    num_features: int,
    num_qubits: int,
    num_layers: int,
    *,
    encoding: Encoding = "ry",
    rotations: Sequence[str] = ("ry", "rz"),
    entanglement: Entangler = "ring",
    entangling_gate: EntanglingGate = "cz",
) -> QNNCircuit:
    """Return an encoding followed by a hardware-efficient ansatz.

    Every layer of the ansatz rotates each qubit by the block of ``rotations`` and then entangles.
    Rotations that cannot change the distribution of any measurement in the computational basis are
    omitted, and so are CZ gates at the end: in the last layer diagonal gates have no effect.

    Args:
        num_features: Features of a sample, at most one per qubit; with amplitude encoding at most
            2^num_qubits.
        num_qubits: Qubits, at least one.
        num_layers: Layers of the ansatz, at least one.
        encoding: "ry", "rx-ry-rz", "zz" or "amplitude".
        rotations: Axes of the rotation block in order, of "rx", "ry", "rz".
        entanglement: "ring", "linear", "full" or "none".
        entangling_gate: "cx" or "cz".

    Returns:
        The circuit with its input and weight parameters.

    Raises:
        InputError: If a number is too small, there are more features than the encoding holds, or a
            name is unknown.

    Example:
        >>> from qiskit_qmu.circuits import qnn_circuit
        >>> qnn = qnn_circuit(num_features=2, num_qubits=2, num_layers=2)
        >>> len(qnn.inputs), len(qnn.weights)
        (2, 6)
        >>> dict(qnn.circuit.count_ops())  # no RZ and no CZ before the measurement
        {'ry': 6, 'rz': 2, 'cz': 1}
    """
    _check.at_least(1, num_features=num_features, num_qubits=num_qubits, num_layers=num_layers)
    check_features(num_features, encoding, num_qubits)
    circuit = QuantumCircuit(num_qubits)
    inputs = encode(circuit, num_features, encoding)
    encoded = {circuit.find_bit(qubit).index for gate in circuit for qubit in gate.qubits}
    gates = ansatz_gates(num_qubits, num_layers, rotations, entanglement, entangling_gate, encoded)
    weights = ParameterVector("w", sum(gate.is_rotation for gate in gates))
    _check.at_least(1, num_weights=len(weights))
    angles = iter(weights)
    for gate in gates:
        arguments = (next(angles),) if gate.is_rotation else ()
        getattr(circuit, gate.name)(*arguments, *gate.qubits)
    return QNNCircuit(circuit, tuple(inputs), tuple(weights))
