"""TorchSimulatorConnector: a TorchConnector over the batched statevector."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit_machine_learning.neural_networks import NeuralNetwork

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.checked_connector import CheckedConnector
from qiskit_qmu.simulator.compile.program import Program
from qiskit_qmu.simulator.compiled.network_step import NetworkStep, PullBack
from qiskit_qmu.simulator.network_checks import check_finite, check_kinds
from qiskit_qmu.simulator.parameter_shift_network import parameter_shift_network
from qiskit_qmu.simulator.statevector_network import statevector_network


class TorchSimulatorConnector(CheckedConnector):
    """A TorchConnector whose gradient is one vector–Jacobian product through the statevector.

    This requires an exact TorchEstimator or TorchSampler as the network's primitive; the precision
    is that of the weights. Works under ``torch.func.grad``, ``vmap`` and ``jacrev``, can be
    differentiated any number of times, and runs the stacked weights of many models in one call
    (``torch.func.functional_call`` under ``vmap``). Batches are split into pieces that fit the
    primitive's memory budget; dimensions mapped by a transform are not, so pass a ``chunk_size`` to
    ``vmap`` and ``jacrev``.

    If such a primitive has shots and the network has the matching gradient class, the gradient is
    one batch of shifted circuits, only gradients that are needed are measured, and qubit-wise
    commuting outputs share their shots. With any other primitive it behaves like its parent class.

    Args:
        neural_network: An EstimatorQNN or SamplerQNN.
        initial_weights: Initial weights in radians; uniform in [-1, 1] if None.
        sparse: As in TorchConnector.
        engine: "compiled" for kernels that LLVM compiles once on a machine, which takes about a
            second: steps of up to 15 qubits are then several times faster. "torch" for torch's
            operations. Numbers of the two differ by rounding. None for the environment variable
            QISKIT_QMU_ENGINE, else "compiled". ``print(connector.program)`` says which one runs;
            where LLVM cannot compile or a circuit is large, that is torch.

    Example:
        >>> import torch
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> from qiskit_machine_learning.neural_networks import EstimatorQNN
        >>> from qiskit_qmu.simulator import TorchEstimator, TorchSimulatorConnector
        >>> x, w = Parameter("x"), Parameter("w")
        >>> circuit = QuantumCircuit(1)
        >>> _ = circuit.ry(x + w, 0)
        >>> network = EstimatorQNN(
        ...     circuit=circuit, estimator=TorchEstimator(), input_params=[x], weight_params=[w]
        ... )
        >>> layer = TorchSimulatorConnector(network, initial_weights=[0.0])
        >>> outputs = layer(torch.tensor([[0.0], [3.14159265]]))  # cos(x + w)
        >>> outputs.detach().round(decimals=4).tolist()
        [[1.0], [-1.0]]
        >>> outputs.sum().backward()
        >>> layer.weight.grad.shape
        torch.Size([1])
    """

    def __init__(
        self,
        neural_network: NeuralNetwork,
        initial_weights: np.ndarray | None = None,
        sparse: bool | None = None,
        *,
        engine: str | None = None,
    ) -> None:
        super().__init__(neural_network, initial_weights, sparse)
        self._exact = self._sampled = None
        if not self._sparse:
            self._exact = statevector_network(neural_network, engine)
            self._sampled = parameter_shift_network(neural_network)

    @property
    def program(self) -> Program | None:
        """The compiled circuit; None if the parent class evaluates the network."""
        return None if self._exact is None else self._exact.program

    def vjp(self, inputs: torch.Tensor) -> tuple[torch.Tensor, PullBack]:
        """Return outputs, and the function that takes their gradient back to inputs and weights.

        For loops that differentiate by hand: without a graph of torch's autograd, a step of a small
        circuit on the compiled engine takes less than half its time.

        Args:
            inputs: Inputs (B, num_inputs).

        Returns:
            Outputs (B, O), and a function of their gradient (B, O) that returns the gradients
            (B, num_inputs) and (W,), as often as it is called. With shots, each call measures them.

        Raises:
            InputError: If the inputs have the wrong size, inputs or weights are complex, NaN or
                infinite, or a gradient has another shape than the outputs.

        Example:
            >>> import torch
            >>> import qiskit_qmu as qmu
            >>> layer = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1).quantum
            >>> outputs, pull_back = layer.vjp(torch.rand(5, 2))
            >>> by_inputs, by_weights = pull_back(2 * outputs)  # of the sum of squares
            >>> by_inputs.shape, by_weights.shape
            (torch.Size([5, 2]), torch.Size([2]))
        """
        check_kinds(self.neural_network, inputs, self.weight)
        if inputs.dim() != 2:
            raise InputError(f"inputs must be rows of a table, got shape {tuple(inputs.shape)}")
        outputs, pull_back = self._unchecked_vjp(inputs)

        def checked(gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            if gradient.shape != outputs.shape:
                raise InputError(
                    f"the gradient must have the shape {tuple(outputs.shape)} of the outputs, got "
                    f"{tuple(gradient.shape)}"
                )
            given = gradient if gradient.dtype == outputs.dtype else gradient.to(outputs.dtype)
            return pull_back(given.detach())

        return outputs, checked

    def _unchecked_vjp(self, inputs: torch.Tensor) -> tuple[torch.Tensor, PullBack]:
        step = self._row_step
        whole = self.neural_network.input_gradients and inputs.shape[0] > 0
        if step is not None and whole and step.is_direct(inputs, self.weight):
            return step.vjp(inputs, self.weight)
        # (Tensors of inference mode take no part in autograd.)
        with torch.inference_mode(False), torch.enable_grad():
            given, weights = (t.detach().clone().requires_grad_() for t in (inputs, self.weight))
            outputs = torch.func.functional_call(self, {"weight": weights}, (given,)).flatten(1)

        def pull_back(gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            with torch.inference_mode(False):
                by_inputs, by_weights = torch.autograd.grad(
                    outputs,
                    (given, weights),
                    gradient.clone(),
                    retain_graph=True,
                    materialize_grads=True,
                )
            return by_inputs, by_weights

        return outputs.detach(), pull_back

    @property
    def most_separate_rows(self) -> int:
        """The largest number of rows that `row_outputs` takes at once; often 0."""
        step = self._row_step
        return 0 if step is None else step.most_rows

    def row_outputs(self, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return outputs whose gradient by the weights is that of each row.

        Args:
            inputs: Inputs (B, num_inputs) of at most ``most_separate_rows`` rows.
            weights: The weights, expanded to (B, W).

        Returns:
            Outputs (B, O), in one pass and differentiable once.

        Raises:
            InputError: If there are more rows, or a value is NaN or infinite.
        """
        step = self._row_step
        if step is None or len(inputs) > step.most_rows:
            raise InputError(
                f"there are gradients of at most {self.most_separate_rows} rows at once, got "
                f"{len(inputs)} rows"
            )
        known = inputs if self.neural_network.input_gradients else inputs.detach()
        return step.of_rows(known, weights)

    @property
    def _row_step(self) -> NetworkStep | None:
        return None if self._exact is None else self._exact.row_step(self.weight)

    def extra_repr(self) -> str:
        """Return the kind of network and its size, for torch's repr."""
        network = self.neural_network
        return (
            f"{type(network).__name__}, {network.num_inputs} inputs, "
            f"{network.num_weights} weights, {network.output_shape[0]} outputs"
        )

    @contextmanager
    def recording(self) -> Iterator[list[NDArray[np.int64]]]:
        """Collect the counts of forward passes inside the block.

        Yields:
            Tables (rows, 2^bits) in order; empty for exact values, other primitives, several
            measurement bases, or more than 16 qubits.
        """
        if self._sampled is None:
            yield []
            return
        with self._sampled.recording() as tables:
            yield tables

    def _outputs(self, inputs: torch.Tensor) -> torch.Tensor:
        if self._exact is not None:
            return self._exact(inputs, self.weight)
        if self._sampled is not None:
            check_finite(inputs, self.weight)
            return self._sampled(inputs, self.weight)
        return super()._outputs(inputs)
