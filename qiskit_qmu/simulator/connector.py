"""TorchSimulatorConnector: a TorchConnector that differentiates through the statevector."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu.simulator.estimator import TorchEstimator
from qiskit_qmu.simulator.fusion import compile_program
from qiskit_qmu.simulator.observables import PauliSums, as_pauli_sum, probabilities
from qiskit_qmu.simulator.outcomes import merge_outcomes, outcome_of_states
from qiskit_qmu.simulator.program import Program
from qiskit_qmu.simulator.sampler import TorchSampler
from qiskit_qmu.simulator.simulation import Readout, Simulation


class TorchSimulatorConnector(TorchConnector):
    """A TorchConnector whose gradient is one vector–Jacobian product through the statevector.

    It does so where the network's primitive is an exact TorchEstimator or TorchSampler, in the
    precision of its weights; with any other primitive it is its parent. Works under
    ``torch.func.grad``, ``vmap`` and ``jacrev``, can be differentiated any number of times, and
    runs the stacked weights of many models in one call (``torch.func.functional_call`` under
    ``vmap``). Batches are cut into pieces that fit the primitive's memory budget; what a transform
    maps over is not, so give ``vmap`` and ``jacrev`` a ``chunk_size`` there.

    Args:
        neural_network: An EstimatorQNN or SamplerQNN.
        initial_weights: Start of the weights, in radians; uniform in [-1, 1] where None.
        sparse: As in TorchConnector.
    """

    def __init__(
        self,
        neural_network: NeuralNetwork,
        initial_weights: np.ndarray | None = None,
        sparse: bool | None = None,
    ) -> None:
        super().__init__(neural_network, initial_weights, sparse)
        self._exact = _exact_network(neural_network) if not self._sparse else None

    @property
    def program(self) -> Program | None:
        """The compiled circuit; None where the parent's way is taken."""
        return None if self._exact is None else self._exact.program

    def forward(self, input_data: torch.Tensor | None = None) -> torch.Tensor:
        """Evaluate the network.

        Args:
            input_data: Inputs (…, num_inputs); None for a network without inputs.

        Returns:
            Outputs (…, *output_shape) in the precision of the weights.
        """
        if self._exact is None or input_data is None or input_data.dim() == 0:
            output: torch.Tensor = super().forward(input_data)
            return output
        if input_data.shape[-1] != self.neural_network.num_inputs:
            return super().forward(input_data)  # the parent's own error
        inputs = input_data if self.neural_network.input_gradients else input_data.detach()
        flat = inputs.reshape(-1, inputs.shape[-1])
        outputs = self._exact(flat, self.weight)
        shape = (*input_data.shape[:-1], *self.neural_network.output_shape)
        return outputs.reshape(shape).to(input_data.device)


class _ExactNetwork:
    """A network's compiled circuit and readout, prepared once for each precision and device."""

    def __init__(self, program: Program, readout: "_Readout", memory_budget: int) -> None:
        self.program = program
        self._readout = readout
        self._memory_budget = memory_budget
        self._prepared: dict[tuple[torch.dtype, torch.device], tuple[Simulation, Readout]] = {}

    def __deepcopy__(self, memo: object) -> "_ExactNetwork":
        return self

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_prepared": {}}

    def __call__(self, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return outputs (B, O) of inputs (B, I) and weights (W,)."""
        dtype = torch.complex128 if weights.dtype == torch.float64 else torch.complex64
        key = (dtype, weights.device)
        if key not in self._prepared:
            # Tensors made inside of a torch.func transform or inference mode are of no use outside.
            with torch._C._DisableFuncTorch(), torch.inference_mode(False):  # noqa: SLF001
                self._prepared[key] = (
                    Simulation(self.program, dtype, weights.device, self._memory_budget),
                    self._readout.prepare(dtype, weights.device),
                )
        simulation, readout = self._prepared[key]
        return simulation.read(readout, inputs, weights).T


@dataclass(frozen=True)
class _Expectations:
    """The readout of an EstimatorQNN."""

    observables: list[SparsePauliOp]

    def prepare(self, dtype: torch.dtype, device: torch.device) -> Readout:
        """Return the readout in one precision on one device."""
        return PauliSums(self.observables, dtype, device)


@dataclass(frozen=True)
class _InterpretedOutcomes:
    """The readout of a SamplerQNN: which of its outputs each basis state adds to."""

    outputs: NDArray[np.int64]
    num_outputs: int

    def prepare(self, dtype: torch.dtype, device: torch.device) -> Readout:
        """Return the readout in one precision on one device."""
        outputs = torch.as_tensor(self.outputs, device=device)
        return lambda states: merge_outcomes(probabilities(states), outputs, self.num_outputs)


_Readout = _Expectations | _InterpretedOutcomes


def _exact_network(network: NeuralNetwork) -> _ExactNetwork | None:
    readout: _Readout
    primitive: object
    if isinstance(network, EstimatorQNN):
        primitive = network.estimator
        if not isinstance(primitive, TorchEstimator) or primitive.shots is not None:
            return None
        readout = _Expectations([as_pauli_sum(observable) for observable in network.observables])
    elif isinstance(network, SamplerQNN):
        primitive = network.sampler
        if not isinstance(primitive, TorchSampler) or primitive.shots is not None:
            return None
        readout = _interpreted(network)
    else:
        return None
    budget = primitive.cache.memory_budget
    program = compile_program(
        network.circuit,
        network.input_params or (),
        network.weight_params or (),
        memory_budget=budget,
    )
    return _ExactNetwork(program, readout, budget)


def _interpreted(network: SamplerQNN) -> _InterpretedOutcomes:
    circuit = network.circuit
    if not circuit.num_clbits:
        circuit = circuit.copy()
        circuit.measure_all()
    outcomes, count = outcome_of_states(circuit)
    shape = network.output_shape
    interpret = network.interpret or (lambda outcome: outcome)
    keys = [np.atleast_1d(interpret(outcome)) for outcome in range(count)]
    outputs = np.ravel_multi_index(np.array(keys).T, shape)
    return _InterpretedOutcomes(outputs[outcomes], math.prod(shape))
