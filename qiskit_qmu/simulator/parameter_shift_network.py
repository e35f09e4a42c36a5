"""Networks over primitives with shots, whose gradient is one batch of shifted circuits."""

import math
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from qiskit.circuit import QuantumCircuit
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu.simulator.gradients import TorchEstimatorGradient, TorchSamplerGradient
from qiskit_qmu.simulator.interpreted_outcomes import (
    InterpretedOutcomes,
    interpreted_outcomes,
    measured_circuit,
)
from qiskit_qmu.simulator.network_checks import checked_observables
from qiskit_qmu.simulator.numpy_autograd import FloatArray, differentiable_outputs
from qiskit_qmu.simulator.primitive import StatevectorPrimitive
from qiskit_qmu.simulator.readout.recordings import Recordings
from qiskit_qmu.simulator.readout.registers import merge_outcomes
from qiskit_qmu.simulator.shots.measured_circuit import MeasuredCircuit
from qiskit_qmu.simulator.shots.parameter_shift import (
    sampled_expectation_jacobian,
    sampled_outcome_jacobian,
)
from qiskit_qmu.simulator.shots.sampled_counts import (
    Counts,
    expectations_with_counts,
    register_counts,
)


class _SharedByCopies:
    """An immutable readout, which copies of a network share."""

    def __deepcopy__(self, memo: object) -> Self:
        return self


@dataclass(frozen=True)
class _SampledExpectations(_SharedByCopies):
    """The readout of an EstimatorQNN."""

    measured: MeasuredCircuit

    def values(self, network: EstimatorQNN, rows: FloatArray) -> tuple[FloatArray, Counts | None]:
        """Measure; shots follow the network's precision, if it has one."""
        estimator: Any = network.estimator
        shots = estimator.shots_for(network.default_precision)
        return expectations_with_counts(
            estimator.cache, self.measured, rows, shots, estimator.next_stream()
        )

    def slopes(self, network: EstimatorQNN, rows: FloatArray, wanted: list[int]) -> FloatArray:
        """Measure shifted circuits, each with the estimator's own number of shots."""
        estimator: Any = network.estimator
        return sampled_expectation_jacobian(
            estimator.cache,
            self.measured,
            rows,
            wanted,
            estimator.shots,
            estimator.next_stream(),
        )


@dataclass(frozen=True)
class _SampledOutcomes(_SharedByCopies):
    """The readout of a SamplerQNN."""

    circuit: QuantumCircuit
    outcomes: InterpretedOutcomes

    def values(self, network: SamplerQNN, rows: FloatArray) -> tuple[FloatArray, Counts]:
        """Measure."""
        sampler: Any = network.sampler
        counts = register_counts(
            sampler.cache, self.circuit, rows, sampler.shots, sampler.next_stream()
        )
        return self._merged(counts.T / sampler.shots).T, counts

    def slopes(self, network: SamplerQNN, rows: FloatArray, wanted: list[int]) -> FloatArray:
        """Measure shifted circuits."""
        sampler: Any = network.sampler
        by_outcome = sampled_outcome_jacobian(
            sampler.cache, self.circuit, rows, wanted, sampler.shots, sampler.next_stream()
        )
        return np.moveaxis(self._merged(np.moveaxis(by_outcome, 1, 0)), 0, 1)

    def _merged(self, by_outcome: FloatArray) -> FloatArray:
        """Sum values by outcome (outcomes, …) over the outcomes of each output."""
        outputs = torch.as_tensor(self.outcomes.of_outcomes)
        merged = merge_outcomes(torch.as_tensor(by_outcome), outputs, self.outcomes.num_outputs)
        return np.asarray(merged.numpy())


class ParameterShiftNetwork:
    """A network over one of this package's primitives with shots and its gradient.

    It returns the same as the stock TorchConnector, without circuits for gradients that are not
    needed, and without passing each entry of a Jacobian through Python. Qubit-wise commuting
    outputs share their shots, in forward passes and gradients.

    Args:
        network: An EstimatorQNN or SamplerQNN over such a primitive and gradient.
        readout: The readout of its circuit.
    """

    def __init__(
        self, network: EstimatorQNN | SamplerQNN, readout: _SampledExpectations | _SampledOutcomes
    ) -> None:
        self._network: Any = network
        self._readout: Any = readout
        self._num_parameters = network.circuit.num_parameters
        self._recordings: Recordings[Counts] = Recordings()
        order = {parameter: column for column, parameter in enumerate(network.circuit.parameters)}
        self._inputs, self._weights = (
            [order[parameter] for parameter in parameters or ()]
            for parameters in (network.input_params, network.weight_params)
        )

    def __call__(self, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return outputs (B, O) of inputs (B, I) and weights (W,)."""
        return differentiable_outputs(self, inputs, weights, math.prod(self._network.output_shape))

    def recording(self) -> AbstractContextManager[list[Counts]]:
        """Collect the counts (B, 2^bits) of forward passes inside the block."""
        return self._recordings.recording()

    def values(self, inputs: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the outputs, flat, (B, O)."""
        values, counts = self._readout.values(self._network, self._rows(inputs, weights))
        if counts is not None:
            self._recordings.add([counts])
        return np.asarray(values)

    def jacobian(
        self, inputs: FloatArray, weights: FloatArray, needs: tuple[bool, bool]
    ) -> tuple[FloatArray, FloatArray]:
        """Return the derivatives (B, O, I) by inputs and (B, O, W) by weights, or zeros."""
        wanted = [
            column
            for columns, needed in zip((self._inputs, self._weights), needs, strict=True)
            if needed
            for column in columns
        ]
        slopes = self._readout.slopes(self._network, self._rows(inputs, weights), wanted)
        return slopes[:, :, self._inputs], slopes[:, :, self._weights]

    def _rows(self, inputs: FloatArray, weights: FloatArray) -> FloatArray:
        """Return parameter values (B, P)."""
        rows = np.empty((len(inputs), self._num_parameters))
        rows[:, self._inputs] = inputs
        rows[:, self._weights] = weights
        return rows


def parameter_shift_network(network: NeuralNetwork) -> ParameterShiftNetwork | None:
    """Return a network over this package's primitives with shots; None for other networks."""
    if isinstance(network, EstimatorQNN) and isinstance(network.gradient, TorchEstimatorGradient):
        if not _has_shots(network.estimator):
            return None
        measured = MeasuredCircuit.of(network.circuit, checked_observables(network))
        return ParameterShiftNetwork(network, _SampledExpectations(measured))
    if isinstance(network, SamplerQNN) and isinstance(network.gradient, TorchSamplerGradient):
        if not _has_shots(network.sampler):
            return None
        outcomes = _SampledOutcomes(measured_circuit(network), interpreted_outcomes(network))
        return ParameterShiftNetwork(network, outcomes)
    return None


def _has_shots(primitive: object) -> bool:
    return isinstance(primitive, StatevectorPrimitive) and primitive.shots is not None
