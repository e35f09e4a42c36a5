"""A step through all probabilities takes at most 1/3 of TensorCircuit's and 1/10 of PennyLane's.

That is SamplerQNN's readout: 1,024 outputs of ten qubits, five layers, batch 32, forward and
backward with input and weight gradients.
"""

from benchmarks.design_circuit import sampler_connector, values
from benchmarks.engines import BACKPROP, OURS, TENSORCIRCUIT
from benchmarks.steps import connector_step, function_step
from benchmarks.tables import check_ratio, times
from benchmarks.timing import medians


def test_probabilities(light: bool, peers: list[str], record) -> None:
    qubits, layers, batch = (4, 2, 4) if light else (10, 5, 32)
    point = values(qubits, layers, batch)
    tasks = {OURS: connector_step(sampler_connector(qubits, layers), *point)}
    if "tensorcircuit" in peers:
        from benchmarks.jax_steps import jax_step
        from benchmarks.tensorcircuit_circuit import tensorcircuit_batch

        circuit = tensorcircuit_batch(qubits, layers, probabilities=True)
        tasks[TENSORCIRCUIT] = jax_step(circuit, *point)
    if "pennylane" in peers:
        from benchmarks.pennylane_circuit import pennylane_circuit

        circuit = pennylane_circuit(qubits, layers, "default.qubit", probabilities=True)
        tasks[BACKPROP] = function_step(circuit, *point)
    seconds = medians(tasks, 1 if light else 15)
    record(times(f"Step, {qubits} qubits, {layers} layers, batch {batch}", seconds, OURS))
    limits = {TENSORCIRCUIT: 3, BACKPROP: 10}
    check_ratio(seconds, OURS, {name: limits[name] for name in seconds if name in limits})
