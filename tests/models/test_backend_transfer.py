"""Any module that holds connectors moves to another backend."""

import numpy as np
import pytest
import torch
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import connectors_of, open_backend
from qiskit_qmu.circuits import qnn_circuit
from qiskit_qmu.models import BasicQNN, on_backend
from qiskit_qmu.simulator import TorchSimulatorConnector

QNN = qnn_circuit(2, 2, 1)
SHARED = {
    "circuit": QNN.circuit,
    "input_params": QNN.inputs,
    "weight_params": QNN.weights,
    "input_gradients": True,
}


def stock_module() -> torch.nn.Module:
    """Return a module of unmodified parts on Qiskit ML's own primitives."""
    observables = [SparsePauliOp("IZ"), SparsePauliOp("ZX")]
    expectations = TorchConnector(
        EstimatorQNN(observables=observables, default_precision=0.0, **SHARED)
    )
    outcomes = TorchConnector(
        SamplerQNN(interpret=lambda outcome: outcome % 2, output_shape=2, **SHARED)
    )
    return torch.nn.Sequential(torch.nn.Linear(3, 2), expectations, expectations, outcomes)


def test_a_stock_module_moves_with_its_weights():
    module = stock_module()
    moved = on_backend(module, open_backend("exact"))
    x = torch.linspace(-1, 1, 12).reshape(4, 3)
    assert all(isinstance(c, TorchSimulatorConnector) for c in connectors_of(moved))
    assert moved[1] is moved[2]
    assert moved(x).detach().numpy() == pytest.approx(module(x).detach().numpy(), abs=1e-5)


def test_the_module_that_was_given_stays():
    module = stock_module()
    networks = [connector.neural_network for connector in connectors_of(module)]
    estimators = [getattr(network, "estimator", None) for network in networks]
    moved = on_backend(module, open_backend("exact"))
    with torch.no_grad():
        connectors_of(moved)[0].weight.add_(1.0)
    assert [connector.neural_network for connector in connectors_of(module)] == networks
    assert [getattr(network, "estimator", None) for network in networks] == estimators
    assert not torch.equal(connectors_of(module)[0].weight, connectors_of(moved)[0].weight)


def test_what_is_frozen_stays_frozen():
    module = stock_module()
    connectors_of(module)[0].requires_grad_(False)
    moved = connectors_of(on_backend(module, open_backend("exact")))
    assert [connector.weight.requires_grad for connector in moved] == [False, True]


def test_models_inside_of_modules_move_as_they_do_alone():
    model, device = BasicQNN(2, 2, 2, 1), open_backend("aer", shots=5)
    assert on_backend(model, device).backend is device
    assert on_backend(torch.nn.Sequential(model), device)[0].backend is device


class Other(NeuralNetwork):
    """A network of neither kind."""

    def __init__(self) -> None:
        super().__init__(1, 1, sparse=False, output_shape=1)

    def _forward(self, input_data, weights):
        return input_data

    def _backward(self, input_data, weights):
        return None, None


def test_networks_that_cannot_move():
    backend = open_backend("exact")
    with pytest.raises(InputError, match="an EstimatorQNN or a SamplerQNN, got Other"):
        on_backend(TorchConnector(Other()), backend)
    manager = generate_preset_pass_manager(1, GenericBackendV2(3, seed=0))
    transpiled = SamplerQNN(pass_manager=manager, **SHARED)
    with pytest.raises(InputError, match="was already transpiled"):
        on_backend(TorchConnector(transpiled, np.zeros(len(QNN.weights))), backend)
