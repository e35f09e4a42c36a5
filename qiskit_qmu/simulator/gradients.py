"""Qiskit ML gradient classes that differentiate a whole batch in one call.

Stock gradients run one circuit for each sample, parameter and shift; these run the adjoint method
(https://arxiv.org/abs/2009.02823) on all samples and observables at once.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.providers import Options
from qiskit.quantum_info.operators.base_operator import BaseOperator
from qiskit_machine_learning.gradients import (
    BaseEstimatorGradient,
    BaseSamplerGradient,
    EstimatorGradientResult,
    SamplerGradientResult,
)

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.cache import SharedColumns, SimulationCache
from qiskit_qmu.simulator.estimator import TorchEstimator
from qiskit_qmu.simulator.observables import PauliSums, as_pauli_sum, probabilities
from qiskit_qmu.simulator.sampler import TorchSampler, measured_qubits, register_values

_COLUMNS_AT_ONCE = 8192

Readout = Callable[[torch.Tensor], torch.Tensor]


class TorchEstimatorGradient(BaseEstimatorGradient):
    """Exact gradients of expectation values with respect to inputs and weights.

    Args:
        estimator: An exact TorchEstimator.

    Raises:
        InputError: If the estimator uses shots: then a stock parameter-shift gradient over it has
            the right noise.
    """

    def __init__(self, estimator: TorchEstimator) -> None:
        _require_exact(estimator.shots)
        super().__init__(estimator)
        self._cache = estimator.cache

    @staticmethod
    def _validate_arguments(
        circuits: Sequence[QuantumCircuit],
        observables: Sequence[BaseOperator],
        parameter_values: Sequence[Sequence[float]] | NDArray[np.float64],
        parameters: Sequence[Sequence[Parameter]],
    ) -> None:
        # The stock checks sort all parameters of the circuit for each of the thousands of requests
        # that EstimatorQNN makes; one request for each circuit and observable says as much.
        pairs = zip(map(id, circuits), map(id, observables), strict=True)
        few = sorted({pair: i for i, pair in enumerate(pairs)}.values())
        _check.same_length(
            circuits=circuits, parameter_values=parameter_values, parameters=parameters
        )
        BaseEstimatorGradient._validate_arguments(  # noqa: SLF001  (the stock checks themselves)
            [circuits[i] for i in few],
            [observables[i] for i in few],
            [parameter_values[i] for i in few],
            [parameters[i] for i in few],
        )

    def _run(
        self,
        circuits: Sequence[QuantumCircuit],
        observables: Sequence[BaseOperator],
        parameter_values: Sequence[Sequence[float]] | NDArray[np.float64],
        parameters: Sequence[Sequence[Parameter]],
        **options: Any,
    ) -> EstimatorGradientResult:
        values = [np.asarray(row, dtype=float) for row in parameter_values]
        gradients: list[NDArray[np.float64]] = [np.zeros(0)] * len(circuits)
        for members in _groups(circuits):
            grid = _grid(members, observables, values)
            for operators, rows, positions in grid:
                circuit = circuits[members[0]]
                sums = _pauli_sums(operators, self._cache)
                jacobian = _jacobian(self._cache, circuit, rows, sums)
                columns = _Columns(circuit)
                for index, (operator, row) in positions.items():
                    gradients[index] = jacobian[row, operator][columns(parameters[index])]
        metadata = [{"parameters": list(wanted)} for wanted in parameters]
        return EstimatorGradientResult(
            gradients=gradients, metadata=metadata, options=Options(**options)
        )


class TorchSamplerGradient(BaseSamplerGradient):
    """Exact gradients of outcome probabilities with respect to inputs and weights.

    Args:
        sampler: An exact TorchSampler.

    Raises:
        InputError: If the sampler uses shots: then a stock parameter-shift gradient over it has the
            right noise.
    """

    def __init__(self, sampler: TorchSampler) -> None:
        _require_exact(sampler.shots)
        super().__init__(sampler)
        self._cache = sampler.cache

    def _run(
        self,
        circuits: Sequence[QuantumCircuit],
        parameter_values: Sequence[Sequence[float]],
        parameters: Sequence[Sequence[Parameter]],
        **options: Any,
    ) -> SamplerGradientResult:
        gradients: list[list[dict[int, float]]] = [[] for _ in circuits]
        for members in _groups(circuits):
            circuit = circuits[members[0]]
            rows = np.array([parameter_values[i] for i in members], dtype=float)
            jacobian = _jacobian(self._cache, circuit, rows, outcome_readout(circuit))
            columns = _Columns(circuit)
            for row, index in enumerate(members):
                gradients[index] = [
                    dict(enumerate(jacobian[row, :, column].tolist()))
                    for column in columns(parameters[index])
                ]
        metadata = [{"parameters": list(wanted)} for wanted in parameters]
        return SamplerGradientResult(
            gradients=gradients, metadata=metadata, options=Options(**options)
        )


def outcome_readout(circuit: QuantumCircuit) -> Readout:
    """Return the map from states (2^n, B) to the outcome probabilities of the measured register.

    Raises:
        InputError: If the circuit has no measurement, or measures into several registers.
    """
    registers = measured_qubits(circuit)
    if len(registers) != 1:
        raise InputError(f"a circuit must have one classical register, got {len(registers)}")
    (qubits,) = registers.values()
    values = register_values(np.arange(2**circuit.num_qubits), qubits)
    index = torch.as_tensor(values)

    def read(states: torch.Tensor) -> torch.Tensor:
        weights = probabilities(states)
        zeros = weights.new_zeros(2 ** len(qubits), weights.shape[1])
        return zeros.index_add(0, index.to(weights.device), weights)

    return read


def _require_exact(shots: int | None) -> None:
    if shots is not None:
        raise InputError(
            "an adjoint gradient needs an exact primitive (shots=None); under shots use Qiskit "
            f"ML's parameter-shift gradient over the primitive, got shots={shots}"
        )


def _groups(circuits: Sequence[QuantumCircuit]) -> list[list[int]]:
    """Positions of the same circuit object, together."""
    groups: dict[int, list[int]] = {}
    for index, circuit in enumerate(circuits):
        groups.setdefault(id(circuit), []).append(index)
    return list(groups.values())


def _grid(
    members: list[int], observables: Sequence[BaseOperator], values: list[NDArray[np.float64]]
) -> list[tuple[list[BaseOperator], NDArray[np.float64], dict[int, tuple[int, int]]]]:
    """Arrange requests as (observables, rows, request → (observable, row)).

    One grid where every observable is asked for at the same rows, as EstimatorQNN does; else one
    for each observable.
    """
    by_observable: dict[int, list[int]] = {}
    for index in members:
        by_observable.setdefault(id(observables[index]), []).append(index)
    requests = list(by_observable.values())
    rows = [np.array([values[i] for i in indices]) for indices in requests]
    if all(np.array_equal(rows[0], other) for other in rows[1:]):
        operators = [observables[indices[0]] for indices in requests]
        positions = {
            i: (operator, row)
            for operator, indices in enumerate(requests)
            for row, i in enumerate(indices)
        }
        return [(operators, rows[0], positions)]
    return [
        ([observables[indices[0]]], own, {i: (0, row) for row, i in enumerate(indices)})
        for indices, own in zip(requests, rows, strict=True)
    ]


def _pauli_sums(operators: list[BaseOperator], cache: SimulationCache) -> PauliSums:
    return PauliSums(list(map(as_pauli_sum, operators)), cache.dtype, cache.device)


def _jacobian(
    cache: SimulationCache, circuit: QuantumCircuit, rows: NDArray[np.float64], readout: Readout
) -> NDArray[np.float64]:
    """Return the derivatives (B, O, P) of a readout by all circuit parameters."""
    split = SharedColumns(circuit, rows)
    simulation = cache.simulation(circuit, split.batched_parameters, split.shared_parameters)

    def outputs(batched: torch.Tensor, shared: torch.Tensor) -> torch.Tensor:
        return readout(simulation(batched.unsqueeze(0), shared))[:, 0]

    with torch.no_grad():
        count = len(outputs(split.batched[0], split.shared))
    derivative = torch.func.jacrev(
        outputs, argnums=(0, 1), chunk_size=max(1, _COLUMNS_AT_ONCE // len(rows))
    )
    by_batched, by_shared = torch.func.vmap(derivative, in_dims=(0, None))(
        split.batched, split.shared
    )
    jacobian = np.zeros((len(rows), count, rows.shape[1]))
    jacobian[:, :, split.differs] = by_batched.detach().cpu().numpy()
    jacobian[:, :, ~split.differs] = by_shared.detach().cpu().numpy()
    return jacobian


class _Columns:
    """Where the wanted parameters stand among the circuit's, remembered by list identity.

    EstimatorQNN passes one and the same list with every request.
    """

    def __init__(self, circuit: QuantumCircuit) -> None:
        self._order = {parameter: i for i, parameter in enumerate(circuit.parameters)}
        self._known: dict[int, tuple[Sequence[Parameter], list[int]]] = {}

    def __call__(self, wanted: Sequence[Parameter]) -> list[int]:
        """Return the column of each wanted parameter."""
        if id(wanted) not in self._known:
            # The list is kept beside its columns so that its id cannot be used again.
            self._known[id(wanted)] = (wanted, [self._order[p] for p in wanted])
        return self._known[id(wanted)][1]
