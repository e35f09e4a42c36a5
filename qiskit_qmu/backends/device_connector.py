"""DeviceConnector: a TorchConnector that runs circuits only for gradients that are asked for."""

import copy

import torch
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.connectors.torch_connector import _TorchNNFunction
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu.backends.shift_gradients import (
    MeasuredEstimatorGradient,
    MeasuredSamplerGradient,
)


class DeviceConnector(TorchConnector):
    """A TorchConnector whose backward pass costs nothing for what needs no gradient.

    Its parent differentiates by all inputs of a network with input gradients, and by all weights,
    whether or not torch asks for them: circuits that a device would run in vain.
    """

    def forward(self, input_data: torch.Tensor | None = None) -> torch.Tensor:
        """Evaluate the network.

        Args:
            input_data: Inputs (…, num_inputs); None for a network without inputs.
        """
        inputs = torch.zeros(0) if input_data is None else input_data
        network = needed_part(
            self.neural_network, inputs=inputs.requires_grad, weights=self.weight.requires_grad
        )
        output: torch.Tensor = _TorchNNFunction.apply(inputs, self.weight, network, self.sparse)
        return output


def needed_part(network: NeuralNetwork, *, inputs: bool, weights: bool) -> NeuralNetwork:
    """Return a network that differentiates by no more than is needed; it shares all else.

    Args:
        network: The network; it is not changed.
        inputs: Whether somebody reads the gradient of the inputs.
        weights: Whether somebody reads the gradient of the weights.
    """
    if not isinstance(network, EstimatorQNN | SamplerQNN):
        return network
    needed = network
    if network.input_gradients and not inputs:
        needed = copy.copy(network)
        needed._input_gradients = False  # noqa: SLF001  (SamplerQNN's setter does the same)
    gradient = network.gradient
    if isinstance(gradient, MeasuredEstimatorGradient | MeasuredSamplerGradient) and not weights:
        needed = copy.copy(needed)
        needed.gradient = gradient.without_weights()
    return needed
