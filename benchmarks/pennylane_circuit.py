"""The design circuit in PennyLane, in the fastest way that it offers on each device."""

import numpy as np
import torch

DEVICES = {"default.qubit": "backprop", "lightning.qubit": "adjoint"}
"""Devices with their fastest way to differentiate."""


def pennylane_circuit(num_qubits: int, num_layers: int, device: str):
    """Return a function of torch inputs (batch, qubits) and weights to ⟨Z⟩ (qubits, batch).

    The batch is broadcast, and lightning computes in single precision; default.qubit has no faster
    precision than double.
    """
    import pennylane as qml

    options = {"c_dtype": np.complex64} if device == "lightning.qubit" else {}
    machine = qml.device(device, wires=num_qubits, **options)

    @qml.qnode(machine, interface="torch", diff_method=DEVICES[device])
    def node(x, w):
        angles = iter(w)
        for qubit in range(num_qubits):
            qml.RY(x[:, qubit], wires=qubit)
        for _ in range(num_layers):
            for qubit in range(num_qubits):
                qml.RY(next(angles), wires=qubit)
                qml.RZ(next(angles), wires=qubit)
            for qubit in range(num_qubits):
                qml.CNOT(wires=[qubit, (qubit + 1) % num_qubits])
        return [qml.expval(qml.PauliZ(qubit)) for qubit in range(num_qubits)]

    return lambda x, w: torch.stack(node(x, w))
