"""Tasks that are timed: training steps, forward passes, Jacobians and ensembles of connectors."""

from collections.abc import Callable

import numpy as np
import torch
from qiskit_machine_learning.connectors import TorchConnector

from qiskit_qmu.simulator import TorchSimulatorConnector

Task = Callable[[], object]
Function = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def function_step(function: Function, inputs: np.ndarray, weights: np.ndarray) -> Task:
    """Return forward and backward of a torch function, with input and weight gradients."""
    x, w = (torch.tensor(v, dtype=torch.float32, requires_grad=True) for v in (inputs, weights))
    return lambda: torch.autograd.grad(function(x, w).square().sum(), (x, w))


def connector_step(connector: TorchConnector, inputs: np.ndarray, weights: np.ndarray) -> Task:
    """Return the same of a connector."""
    set_weights(connector, weights)
    x = torch.tensor(inputs, dtype=torch.float32, requires_grad=True)
    return lambda: torch.autograd.grad(connector(x).square().sum(), (x, connector.weight))


def connector_vjp_step(
    connector: TorchSimulatorConnector, inputs: np.ndarray, weights: np.ndarray
) -> Task:
    """Return the same of a connector without torch's autograd, as a step of JAX is without it."""
    set_weights(connector, weights)
    x = torch.tensor(inputs, dtype=torch.float32)

    def step() -> tuple[torch.Tensor, torch.Tensor]:
        outputs, pull_back = connector.vjp(x)
        return pull_back(2 * outputs)

    return step


def function_forward(function: Function, inputs: np.ndarray, weights: np.ndarray) -> Task:
    """Return a forward pass of a torch function, without gradient."""
    x, w = (torch.tensor(value, dtype=torch.float32) for value in (inputs, weights))
    return torch.no_grad()(lambda: function(x, w))


def connector_forward(connector: TorchConnector, inputs: np.ndarray, weights: np.ndarray) -> Task:
    """Return the same of a connector."""
    set_weights(connector, weights)
    return function_forward(lambda x, _: connector(x), inputs, weights)


def connector_jacobian(connector: TorchConnector, inputs: np.ndarray, weights: np.ndarray) -> Task:
    """Return the derivatives (B, outputs, W) of each row's outputs by the weights."""
    x, w = (torch.tensor(value, dtype=torch.float32) for value in (inputs, weights))
    jacobian = torch.func.vmap(torch.func.jacrev(of_weights(connector), 1), (0, None))
    return lambda: jacobian(x, w)


def connector_ensemble_step(
    connector: TorchConnector, inputs: np.ndarray, weights: np.ndarray
) -> Task:
    """Return a training step of many models, weights (models, W), in one call."""
    x, w = (torch.tensor(value, dtype=torch.float32) for value in (inputs, weights))
    function = of_weights(connector)

    def loss(own: torch.Tensor) -> torch.Tensor:
        return function(x, own).square().sum()

    gradients = torch.func.vmap(torch.func.grad(loss))
    return lambda: gradients(w)


def of_weights(connector: TorchConnector) -> Function:
    """Return a connector as a function of inputs and weights."""
    return lambda x, w: torch.func.functional_call(connector, {"weight": w}, (x,))


def set_weights(connector: TorchConnector, weights: np.ndarray) -> None:
    """Give a connector its weights."""
    with torch.no_grad():
        connector.weight.copy_(torch.as_tensor(weights))


def matrix_products(layers: int, batch: int) -> Task:
    """Return six products with a 32 x 32 matrix for each layer of ten qubits.

    Any plan with dense layers has to do them: two are in the forward pass; on the way back there
    are two for the gradient of the state and two for the gradient of the matrices.
    """
    block = torch.randn(32, 32, dtype=torch.complex64)
    states = torch.randn(32, 32 * batch, dtype=torch.complex64)

    def products() -> None:
        for _ in range(6 * layers):
            torch.mm(block, states)

    return products
