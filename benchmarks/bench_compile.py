"""The first step of a ten-qubit circuit, compilation included, takes 1/50 of TensorCircuit-NG's.

From the circuit to the first gradients of five layers at batch 32, in a process that has imported
everything. PennyLane interprets its circuit: its first step is like any other.
"""

from benchmarks.engines import OURS, TENSORCIRCUIT, engines, training_step
from benchmarks.tables import check_ratio, times
from benchmarks.timing import medians


def test_first_step(light: bool, peers: list[str], record) -> None:
    size = qubits, layers, batch = (4, 2, 4) if light else (10, 5, 32)
    tasks = {
        name: lambda name=name: training_step(name, *size)() for name in engines(peers, qubits)
    }
    seconds = medians(tasks, 1 if light else 5)
    record(times(f"First step, {qubits} qubits, {layers} layers, batch {batch}", seconds, OURS))
    check_ratio(seconds, OURS, {name: 50 for name in seconds if name == TENSORCIRCUIT})
