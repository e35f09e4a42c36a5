"""A forward pass is at least ten times as fast as PennyLane's broadcast one, at any batch size."""

import importlib.util

import pytest
import torch

from benchmarks.bench_training_step import _ours
from benchmarks.design_circuit import values
from benchmarks.timing import medians, table


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("batch", [32, 128, 1000])
def test_forward(batch: int, light: bool, benchmark) -> None:
    qubits, layers, rounds = (4, 2, 1) if light else (10, 5, 7)
    connector = _ours(qubits, layers)
    inputs, weights = values(qubits, layers, batch)
    x = torch.tensor(inputs, dtype=torch.float32)

    def ours() -> None:
        with torch.no_grad():
            connector(x)

    tasks = {"TorchSimulatorConnector": ours}
    if importlib.util.find_spec("pennylane") is not None and not light:
        tasks["PennyLane default.qubit"] = _pennylane(qubits, layers, inputs, weights)
    seconds = medians(tasks, rounds)
    print(table(f"forward, {qubits} qubits, batch {batch}", seconds, "TorchSimulatorConnector"))
    benchmark.pedantic(ours, rounds=rounds, warmup_rounds=1)
    if "PennyLane default.qubit" in seconds:
        assert seconds["TorchSimulatorConnector"] <= seconds["PennyLane default.qubit"] / 10


def _pennylane(qubits: int, layers: int, inputs, weights):
    import pennylane as qml

    @qml.qnode(qml.device("default.qubit", wires=qubits), interface="torch")
    def node(x, w):
        for qubit in range(qubits):
            qml.RY(x[:, qubit], wires=qubit)
        for layer in range(layers):
            for qubit in range(qubits):
                qml.RY(w[layer, qubit, 0], wires=qubit)
                qml.RZ(w[layer, qubit, 1], wires=qubit)
            for qubit in range(qubits):
                qml.CNOT(wires=[qubit, (qubit + 1) % qubits])
        return [qml.expval(qml.PauliZ(qubit)) for qubit in range(qubits)]

    x, w = torch.tensor(inputs), torch.tensor(weights.reshape(layers, qubits, 2))

    def forward() -> None:
        with torch.no_grad():
            node(x, w)

    return forward
