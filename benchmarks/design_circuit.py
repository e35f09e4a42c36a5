"""The circuit that engines are compared on: RY encoding, layers of RY·RZ and a CX ring, all ⟨Z⟩."""

import numpy as np
import torch
from qiskit.circuit import ParameterVector, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu.simulator import (
    TorchEstimator,
    TorchEstimatorGradient,
    TorchSampler,
    TorchSimulatorConnector,
)


def design_circuit(num_qubits: int, num_layers: int):
    """Return the textbook circuit, its inputs and its weights; no angle is left out."""
    inputs = ParameterVector("x", num_qubits)
    weights = ParameterVector("w", 2 * num_qubits * num_layers)
    circuit = QuantumCircuit(num_qubits)
    for qubit in range(num_qubits):
        circuit.ry(inputs[qubit], qubit)
    angles = iter(weights)
    for _ in range(num_layers):
        for qubit in range(num_qubits):
            circuit.ry(next(angles), qubit)
            circuit.rz(next(angles), qubit)
        for qubit in range(num_qubits):
            circuit.cx(qubit, (qubit + 1) % num_qubits)
    return circuit, list(inputs), list(weights)


def estimator_qnn(num_qubits: int, num_layers: int, estimator, gradient=None) -> EstimatorQNN:
    """Return an EstimatorQNN of the circuit with ⟨Z⟩ of every qubit."""
    circuit, inputs, weights = design_circuit(num_qubits, num_layers)
    observables = [
        SparsePauliOp.from_sparse_list([("Z", [qubit], 1.0)], num_qubits)
        for qubit in range(num_qubits)
    ]
    return EstimatorQNN(
        circuit=circuit,
        observables=observables,
        input_params=inputs,
        weight_params=weights,
        estimator=estimator,
        gradient=gradient,
        input_gradients=True,
        default_precision=0.0,
    )


def fast_connector(
    num_qubits: int, num_layers: int, engine: str | None = None
) -> TorchSimulatorConnector:
    """Return our connector over our primitives, in single precision."""
    return TorchSimulatorConnector(_our_qnn(num_qubits, num_layers), engine=engine)


def connector_with_shots(num_qubits: int, num_layers: int, shots: int) -> TorchConnector:
    """Return our connector over our primitives, whose outputs and gradients are drawn."""
    estimator = TorchEstimator(shots=shots, seed=0)
    network = estimator_qnn(num_qubits, num_layers, estimator, TorchEstimatorGradient(estimator))
    return TorchSimulatorConnector(network)


def sampler_connector(num_qubits: int, num_layers: int) -> TorchConnector:
    """Return our connector of a SamplerQNN: all outcome probabilities, in single precision."""
    circuit, inputs, weights = design_circuit(num_qubits, num_layers)
    network = SamplerQNN(
        circuit=circuit,
        sampler=TorchSampler(dtype=torch.complex64),
        input_params=inputs,
        weight_params=weights,
        input_gradients=True,
    )
    return TorchSimulatorConnector(network)


def stock_connector(num_qubits: int, num_layers: int) -> TorchConnector:
    """Return the unmodified TorchConnector over our primitives, in single precision."""
    return TorchConnector(_our_qnn(num_qubits, num_layers))


def _our_qnn(num_qubits: int, num_layers: int) -> EstimatorQNN:
    estimator = TorchEstimator(dtype=torch.complex64)
    return estimator_qnn(num_qubits, num_layers, estimator, TorchEstimatorGradient(estimator))


def values(num_qubits: int, num_layers: int, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs (batch, qubits) and weights for a benchmark."""
    generator = np.random.default_rng(0)
    return (
        generator.uniform(-1, 1, (batch, num_qubits)),
        generator.uniform(-3, 3, 2 * num_qubits * num_layers),
    )
