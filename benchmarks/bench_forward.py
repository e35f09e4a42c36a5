"""A forward pass is at least ten times as fast as PennyLane's broadcast one, at any batch size."""

import importlib.util

import pytest
import torch

from benchmarks.design_circuit import fast_connector, values
from benchmarks.pennylane_circuit import pennylane_circuit
from benchmarks.timing import medians, table

OURS, PEER = "TorchSimulatorConnector", "PennyLane default.qubit"


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("batch", [32, 128, 1000])
def test_forward(batch: int, light: bool, benchmark) -> None:
    qubits, layers, rounds = (4, 2, 1) if light else (10, 5, 7)
    inputs, weights = (torch.tensor(v).float() for v in values(qubits, layers, batch))
    connector = fast_connector(qubits, layers)
    tasks = {OURS: lambda: connector(inputs)}
    if importlib.util.find_spec("pennylane") is not None and not light:
        circuit = pennylane_circuit(qubits, layers, "default.qubit")
        tasks[PEER] = lambda: circuit(inputs, weights)
    with torch.no_grad():
        seconds = medians(tasks, rounds)
        benchmark.pedantic(tasks[OURS], rounds=rounds, warmup_rounds=1)
    print(table(f"forward, {qubits} qubits, {layers} layers, batch {batch}", seconds, OURS))
    if PEER in seconds:
        assert seconds[OURS] <= seconds[PEER] / 10
