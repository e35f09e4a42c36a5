"""Energy and gradient of a transverse-field Ising chain, in our engine and in TensorCircuit-NG.

The ansatz has a Hadamard gate on each qubit and layers of RZZ on neighbours and RX on each qubit.
"""

from collections.abc import Callable

import numpy as np
import torch
from qiskit.circuit import ParameterVector, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.neural_networks import EstimatorQNN

from qiskit_qmu.simulator import TorchEstimator, TorchSimulatorConnector


def angles(qubits: int, layers: int) -> np.ndarray:
    """Return the angles (layers, 2 · qubits - 1): of RZZ, then of RX."""
    return np.random.default_rng(0).uniform(-1, 1, (layers, 2 * qubits - 1)).astype(np.float32)


def our_step(qubits: int, layers: int, device: str) -> Callable[[], tuple[torch.Tensor, ...]]:
    """Return energy and gradient by TorchSimulatorConnector on a device of torch."""
    values = angles(qubits, layers)
    weights = ParameterVector("w", values.size)
    circuit = QuantumCircuit(qubits)
    circuit.h(range(qubits))
    following = iter(weights)
    for _ in range(layers):
        for qubit in range(qubits - 1):
            circuit.rzz(next(following), qubit, qubit + 1)
        for qubit in range(qubits):
            circuit.rx(next(following), qubit)
    bonds = [("ZZ", [qubit, qubit + 1], 1.0) for qubit in range(qubits - 1)]
    fields = [("X", [qubit], -1.0) for qubit in range(qubits)]
    network = EstimatorQNN(
        circuit=circuit,
        observables=SparsePauliOp.from_sparse_list(bonds + fields, qubits),
        weight_params=list(weights),
        estimator=TorchEstimator(dtype=torch.complex64, device=device),
        default_precision=0.0,
    )
    connector = TorchSimulatorConnector(network, initial_weights=values.ravel()).to(device)

    def step() -> tuple[torch.Tensor, ...]:
        energy = connector(None).sum()
        (gradient,) = torch.autograd.grad(energy, connector.weight)
        return energy.detach().cpu(), gradient.cpu()

    return step


def tensorcircuit_step(qubits: int, layers: int) -> Callable[[], object]:
    """Return the same by TensorCircuit-NG on JAX, jitted, its layers in a scan."""
    import jax
    import jax.numpy as jnp
    import tensorcircuit as tc

    backend = tc.set_backend("jax")
    tc.set_dtype("complex64")

    def layer(state, own):
        circuit = tc.Circuit(qubits, inputs=state)
        for qubit in range(qubits - 1):
            circuit.rzz(qubit, qubit + 1, theta=own[qubit])
        for qubit in range(qubits):
            circuit.rx(qubit, theta=own[qubits - 1 + qubit])
        return circuit.state()

    def energy(values):
        start = tc.Circuit(qubits)
        for qubit in range(qubits):
            start.h(qubit)
        state = backend.scan(layer, values, start.state()).reshape([2] * qubits)
        weights = jnp.square(jnp.abs(state))
        signs = [
            jnp.array([1.0, -1.0]).reshape([2 if i == j else 1 for j in range(qubits)])
            for i in range(qubits)
        ]
        bonds = sum((weights * signs[i] * signs[i + 1]).sum() for i in range(qubits - 1))
        fields = sum(jnp.vdot(state, jnp.flip(state, i)).real for i in range(qubits))
        return bonds - fields

    compiled = jax.jit(jax.value_and_grad(energy))
    values = jnp.asarray(angles(qubits, layers))
    return lambda: jax.block_until_ready(compiled(values))
