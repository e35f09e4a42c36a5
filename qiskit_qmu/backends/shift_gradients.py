"""Gradients that a device can measure: the parameter-shift rule and SPSA, in few large jobs."""

import copy
from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info.operators.base_operator import BaseOperator
from qiskit_machine_learning.gradients import BaseEstimatorGradient, BaseSamplerGradient

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends.broadcast import BroadcastSampler, Measurement
from qiskit_qmu.backends.grouped_estimator import GroupedEstimator
from qiskit_qmu.backends.outcomes import frequencies
from qiskit_qmu.backends.rotations import RotationCircuit
from qiskit_qmu.simulator.gradients import TorchEstimatorGradient, TorchSamplerGradient
from qiskit_qmu.simulator.observables import as_pauli_sum

_LARGEST_JOB_ENTRIES = 2**24
_LARGEST_REGISTER = 16

Readout = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Rows of angles (B, A) to the outputs (B, O) measured there."""


class Rule(Protocol):
    """How derivatives are made of outputs at other angles."""

    def jacobian(
        self,
        circuit: RotationCircuit,
        rows: NDArray[np.float64],
        wanted: Sequence[int],
        readout: Readout,
    ) -> NDArray[np.float64]:
        """Return the derivatives (B, O, P) of outputs by circuit parameters.

        Args:
            circuit: The circuit whose angles are changed.
            rows: Parameter values (B, P).
            wanted: Columns of the parameters that are asked for; the others stay zero.
            readout: Measures outputs at rows of angles.
        """
        ...

    def circuits_per_row(self, num_angles: int) -> int:
        """Return the circuits of one row's gradient in one measurement basis."""
        ...


