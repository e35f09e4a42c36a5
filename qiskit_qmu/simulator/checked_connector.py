"""CheckedConnector: the base class of every TorchConnector of this package."""

import math
from contextlib import nullcontext

import numpy as np
import torch
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import NeuralNetwork

from qiskit_qmu.simulator.network_checks import check_finite, check_kinds, check_network
from qiskit_qmu.simulator.numpy_autograd import FloatArray, differentiable_outputs


class CheckedConnector(TorchConnector):
    """A TorchConnector in the precision of its weights, whose network and values are checked.

    Its parent class returns float32 whatever the weights are. A network that a primitive would
    reject is rejected before any circuit runs. Sparse networks are left to the parent class.

    Args:
        neural_network: Any network.
        initial_weights: Initial weights in radians; uniform in [-1, 1] if None.
        sparse: As in TorchConnector.

    Raises:
        InputError: If an observable does not fit the circuit, or a parameter has no value.
    """

    def __init__(
        self,
        neural_network: NeuralNetwork,
        initial_weights: np.ndarray | None = None,
        sparse: bool | None = None,
    ) -> None:
        super().__init__(neural_network, initial_weights, sparse)
        check_network(neural_network)

    def forward(self, input_data: torch.Tensor | None = None) -> torch.Tensor:
        """Evaluate the network.

        Args:
            input_data: Inputs (…, num_inputs). A network without inputs takes None, or an empty
                tensor (…, 0).

        Returns:
            Outputs ``(…, *output_shape)`` in the precision of the weights.

        Raises:
            InputError: If the inputs have the wrong size, or inputs or weights are complex, NaN or
                infinite.
        """
        # torch.compile cannot trace this; it resumes afterwards.
        return (
            self._apart(input_data) if torch.compiler.is_compiling() else self._evaluate(input_data)
        )

    # (The public decorator would import the compiler with this module.)
    @torch._disable_dynamo  # type: ignore[attr-defined]  # noqa: SLF001
    def _apart(self, input_data: torch.Tensor | None) -> torch.Tensor:
        return self._evaluate(input_data)

    def _evaluate(self, input_data: torch.Tensor | None) -> torch.Tensor:
        if self.sparse:
            output: torch.Tensor = super().forward(input_data)
            return output
        network, weight = self.neural_network, self.weight
        inputs = weight.new_zeros(0) if input_data is None else input_data
        check_kinds(network, inputs, weight)
        rows = inputs
        if inputs.dim() != 2:
            rows = inputs.reshape(math.prod(inputs.shape[:-1]), network.num_inputs)
        # Mixed precision is meant for real matrix products; it would round the states.
        kind = weight.device.type
        mixed = torch.is_autocast_enabled(kind)
        with torch.autocast(kind, enabled=False) if mixed else nullcontext():
            outputs = self._outputs(rows if network.input_gradients else rows.detach())
        shape = (*inputs.shape[:-1], *network.output_shape)
        # The strides of a single row decide how a matrix product of it rounds.
        if len(rows) == 1 or outputs.shape != shape:
            outputs = outputs.reshape(shape)
        return outputs.to(device=inputs.device, dtype=weight.dtype)

    def _outputs(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return outputs, flat, (B, O) of inputs (B, I), which may be NaN or infinite."""
        check_finite(inputs, self.weight)
        network = self.neural_network
        size = math.prod(network.output_shape)
        return differentiable_outputs(self._passes(network), inputs, self.weight, size)

    def _passes(self, network: NeuralNetwork) -> "NetworkPasses":
        """Return how the network is evaluated and differentiated."""
        return NetworkPasses(network)


class NetworkPasses:
    """A Qiskit ML network by its own forward and backward pass, for `NumpyNetwork`.

    Args:
        network: Any dense network.
    """

    def __init__(self, network: NeuralNetwork) -> None:
        self._network = network

    def values(self, inputs: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the outputs, flat, (B, O) of inputs (B, I) and weights (W,)."""
        return np.asarray(self._network.forward(inputs, weights)).reshape(len(inputs), -1)

    def jacobian(
        self, inputs: FloatArray, weights: FloatArray, needs: tuple[bool, bool]
    ) -> tuple[FloatArray, FloatArray]:
        """Return the derivatives (B, O, I) by inputs and (B, O, W) by weights."""
        found = self._needed(needs).backward(inputs, weights)
        size = math.prod(self._network.output_shape)
        by_inputs, by_weights = (
            np.zeros((len(inputs), size, count))
            if slopes is None
            else np.asarray(slopes).reshape(len(inputs), size, count)
            for slopes, count in zip(
                found, (self._network.num_inputs, self._network.num_weights), strict=True
            )
        )
        return by_inputs, by_weights

    def _needed(self, needs: tuple[bool, bool]) -> NeuralNetwork:
        """Return a network that computes the gradients needed, and as few others as possible."""
        return self._network
