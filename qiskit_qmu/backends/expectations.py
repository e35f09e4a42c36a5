"""BroadcastEstimator: expectation values from the outcomes that a BroadcastSampler measures."""

from typing import final

import numpy as np

from qiskit_qmu.backends.broadcast import Measurement
from qiskit_qmu.backends.grouped_estimator import Estimates, GroupedEstimator, Request
from qiskit_qmu.backends.moments import moments
from qiskit_qmu.simulator.measurement_bases import measured_terms


@final
class BroadcastEstimator(GroupedEstimator):
    """Expectation values from shots: one measured circuit for each measurement basis.

    All observables that commute qubit by qubit are computed from the same outcomes, also where they
    come in PUBs of their own. Observables stay on the circuit's own qubits: what is transpiled is
    the measured circuit.

    Args:
        sampler: What measures; its shots are the estimator's, whatever precision is asked for.
    """

    def _estimate(self, requests: list[Request], *, record: bool) -> list[Estimates]:
        """Measure all requests at once: few jobs."""
        plans = [measured_terms(observables) for _, _, observables in requests]
        measurements = [
            Measurement(self.sampler.measured(circuit, basis), angles)
            for (circuit, angles, _), (_, terms) in zip(requests, plans, strict=True)
            for basis in terms
        ]
        outcomes = self.sampler.measure(measurements, self.shots, record=record)
        measured = iter(zip(measurements, outcomes, strict=True))
        results = []
        for (_, angles, _), (constants, by_basis) in zip(requests, plans, strict=True):
            means = np.repeat(constants[:, None], len(angles), axis=1)
            variances = np.zeros_like(means)
            for basis, terms in by_basis.items():
                measurement, registers = next(measured)
                errors = self.sampler.readout_errors(measurement.circuit)
                rows = list(dict.fromkeys(row for row, _, _ in terms))
                sums = [
                    [(_bits(basis, mask), value) for own, mask, value in terms if own == row]
                    for row in rows
                ]
                mean, variance = moments(registers["meas"], sums, errors.get("meas"))
                means[rows] += mean
                variances[rows] += variance
            results.append((means, variances))
        return results


def _bits(basis: str, mask: int) -> int:
    """Return the mask over the bits of the measured register for one over all qubits."""
    measured = [qubit for qubit, pauli in enumerate(reversed(basis)) if pauli != "I"]
    return sum(1 << bit for bit, qubit in enumerate(measured) if mask >> qubit & 1)
