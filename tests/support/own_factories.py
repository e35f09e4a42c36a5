"""Factories of users' own models, good and bad, importable as own_factories:NAME."""

import numpy as np
import torch
from qiskit_machine_learning.connectors import TorchConnector
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
