"""Moves any module with TorchConnectors to another backend."""

import copy
from typing import cast

import torch
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend
from qiskit_qmu.backends.cost.networks import known_network
from qiskit_qmu.models.parameters import Module, clone_module
from qiskit_qmu.models.quantum_model import QuantumModel


def on_backend(module: Module, backend: Backend) -> Module:
    """Return a copy with the same weights whose circuits run on a backend.

    Args:
        module: Any module with TorchConnectors of EstimatorQNNs or SamplerQNNs.
        backend: The new backend.

    Raises:
        InputError: If a network is of another kind, or its circuit is already transpiled.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import on_backend
        >>> layer = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1).quantum
        >>> model = torch.nn.Sequential(layer, torch.nn.Linear(2, 2))
        >>> sampled = on_backend(model, qmu.open_backend("exact", shots=1000, seed=0))
        >>> qmu.observe(sampled, [[0.1, 0.2], [0.3, 0.4]], [0, 1]).counts.sum(axis=1)
        array([1000, 1000])
    """
    if isinstance(module, QuantumModel):
        return module.on(backend)
    return cast(Module, _moved(clone_module(module), backend, {}))


def _moved(
    module: torch.nn.Module, backend: Backend, done: dict[int, torch.nn.Module]
) -> torch.nn.Module:
    """Replace connectors in place; a shared connector stays shared."""
    if id(module) not in done:
        done[id(module)] = module
        if isinstance(module, QuantumModel):
            done[id(module)] = module.on(backend)
        elif isinstance(module, TorchConnector):
            done[id(module)] = _connector(module, backend)
        else:
            for name, child in list(module._modules.items()):  # noqa: SLF001  (names each use)
                if child is not None:
                    setattr(module, name, _moved(child, backend, done))
    return done[id(module)]


def _connector(connector: TorchConnector, backend: Backend) -> TorchConnector:
    network = _network(connector.neural_network, backend)
    moved = backend.connector(network, connector.weight.detach().cpu().numpy())
    moved.to(connector.weight).requires_grad_(connector.weight.requires_grad)
    return moved.train(connector.training)


def _network(network: NeuralNetwork, backend: Backend) -> NeuralNetwork:
    moved = copy.copy(known_network(network))
    if isinstance(moved, EstimatorQNN):
        moved.estimator, moved.gradient = backend.estimator, backend.estimator_gradient
        moved._default_precision = backend.precision  # noqa: SLF001  (it has no setter)
    else:
        moved.sampler, moved.gradient = backend.sampler, backend.sampler_gradient
    if moved.circuit.layout is not None:
        raise InputError(
            "the circuit of a network was already transpiled; build it from a virtual circuit"
        )
    return moved
