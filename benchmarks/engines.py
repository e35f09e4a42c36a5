"""Engines by name, and the training step of the design circuit in each."""

from benchmarks.design_circuit import fast_connector, values
from benchmarks.steps import Task, connector_step, connector_vjp_step, function_step

OURS = "TorchSimulatorConnector"
OURS_VJP = "its vjp"
TENSORCIRCUIT = "TensorCircuit-NG, JAX, jit"
BACKPROP = "PennyLane default.qubit, torch, backprop"
ADJOINT = "PennyLane lightning.qubit, torch, adjoint"
PENNYLANE_JAX = "PennyLane default.qubit, JAX, jit"
QANDLE = "Qandle"

DEVICES = {BACKPROP: "default.qubit", ADJOINT: "lightning.qubit"}
"""PennyLane's devices with the torch interface."""


LARGEST_QANDLE = 8
"""Qubits up to which Qandle is run: it keeps a matrix of 4^n numbers for each gate."""


def engines(peers: list[str], qubits: int) -> list[str]:
    """Return the engines that the installed peers offer for so many qubits, ours first.

    PennyLane's JAX way is left out, because it compiles for minutes.
    """
    offered = {
        "tensorcircuit": [TENSORCIRCUIT],
        "pennylane": list(DEVICES),
        "qandle": [QANDLE] if qubits <= LARGEST_QANDLE else [],
    }
    return [OURS, *(engine for peer in peers for engine in offered[peer])]


def training_step(engine: str, qubits: int, layers: int, batch: int) -> Task:
    """Return forward and backward with input and weight gradients; the first call compiles."""
    inputs, weights = values(qubits, layers, batch)
    if engine == OURS:
        return connector_step(fast_connector(qubits, layers), inputs, weights)
    if engine == OURS_VJP:
        return connector_vjp_step(fast_connector(qubits, layers), inputs, weights)
    if engine == TENSORCIRCUIT:
        from benchmarks.jax_steps import jax_step
        from benchmarks.tensorcircuit_circuit import tensorcircuit_batch

        return jax_step(tensorcircuit_batch(qubits, layers), inputs, weights)
    if engine == QANDLE:
        from benchmarks.qandle_circuit import qandle_circuit

        return function_step(qandle_circuit(qubits, layers), inputs, weights)
    from benchmarks.pennylane_circuit import pennylane_circuit

    if engine == PENNYLANE_JAX:
        from benchmarks.jax_steps import jax_step

        circuit = pennylane_circuit(qubits, layers, "default.qubit", interface="jax")
        return jax_step(circuit, inputs, weights)
    return function_step(pennylane_circuit(qubits, layers, DEVICES[engine]), inputs, weights)
