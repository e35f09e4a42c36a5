"""Training steps, and the matrix products that any plan with dense layers has to do in one."""

from collections.abc import Callable

import numpy as np
import torch
from qiskit_machine_learning.connectors import TorchConnector


def connector_step(
    connector: TorchConnector, inputs: np.ndarray, weights: np.ndarray
) -> Callable[[], None]:
    """Return forward and backward of a connector, with input and weight gradients."""
    x = torch.tensor(inputs, dtype=torch.float32, requires_grad=True)
    with torch.no_grad():
        connector.weight.copy_(torch.as_tensor(weights))

    def step() -> None:
        connector(x).square().sum().backward()

    return step


def function_step(
    function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    inputs: np.ndarray,
    weights: np.ndarray,
) -> Callable[[], None]:
    """Return the same of a function of inputs and weights."""
    x, w = (torch.tensor(v, dtype=torch.float32, requires_grad=True) for v in (inputs, weights))

    def step() -> None:
        function(x, w).square().sum().backward()

    return step


def matrix_products(layers: int, batch: int) -> Callable[[], None]:
    """Return six products with a 32 x 32 matrix for each layer of ten qubits.

    Two are in the forward pass; on the way back there are two for the gradient of the state and two
    for the gradient of the matrices.
    """
    block = torch.randn(32, 32, dtype=torch.complex64)
    states = torch.randn(32, 32 * batch, dtype=torch.complex64)

    def products() -> None:
        for _ in range(6 * layers):
            torch.mm(block, states)

    return products