class ParameterShift:
    """Half the difference of outputs at each angle shifted by ±π/2.

    Schuld et al., Evaluating analytic gradients on quantum hardware,
    https://arxiv.org/abs/1811.11184. A parameter of several rotations is differentiated through
    each of them.
    """

    def jacobian(
        self,
        circuit: RotationCircuit,
        rows: NDArray[np.float64],
        wanted: Sequence[int],
        readout: Readout,
    ) -> NDArray[np.float64]:
        """Return the derivatives (B, O, P)."""
        columns = list(wanted)
        shifted = np.flatnonzero(circuit.depends[:, columns].any(axis=1))
        size = 2 * max(1, len(shifted)) * max(1, len(circuit.angles))
        rows_at_once = max(1, _LARGEST_JOB_ENTRIES // size)
        parts = []
        for start in range(0, len(rows), rows_at_once):
            own = rows[start : start + rows_at_once]
            angles = np.repeat(circuit.values(own)[:, None], 2 * len(shifted), axis=1)
            angles = angles.reshape(len(own), len(shifted), 2, len(circuit.angles))
            place = np.arange(len(shifted))
            angles[:, place, 0, shifted] += np.pi / 2
            angles[:, place, 1, shifted] -= np.pi / 2
            outputs = readout(angles.reshape(-1, len(circuit.angles)))
            up, down = np.moveaxis(outputs.reshape(len(own), len(shifted), 2, -1), 2, 0)
            slopes = circuit.slopes(own)[:, shifted]
            chained = np.zeros((len(own), outputs.shape[-1], rows.shape[1]))
            chained[:, :, columns] = np.einsum(
                "bao,bap->bop", (up - down) / 2, slopes[..., columns]
            )
            parts.append(chained)
        return np.concatenate(parts)

    def circuits_per_row(self, num_angles: int) -> int:
        """Return two circuits for each angle."""
        return 2 * num_angles


class SimultaneousPerturbation:
    """SPSA: all wanted parameters moved at once by ±ε along random signs.

    Spall, Multivariate stochastic approximation using a simultaneous perturbation gradient
    approximation, 1992, https://doi.org/10.1109/9.119632. The estimate is unbiased up to order ε²,
    and its spread grows with the number of parameters; it costs two circuits a direction, however
    many there are.

    Args:
        epsilon: Step ε in radians. Shot noise of an output is divided by 2ε, so it must not be
            tiny.
        directions: Directions that are averaged for each row.
        generator: Source of the directions.

    Raises:
        InputError: If a number is out of range.
    """

    def __init__(
        self, generator: np.random.Generator, *, epsilon: float = 0.1, directions: int = 1
    ) -> None:
        _check.positive(epsilon=epsilon)
        _check.at_least(1, directions=directions)
        self._epsilon, self._directions, self._generator = epsilon, directions, generator

    def jacobian(
        self,
        circuit: RotationCircuit,
        rows: NDArray[np.float64],
        wanted: Sequence[int],
        readout: Readout,
    ) -> NDArray[np.float64]:
        """Return the estimated derivatives (B, O, P)."""
        (generator,) = self._generator.spawn(1)
        columns = list(wanted)
        signs = np.zeros((len(rows), self._directions, 1, rows.shape[1]))
        signs[..., columns] = generator.choice(
            [-1.0, 1.0], size=(len(rows), self._directions, 1, len(columns))
        )
        steps = self._epsilon * np.concatenate([signs, -signs], axis=2)
        moved = (rows[:, None, None] + steps).reshape(-1, rows.shape[1])
        outputs = readout(circuit.values(moved))
        up, down = np.moveaxis(outputs.reshape(len(rows), self._directions, 2, -1), 2, 0)
        slopes = (up - down) / (2 * self._epsilon)
        estimate: NDArray[np.float64] = np.einsum("bdo,bdp->bop", slopes, signs[:, :, 0])
        return estimate / self._directions

    def circuits_per_row(self, num_angles: int) -> int:
        """Return two circuits for each direction, if there is an angle to differentiate by."""
        return 2 * self._directions if num_angles else 0


class _Restricted:
    """What both gradient classes have: a rule, and whether weights are left out."""

    rule: Rule
    leaves_out_weights = False

    def without_weights(self) -> Self:
        """Return the same gradient that leaves a QNN's weights at zero.

        A QNN asks for all weights whether or not somebody reads them; no circuit is run for those
        left out.
        """
        restricted = copy.copy(self)
        restricted.leaves_out_weights = True
        return restricted

    def _kept(self, circuit: QuantumCircuit, wanted: Sequence[int]) -> list[int]:
        """Return the wanted columns that are not left out, by the names that QNNs give."""
        names = [parameter.name for parameter in circuit.parameters]
        return [
            column
            for column in wanted
            if not (self.leaves_out_weights and names[column].startswith("weights["))
        ]


class MeasuredEstimatorGradient(_Restricted, TorchEstimatorGradient):
    """Gradients of expectation values from the outcomes of moved circuits.

    All observables share the outcomes, so their number does not matter to the cost.

    Args:
        estimator: Where circuits run, with its number of shots.
        rule: Parameter shift or SPSA.
    """

    def __init__(self, estimator: GroupedEstimator, rule: Rule) -> None:
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
        kept = self._kept(circuit, wanted)
        if not kept:
            return np.zeros((len(rows), len(sums), rows.shape[1]))
        return self.rule.jacobian(
            rotations,
            rows,
            kept,
            lambda angles: estimator.expectations(rotations, angles, sums)[0].T,
        )


class MeasuredSamplerGradient(_Restricted, TorchSamplerGradient):
    """Gradients of outcome probabilities from the outcomes of moved circuits.

    Args:
        sampler: Where circuits run, with its number of shots.
        rule: Parameter shift or SPSA.
    """

    def __init__(self, sampler: BroadcastSampler, rule: Rule) -> None:
        BaseSamplerGradient.__init__(self, sampler)
        self.rule = rule

    def _jacobian(
        self, circuit: QuantumCircuit, rows: NDArray[np.float64], wanted: list[int]
    ) -> NDArray[np.float64]:
        sampler: Any = self._sampler
        if len(circuit.cregs) != 1 or circuit.num_clbits > _LARGEST_REGISTER:
            raise InputError(
                f"a circuit must have one classical register of at most {_LARGEST_REGISTER} bits, "
                f"got {[register.size for register in circuit.cregs]}"
            )
        rotations = sampler.rotations(circuit)
        (register,) = circuit.cregs
        kept = self._kept(circuit, wanted)
        if not kept:
            return np.zeros((len(rows), 2**register.size, rows.shape[1]))

        def readout(angles: NDArray[np.float64]) -> NDArray[np.float64]:
            (outcomes,) = sampler.measure([Measurement(rotations, angles)], sampler.shots)
            return frequencies(sampler.corrected(rotations, outcomes)[register.name])

        return self.rule.jacobian(rotations, rows, kept, readout)
