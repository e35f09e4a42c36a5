"""Qiskit ML gradients that a device can measure, in few large jobs."""

import copy
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info.operators.base_operator import BaseOperator
from qiskit_machine_learning.gradients import BaseEstimatorGradient, BaseSamplerGradient

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.gradients.rules import DerivativeRule
from qiskit_qmu.backends.primitives.broadcast_sampler import BroadcastSampler
from qiskit_qmu.backends.primitives.grouped_estimator import GroupedEstimator
from qiskit_qmu.backends.primitives.measurement import MeasurementRequest
from qiskit_qmu.backends.readout.outcomes import frequencies
from qiskit_qmu.backends.transpilation.rotations import RotationCircuit
from qiskit_qmu.simulator.gradients import TorchEstimatorGradient, TorchSamplerGradient
from qiskit_qmu.simulator.readout.observables import as_pauli_sum

_LARGEST_REGISTER = 16


class _Restricted:
    """Shared by both gradient classes: a rule, and whether weights are skipped."""

    rule: DerivativeRule
    leaves_out_weights = False

    def without_weights(self) -> Self:
        """Return a copy that skips a QNN's weights, whose gradient is then zero.

        A QNN requests all weights whether or not they are needed; no circuits run for those
        skipped.
        """
        restricted = copy.copy(self)
        restricted.leaves_out_weights = True
        return restricted

    def _kept(
        self, circuit: QuantumCircuit, rotations: RotationCircuit, wanted: Sequence[int]
    ) -> list[int]:
        """Return the requested columns that affect an angle and are not skipped.

        Weights are recognized by the names that QNNs give them.
        """
        names = [parameter.name for parameter in circuit.parameters]
        moves = np.asarray(rotations.depends.any(axis=0))
        return [
            column
            for column in wanted
            if moves[column]
            and not (self.leaves_out_weights and names[column].startswith("weights["))
        ]


class MeasuredEstimatorGradient(_Restricted, TorchEstimatorGradient):
    """Gradients of expectation values from the outcomes of shifted circuits.

    All observables share the outcomes, so the cost does not depend on their number.

    Args:
        estimator: Runs the circuits, with its number of shots.
        rule: Parameter shift or SPSA.
    """

    def __init__(self, estimator: GroupedEstimator, rule: DerivativeRule) -> None:
        BaseEstimatorGradient.__init__(self, estimator)
        self.rule = rule

    def _jacobian(
        self,
        circuit: QuantumCircuit,
        rows: NDArray[np.float64],
        operators: list[BaseOperator],
        wanted: list[int],
    ) -> NDArray[np.float64]:
        estimator: Any = self._estimator
        rotations = estimator.sampler.rotations(circuit)
        sums = list(map(as_pauli_sum, operators))
        kept = self._kept(circuit, rotations, wanted)
        if not kept:
            return np.zeros((len(rows), len(sums), rows.shape[1]))
        return self.rule.jacobian(
            rotations,
            rows,
            kept,
            lambda angles: estimator.expectations(rotations, angles, sums)[0].T,
        )


class MeasuredSamplerGradient(_Restricted, TorchSamplerGradient):
    """Gradients of outcome probabilities from the outcomes of shifted circuits.

    Args:
        sampler: Runs the circuits, with its number of shots.
        rule: Parameter shift or SPSA.
    """

    def __init__(self, sampler: BroadcastSampler, rule: DerivativeRule) -> None:
        BaseSamplerGradient.__init__(self, sampler)
        self.rule = rule

    def _jacobian(
        self, circuit: QuantumCircuit, rows: NDArray[np.float64], wanted: list[int]
    ) -> NDArray[np.float64]:
        sampler: Any = self._sampler
        if len(circuit.cregs) != 1 or circuit.num_clbits > _LARGEST_REGISTER:
            raise InputError(
                f"gradients of probabilities need one classical register of at most "
                f"{_LARGEST_REGISTER} bits, got {[register.size for register in circuit.cregs]}"
            )
        rotations = sampler.rotations(circuit)
        (register,) = circuit.cregs
        kept = self._kept(circuit, rotations, wanted)
        if not kept:
            return np.zeros((len(rows), 2**register.size, rows.shape[1]))

        def outputs_at(angles: NDArray[np.float64]) -> NDArray[np.float64]:
            (outcomes,) = sampler.measure([MeasurementRequest(rotations, angles)], sampler.shots)
            return frequencies(sampler.corrected(rotations, outcomes)[register.name])

        return self.rule.jacobian(rotations, rows, kept, outputs_at)
