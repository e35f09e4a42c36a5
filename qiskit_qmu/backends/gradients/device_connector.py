"""DeviceConnector: a TorchConnector that runs circuits only for gradients that are asked for."""

import copy

from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu.backends.gradients.measured_gradients import (
    MeasuredEstimatorGradient,
    MeasuredSamplerGradient,
)
from qiskit_qmu.simulator.checked_connector import CheckedConnector, NetworkPasses


class DeviceConnector(CheckedConnector):
    """A TorchConnector whose backward pass costs nothing for what needs no gradient.

    Its parent differentiates by all inputs of a network with input gradients, and by all weights,
    whether or not torch asks for them: circuits that a device would run in vain.
    """

    def _passes(self, network: NeuralNetwork) -> NetworkPasses:
        return _NeededPasses(network)


class _NeededPasses(NetworkPasses):
    def _needed(self, needs: tuple[bool, bool]) -> NeuralNetwork:
        inputs, weights = needs
        return needed_part(self._network, inputs=inputs, weights=weights)


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
