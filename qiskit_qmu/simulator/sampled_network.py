"""Networks over primitives with shots, whose gradient is one batch of shifted circuits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN
from torch.autograd.function import once_differentiable

from qiskit_qmu.simulator.estimator import TorchEstimator
from qiskit_qmu.simulator.exact_network import (
    InterpretedOutcomes,
    interpreted_outcomes,
    measured_circuit,
)
from qiskit_qmu.simulator.gradients import TorchEstimatorGradient, TorchSamplerGradient
from qiskit_qmu.simulator.jacobians import (
    sampled_expectation_jacobian,
    sampled_outcome_jacobian,
)
from qiskit_qmu.simulator.observables import as_pauli_sum
from qiskit_qmu.simulator.outcomes import merge_outcomes
from qiskit_qmu.simulator.sampled_outputs import measured_expectations, measured_outcomes
from qiskit_qmu.simulator.sampler import TorchSampler


class Readout(Protocol):
    """What a network reads from a circuit, from shots."""

    def values(
        self, rows: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
        """Return outputs (B, O) at parameter values (B, P), and the counts behind them."""
        ...

    def slopes(self, rows: NDArray[np.float64], wanted: list[int]) -> NDArray[np.float64]:
        """Return the derivatives (B, O, P), of which only the wanted columns are measured."""
        ...


class SampledNetwork:
    """A network over a primitive of ours with shots and its gradient.

    It gives what the stock TorchConnector gives, without circuits for gradients that nobody asked
    for, and without passing each entry of a Jacobian through Python. Outputs that commute qubit by
    qubit share their shots, forward as in gradients.

    Args:
        network: An EstimatorQNN or SamplerQNN over such a primitive and gradient.
        circuit: The circuit that it runs.
        readout: What it reads from it.
    """

    def __init__(
        self, network: EstimatorQNN | SamplerQNN, circuit: QuantumCircuit, readout: Readout
    ) -> None:
        self._num_parameters = circuit.num_parameters
        self._readout = readout
        self._recordings: list[list[NDArray[np.int64]]] = []
        order = {parameter: column for column, parameter in enumerate(circuit.parameters)}
        # A parameter that was given but does not occur has no column.
        self._inputs, self._weights = (
            [order.get(parameter, -1) for parameter in parameters or ()]
            for parameters in (network.input_params, network.weight_params)
        )

    def __deepcopy__(self, memo: object) -> "SampledNetwork":
        # A copy of the stream of shots would repeat them.
        return self

    def __call__(self, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return outputs (B, O) of inputs (B, I) and weights (W,)."""
        outputs: torch.Tensor = _SampledPass.apply(self, inputs, weights)
        return outputs

    @contextmanager
    def recording(self) -> Iterator[list[NDArray[np.int64]]]:
        """Collect the counts (B, 2^bits) of forward passes inside the block, where there are any.

        Yields:
            The tables so far, in order.
        """
        recording: list[NDArray[np.int64]] = []
        self._recordings.append(recording)
        try:
            yield recording
        finally:
            self._recordings = [other for other in self._recordings if other is not recording]

    def values(
        self, inputs: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the outputs, flat, (B, O)."""
        values, counts = self._readout.values(self._rows(inputs, weights)[:, :-1])
        if counts is not None:
            for recording in self._recordings:
                recording.append(counts)
        return values

    def jacobian(
        self,
        inputs: NDArray[np.float64],
        weights: NDArray[np.float64],
        needs: tuple[bool, bool],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the derivatives (B, O, I) by inputs and (B, O, W) by weights, or zeros."""
        wanted = [
            column
            for columns, needed in zip((self._inputs, self._weights), needs, strict=True)
            if needed
            for column in columns
        ]
        slopes = self._readout.slopes(
            self._rows(inputs, weights)[:, :-1], [column for column in wanted if column >= 0]
        )
        padded = np.pad(slopes, ((0, 0), (0, 0), (0, 1)))
        return padded[:, :, self._inputs], padded[:, :, self._weights]

    def _rows(
        self, inputs: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return parameter values (B, P + 1); the last column is of those that do not occur."""
        rows = np.zeros((len(inputs), self._num_parameters + 1))
        rows[:, self._inputs] = inputs
        rows[:, self._weights] = weights
        return rows


class _SampledPass(torch.autograd.Function):
    """Outputs by the network, gradients by its Jacobian."""

    @staticmethod
    def forward(
        ctx: Any, network: SampledNetwork, inputs: torch.Tensor, weights: torch.Tensor
    ) -> torch.Tensor:
        """Evaluate the network."""
        ctx.network = network
        ctx.save_for_backward(inputs, weights)
        values = network.values(_array(inputs), _array(weights))
        return torch.as_tensor(values, dtype=weights.dtype, device=weights.device)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Measure the Jacobian and contract it."""
        inputs, weights = ctx.saved_tensors
        _, *needs = ctx.needs_input_grad
        by_inputs, by_weights = (
            torch.as_tensor(slopes, dtype=gradient.dtype, device=gradient.device)
            for slopes in ctx.network.jacobian(_array(inputs), _array(weights), tuple(needs))
        )
        own = torch.einsum("bo,boi->bi", gradient, by_inputs).to(inputs) if needs[0] else None
        shared = torch.einsum("bo,bow->w", gradient, by_weights).to(weights) if needs[1] else None
        return None, own, shared


@dataclass(frozen=True)
class _Expectations:
    """The readout of an EstimatorQNN; forward shots follow its precision, where it has one."""

    estimator: TorchEstimator
    circuit: QuantumCircuit
    observables: list[SparsePauliOp]
    shots: int
    forward_shots: int

    def values(
        self, rows: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
        return measured_expectations(
            self.estimator.cache,
            self.circuit,
            rows,
            self.observables,
            self.forward_shots,
            self.estimator.next_stream(),
        )

    def slopes(self, rows: NDArray[np.float64], wanted: list[int]) -> NDArray[np.float64]:
        return sampled_expectation_jacobian(
            self.estimator.cache,
            self.circuit,
            rows,
            self.observables,
            wanted,
            self.shots,
            self.estimator.next_stream(),
        )


@dataclass(frozen=True)
class _Outcomes:
    """The readout of a SamplerQNN."""

    sampler: TorchSampler
    circuit: QuantumCircuit
    outcomes: InterpretedOutcomes
    shots: int

    def values(self, rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        counts = measured_outcomes(
            self.sampler.cache, self.circuit, rows, self.shots, self.sampler.next_stream()
        )
        return self._merged(counts.T / self.shots).T, counts

    def slopes(self, rows: NDArray[np.float64], wanted: list[int]) -> NDArray[np.float64]:
        by_outcome = sampled_outcome_jacobian(
            self.sampler.cache, self.circuit, rows, wanted, self.shots, self.sampler.next_stream()
        )
        return np.moveaxis(self._merged(np.moveaxis(by_outcome, 1, 0)), 0, 1)

    def _merged(self, by_outcome: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up what belongs to outcomes (outcomes, …) by the output that they count for."""
        outputs = torch.as_tensor(self.outcomes.of_outcomes)
        merged = merge_outcomes(torch.as_tensor(by_outcome), outputs, self.outcomes.num_outputs)
        return np.asarray(merged.numpy())


def sampled_network(network: NeuralNetwork) -> SampledNetwork | None:
    """Return a network over our primitives with shots, where it is one, else None."""
    if isinstance(network, EstimatorQNN) and isinstance(network.gradient, TorchEstimatorGradient):
        estimator: TorchEstimator = network.estimator
        if estimator.shots is None:
            return None
        observables = list(map(as_pauli_sum, network.observables))
        forward_shots = estimator.shots_for(network.default_precision) or estimator.shots
        expectations = _Expectations(
            estimator, network.circuit, observables, estimator.shots, forward_shots
        )
        return SampledNetwork(network, network.circuit, expectations)
    if isinstance(network, SamplerQNN) and isinstance(network.gradient, TorchSamplerGradient):
        sampler: TorchSampler = network.sampler
        if sampler.shots is None:
            return None
        circuit = measured_circuit(network)
        outcomes = _Outcomes(sampler, circuit, interpreted_outcomes(network), sampler.shots)
        return SampledNetwork(network, circuit, outcomes)
    return None


def _array(tensor: torch.Tensor) -> NDArray[np.float64]:
    return tensor.detach().cpu().double().numpy()
