"""BroadcastEstimator: expectation values from the outcomes of a BroadcastSampler."""

import warnings
from collections.abc import Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.backends.primitives.grouped_estimator import (
    EstimationRequest,
    GroupedEstimator,
    MeansAndVariances,
)
from qiskit_qmu.backends.primitives.measurement import MeasurementRequest
from qiskit_qmu.backends.readout.moments import all_variances, moments
from qiskit_qmu.backends.readout.outcomes import Register
from qiskit_qmu.backends.readout.readout_errors import MITIGATED_ERRORS, ErrorRate, ReadoutErrors
from qiskit_qmu.simulator.readout.measurement_bases import Term, measured_terms


@final
class BroadcastEstimator(GroupedEstimator):
    """Expectation values from shots: one measured circuit per measurement basis.

    All qubit-wise commuting observables are computed from the same outcomes, even if they come in
    separate PUBs. Observables stay on the virtual qubits: the measured circuit is transpiled.

    Args:
        sampler: Runs the circuits; its shots are the estimator's.
    """

    def _estimate(
        self, requests: list[EstimationRequest], *, record: bool
    ) -> list[MeansAndVariances]:
        """Measure all requests at once: few jobs."""
        plans = [measured_terms(request.observables) for request in requests]
        measurements = [
            [
                MeasurementRequest(self.sampler.measured(request.circuit, basis), request.angles)
                for basis in terms
            ]
            for request, (_, terms) in zip(requests, plans, strict=True)
        ]
        outcomes = self._measured(requests, measurements, record=record)
        results = []
        for request, plan, own, registers in zip(
            requests, plans, measurements, outcomes, strict=True
        ):
            errors = [self.sampler.readout_errors(each.circuit).get("meas") for each in own]
            estimates = _estimates(plan, len(request.angles), registers, errors)
            if self.sampler.readout is not None:
                _check_range(request, estimates)
            results.append(estimates)
        return results

    def _measured(
        self,
        requests: list[EstimationRequest],
        measurements: list[list[MeasurementRequest]],
        *,
        record: bool,
    ) -> list[list[Register]]:
        """Return the outcomes in each basis of each request."""
        registers: list[list[Register]] = [[] for _ in requests]
        for shots in dict.fromkeys(request.shots for request in requests):
            chosen = [i for i, request in enumerate(requests) if request.shots == shots]
            together = [each for i in chosen for each in measurements[i]]
            outcomes = iter(self.sampler.measure(together, shots, record=record))
            for i in chosen:
                registers[i] = [next(outcomes)["meas"] for _ in measurements[i]]
        return registers


def _estimates(
    plan: tuple[NDArray[np.float64], dict[str, list[Term]]],
    rows: int,
    registers: Sequence[Register],
    errors: Sequence[ReadoutErrors | None],
) -> MeansAndVariances:
    """Return means and variances (O, rows) of observables from the outcomes in each basis."""
    constants, by_basis = plan
    means = np.repeat(constants[:, None], rows, axis=1)
    variances = np.zeros_like(means)
    slopes: dict[ErrorRate, NDArray[np.float64]] = {}
    for (basis, terms), register, own in zip(by_basis.items(), registers, errors, strict=True):
        measured = list(dict.fromkeys(row for row, _, _ in terms))
        sums = [
            [(_bits(basis, mask), value) for each, mask, value in terms if each == row]
            for row in measured
        ]
        found = moments(register, sums, own)
        means[measured] += found.means
        variances[measured] += found.variances
        for rate, slope in found.slopes.items():
            slopes.setdefault(rate, np.zeros_like(means))[measured] += slope
    return means, all_variances(variances, slopes)


def _check_range(request: EstimationRequest, estimates: MeansAndVariances) -> None:
    """Warn if mitigated means exceed their observables' range by more than their errors."""
    means, variances = estimates
    for observable, own, errors in zip(request.observables, means, np.sqrt(variances), strict=True):
        largest = float(np.abs(observable.coeffs).sum())
        # A few shots with equal outcomes seem to have no error.
        least = 0.0 if request.shots is None else largest * request.shots**-0.5
        beyond = np.abs(own) - largest > _STANDARD_ERRORS * np.fmax(errors, least) + _TOLERANCE
        if beyond.any():
            warnings.warn(
                f"a readout-mitigated value of {own[beyond][0]:.3g} is outside the observable's "
                f"range of ±{largest:g}: readout mitigation corrects {MITIGATED_ERRORS}",
                UserWarning,
                stacklevel=2,
            )


_STANDARD_ERRORS = 5
_TOLERANCE = 1e-6


def _bits(basis: str, mask: int) -> int:
    """Return the mask over the measured register's bits for a mask over all qubits."""
    measured = [qubit for qubit, pauli in enumerate(reversed(basis)) if pauli != "I"]
    return sum(1 << bit for bit, qubit in enumerate(measured) if mask >> qubit & 1)
