"""A forward pass takes at most 1/3 of TensorCircuit's and 1/10 of PennyLane's at any batch."""

import pytest

from benchmarks.design_circuit import fast_connector, values
from benchmarks.engines import BACKPROP, OURS, TENSORCIRCUIT
from benchmarks.steps import connector_forward, function_forward
from benchmarks.tables import check_ratio, times
from benchmarks.timing import medians


@pytest.mark.parametrize("batch", [32, 128, 1000])
def test_forward(batch: int, light: bool, peers: list[str], record) -> None:
    qubits, layers = (4, 2) if light else (10, 5)
    point = values(qubits, layers, batch)
    tasks = {OURS: connector_forward(fast_connector(qubits, layers), *point)}
    if "tensorcircuit" in peers:
        from benchmarks.jax_steps import jax_forward
        from benchmarks.tensorcircuit_circuit import tensorcircuit_batch

        tasks[TENSORCIRCUIT] = jax_forward(tensorcircuit_batch(qubits, layers), *point)
    if "pennylane" in peers:
        from benchmarks.pennylane_circuit import pennylane_circuit

        circuit = pennylane_circuit(qubits, layers, "default.qubit")
        tasks[BACKPROP] = function_forward(circuit, *point)
    seconds = medians(tasks, 1 if light else 15)
    record(times(f"Forward, {qubits} qubits, {layers} layers, batch {batch}", seconds, OURS))
    limits = {TENSORCIRCUIT: 3, BACKPROP: 10}
    check_ratio(seconds, OURS, {name: limits[name] for name in seconds if name in limits})
