"""The design circuit in Qandle, a simulator on torch; all angles are named inputs."""

import qandle
import torch


def qandle_circuit(num_qubits: int, num_layers: int):
    """Return a torch function of inputs (B, qubits) and weights to ⟨Z⟩ (B, qubits).

    Args:
        num_qubits: Number of qubits.
        num_layers: Number of layers.
    """
    gates: list = [
        qandle.RY(qubit, name=f"x{qubit}", remapping=None) for qubit in range(num_qubits)
    ]
    names = []
    for layer in range(num_layers):
        for qubit in range(num_qubits):
            names += [f"a{layer}_{qubit}", f"b{layer}_{qubit}"]
            gates += [
                qandle.RY(qubit, name=names[-2], remapping=None),
                qandle.RZ(qubit, name=names[-1], remapping=None),
            ]
        gates += [qandle.CNOT(qubit, (qubit + 1) % num_qubits) for qubit in range(num_qubits)]
    circuit = qandle.Circuit([*gates, qandle.MeasureProbability()], num_qubits=num_qubits)

    def outputs(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        features = {f"x{qubit}": x[:, qubit] for qubit in range(num_qubits)}
        angles = dict(zip(names, w.unbind(), strict=True))
        zeros: torch.Tensor = circuit(**features, **angles)
        return 2 * zeros.reshape(len(x), num_qubits) - 1

    return outputs
