"""Factories of users' own models, good and bad, importable as own_factories:NAME."""

import numpy as np
import torch
from qiskit.circuit import ParameterVector, QuantumCircuit
from qiskit.primitives import StatevectorEstimator
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN
from tiny_models import torch_network
from torch.nn import BatchNorm1d, Linear, Sequential, Softmax

from qiskit_qmu.simulator import TorchSimulatorConnector


def build(input_shape, num_classes, *, width=2):
    """Stock connector, running statistics, and a layer that is used twice."""
    network = torch_network()
    shared = Linear(width, width)
    return Sequential(
        Linear(input_shape[0], width),
        BatchNorm1d(width),
        shared,
        shared,
        TorchConnector(network, np.zeros(network.num_weights)),
        Linear(2, num_classes),
    )


def probabilities(input_shape, num_classes):
    return Sequential(build(input_shape, num_classes), Softmax(dim=1))


def single_value(input_shape, num_classes):
    return Sequential(build(input_shape, 1), torch.nn.Tanh())


def lazy(input_shape, num_classes):
    network = torch_network()
    return Sequential(
        torch.nn.LazyLinear(2),
        TorchSimulatorConnector(network, np.zeros(network.num_weights)),
        Linear(2, num_classes),
    )


def classical(input_shape, num_classes):
    return Linear(input_shape[0], num_classes)


def nothing(input_shape, num_classes):
    return None


def narrow(input_shape, num_classes):
    return build(input_shape, num_classes - 1)


def images_only(input_shape, num_classes):
    return Sequential(torch.nn.Conv2d(1, 1, 3), build(input_shape, num_classes))


def broken(input_shape, num_classes):
    return build(input_shape, {}["depth"])


NUMBER = 3


def stock_regressor(input_shape, num_values):
    """Qiskit ML's own EstimatorQNN and TorchConnector; values lie between -1 and 1."""
    circuit, x = QuantumCircuit(2), ParameterVector("x", input_shape[0])
    w = ParameterVector("w", 8)
    for layer in range(2):
        for place, feature in enumerate(x):
            circuit.ry(0.5 * feature, place % 2)
        for qubit in range(2):
            circuit.ry(w[4 * layer + 2 * qubit], qubit)
            circuit.rz(w[4 * layer + 2 * qubit + 1], qubit)
        circuit.cx(0, 1)
    network = EstimatorQNN(
        circuit=circuit,
        input_params=list(x),
        weight_params=list(w),
        estimator=StatevectorEstimator(),
    )
    return TorchConnector(network, torch.rand(8).numpy())
