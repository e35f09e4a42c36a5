"""DeviceConnector: a TorchConnector that runs circuits only for gradients that are needed."""

import copy

from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu.backends.gradients.measured_gradients import (
    MeasuredEstimatorGradient,
    MeasuredSamplerGradient,
)
from qiskit_qmu.simulator.checked_connector import CheckedConnector, NetworkPasses


class DeviceConnector(CheckedConnector):
    """A TorchConnector whose backward pass skips gradients that torch does not need.

    Its parent differentiates by all inputs of a network with input gradients, and by all weights,
    whether or not torch needs them, which would waste device time.
    """

    def _passes(self, network: NeuralNetwork) -> NetworkPasses:
        return _NeededPasses(network)


class _NeededPasses(NetworkPasses):
    def _needed(self, needs: tuple[bool, bool]) -> NeuralNetwork:
        inputs, weights = needs
        return needed_part(self._network, inputs=inputs, weights=weights)


def needed_part(network: NeuralNetwork, *, inputs: bool, weights: bool) -> NeuralNetwork:
    """Return a network that computes only the gradients needed, sharing everything else.

    Args:
        network: The network; it is not changed.
        inputs: Whether the gradient of the inputs is needed.
        weights: Whether the gradient of the weights is needed.
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
