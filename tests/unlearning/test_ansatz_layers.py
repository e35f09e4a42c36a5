"""Layers of an ansatz, and the reset of the last of them."""

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit_machine_learning.neural_networks import EstimatorQNN
from tiny_models import basic, iris_split, two_qubit_network

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import TorchEstimator
from qiskit_qmu.unlearning import ResetAnsatzLayers
from qiskit_qmu.unlearning.ansatz_layers import layers_of_weights


def test_layers_begin_after_entangling_gates():
    # Two qubits, real amplitudes: RY RY, CX, RY RY.
    assert layers_of_weights(two_qubit_network()).tolist() == [0, 0, 1, 1]
    model = basic(num_layers=3, rotations=("ry",))
    layers = layers_of_weights(model.quantum.neural_network)
    assert layers.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_a_weight_in_several_gates_is_in_the_first_of_their_layers():
    theta = ParameterVector("t", 2)
    circuit = QuantumCircuit(2)
    circuit.ry(theta[0], 0)
    circuit.ry(0.3, 1)
    circuit.rzz(theta[1], 0, 1)  # entangles, and is itself a rotation by a weight
    circuit.ry(2 * theta[0], 0)
    circuit.cx(0, 1)
    circuit.ry(theta[1], 1)
    network = EstimatorQNN(circuit=circuit, weight_params=list(theta), estimator=TorchEstimator())
    assert layers_of_weights(network).tolist() == [0, 0]


def test_the_reset_is_a_draw_of_the_model_and_depends_on_the_old_angles_in_nothing():
    model, split = basic(seed=3, rotations=("ry",)), iris_split()
    model.fit_inputs(split.train.x)
    strategy = ResetAnsatzLayers(relearn="reset", epochs=1, learning_rate=1e-12)
    angles = strategy(model, split, generator=7).model.quantum.weight.detach()
    assert torch.equal(angles[:3], model.quantum.weight[:3])
    fresh = basic(seed=9, rotations=("ry",))
    fresh.reinitialize(np.random.default_rng(7))
    torch.testing.assert_close(angles[3:], fresh.quantum.weight[3:].detach())
    with pytest.raises(InputError, match="layers must lie between 1 and 2, got 3"):
        ResetAnsatzLayers(layers=3)(model, split, generator=7)
