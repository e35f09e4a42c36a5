"""The design circuit in PennyLane, in the fastest way that it offers on each device."""

import numpy as np
import pennylane as qml

DIFF_METHODS = {"default.qubit": "backprop", "lightning.qubit": "adjoint"}
"""Devices with their fastest way to differentiate."""


def pennylane_circuit(
    num_qubits: int,
    num_layers: int,
    device: str,
    *,
    interface: str = "torch",
    probabilities: bool = False,
):
    """Return a function of inputs (…, qubits) and weights to ⟨Z⟩ (…, qubits).

    The batch is broadcast, and lightning computes in single precision; default.qubit has no faster
    precision than double under torch.

    Args:
        num_qubits: Number of qubits.
        num_layers: Number of layers.
        device: One of DIFF_METHODS.
        interface: "torch" or "jax".
        probabilities: Whether it returns all 2^n outcome probabilities in place of ⟨Z⟩.
    """
    options = {"c_dtype": np.complex64} if device == "lightning.qubit" else {}
    machine = qml.device(device, wires=num_qubits, **options)

    @qml.qnode(machine, interface=interface, diff_method=DIFF_METHODS[device])
    def node(x, w):
        angles = iter(w)
        for qubit in range(num_qubits):
            qml.RY(x[..., qubit], wires=qubit)
        for _ in range(num_layers):
            for qubit in range(num_qubits):
                qml.RY(next(angles), wires=qubit)
                qml.RZ(next(angles), wires=qubit)
            for qubit in range(num_qubits):
                qml.CNOT(wires=[qubit, (qubit + 1) % num_qubits])
        if probabilities:
            return qml.probs(wires=range(num_qubits))
        return [qml.expval(qml.PauliZ(qubit)) for qubit in range(num_qubits)]

    if probabilities:
        return node
    return lambda x, w: qml.math.stack(node(x, w), axis=-1)
