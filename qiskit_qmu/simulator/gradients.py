"""Qiskit ML gradient classes that differentiate a whole batch in one call.

Stock gradients run one circuit for each sample, parameter and shift; these simulate all samples,
parameters and observables at once, exactly or with the primitive's number of shots.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
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
from qiskit_qmu.simulator.estimator import TorchEstimator
from qiskit_qmu.simulator.readout.jacobians import expectation_jacobian, outcome_jacobian
from qiskit_qmu.simulator.readout.observables import as_pauli_sum
from qiskit_qmu.simulator.sampler import TorchSampler
from qiskit_qmu.simulator.shots.measured_circuit import MeasuredCircuit
from qiskit_qmu.simulator.shots.parameter_shift import (
    sampled_expectation_jacobian,
    sampled_outcome_jacobian,
)


class TorchEstimatorGradient(BaseEstimatorGradient):
    """Gradients of expectation values with respect to inputs and weights.

    With an exact estimator they are exact, by the adjoint method
    (https://arxiv.org/abs/2009.02823). With shots they have the distribution of the parameter-shift
    rule (https://arxiv.org/abs/1811.11184) with the estimator's shots for each shifted circuit and
    measurement basis, drawn from its own stream; commuting observables share the shots of a
    circuit.

    Args:
        estimator: A TorchEstimator.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> from qiskit.quantum_info import SparsePauliOp
        >>> from qiskit_qmu.simulator import TorchEstimator, TorchEstimatorGradient
        >>> circuit = QuantumCircuit(1)
        >>> _ = circuit.rx(Parameter("a"), 0)
        >>> gradient = TorchEstimatorGradient(TorchEstimator())
        >>> job = gradient.run([circuit], [SparsePauliOp("Y")], [[0.0]])
        >>> job.result().gradients[0].round(6).tolist()
        [-1.0]
    """

    def __init__(self, estimator: TorchEstimator) -> None:
        super().__init__(estimator)

    @staticmethod
    def _validate_arguments(
        circuits: Sequence[QuantumCircuit],
        observables: Sequence[BaseOperator],
        parameter_values: Sequence[Sequence[float]] | NDArray[np.float64],
        parameters: Sequence[Sequence[Parameter]],
    ) -> None:
        # The stock checks sort all parameters of the circuit for each of the thousands of requests
        # that EstimatorQNN makes; checking one request per circuit and observable is enough.
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
            circuit = circuits[members[0]]
            columns = _Columns(circuit)
            for operators, rows, positions in _grid(members, observables, values):
                wanted = columns.union(parameters[i] for i in positions)
                jacobian = self._jacobian(circuit, rows, operators, wanted)
                for index, (operator, row) in positions.items():
                    gradients[index] = jacobian[row, operator][columns(parameters[index])]
        metadata = [{"parameters": list(wanted)} for wanted in parameters]
        return EstimatorGradientResult(
            gradients=gradients, metadata=metadata, options=Options(**options)
        )

    def _jacobian(
        self,
        circuit: QuantumCircuit,
        rows: NDArray[np.float64],
        operators: list[BaseOperator],
        wanted: list[int],
    ) -> NDArray[np.float64]:
        estimator = self._estimator
        sums = list(map(as_pauli_sum, operators))
        if estimator.shots is None:
            return expectation_jacobian(estimator.cache, circuit, rows, sums)
        return sampled_expectation_jacobian(
            estimator.cache,
            MeasuredCircuit.of(circuit, sums),
            rows,
            wanted,
            estimator.shots,
            estimator.next_stream(),
        )


class TorchSamplerGradient(BaseSamplerGradient):
    """Gradients of outcome probabilities with respect to inputs and weights.

    With an exact sampler they are exact. With shots they have the distribution of the
    parameter-shift rule (https://arxiv.org/abs/1811.11184) with the sampler's shots for each
    shifted circuit, drawn from its own stream.

    Args:
        sampler: A TorchSampler.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> from qiskit_qmu.simulator import TorchSampler, TorchSamplerGradient
        >>> circuit = QuantumCircuit(1)
        >>> _ = circuit.rx(Parameter("a"), 0)
        >>> circuit.measure_all()
        >>> job = TorchSamplerGradient(TorchSampler()).run([circuit], [[1.5707963267948966]])
        >>> {key: round(value, 6) for key, value in job.result().gradients[0][0].items()}
        {0: -0.5, 1: 0.5}
    """

    def __init__(self, sampler: TorchSampler) -> None:
        super().__init__(sampler)

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
            columns = _Columns(circuit)
            wanted = columns.union(parameters[i] for i in members)
            jacobian = self._jacobian(circuit, rows, wanted)
            for row, index in enumerate(members):
                gradients[index] = [
                    dict(enumerate(jacobian[row, :, column].tolist()))
                    for column in columns(parameters[index])
                ]
        metadata = [{"parameters": list(wanted)} for wanted in parameters]
        return SamplerGradientResult(
            gradients=gradients, metadata=metadata, options=Options(**options)
        )

    def _jacobian(
        self, circuit: QuantumCircuit, rows: NDArray[np.float64], wanted: list[int]
    ) -> NDArray[np.float64]:
        sampler = self._sampler
        if sampler.shots is None:
            return outcome_jacobian(sampler.cache, circuit, rows, wanted)
        return sampled_outcome_jacobian(
            sampler.cache, circuit, rows, wanted, sampler.shots, sampler.next_stream()
        )


def _groups(circuits: Sequence[QuantumCircuit]) -> list[list[int]]:
    """Return positions grouped by circuit object."""
    groups: dict[int, list[int]] = {}
    for index, circuit in enumerate(circuits):
        groups.setdefault(id(circuit), []).append(index)
    return list(groups.values())


def _grid(
    members: list[int], observables: Sequence[BaseOperator], values: list[NDArray[np.float64]]
) -> list[tuple[list[BaseOperator], NDArray[np.float64], dict[int, tuple[int, int]]]]:
    """Arrange requests as (observables, rows, request → (observable, row)).

    One grid if every observable is requested at the same rows, as by EstimatorQNN; else one per
    observable.
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


class _Columns:
    """The positions of requested parameters among the circuit's, cached by list identity.

    EstimatorQNN passes the same list with every request.
    """

    def __init__(self, circuit: QuantumCircuit) -> None:
        self._order = {parameter: i for i, parameter in enumerate(circuit.parameters)}
        self._known: dict[int, tuple[Sequence[Parameter], list[int]]] = {}

    def __call__(self, wanted: Sequence[Parameter]) -> list[int]:
        """Return the column of each requested parameter."""
        if id(wanted) not in self._known:
            # The list is kept with its columns so that its id cannot be reused.
            self._known[id(wanted)] = (wanted, [self._order[p] for p in wanted])
        return self._known[id(wanted)][1]

    def union(self, requests: Iterable[Sequence[Parameter]]) -> list[int]:
        """Return the columns of all requested parameters, in order."""
        different = {id(wanted): wanted for wanted in requests}
        return sorted({column for wanted in different.values() for column in self(wanted)})
