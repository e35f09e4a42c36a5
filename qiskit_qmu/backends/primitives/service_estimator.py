"""ServiceEstimator: expectation values from the estimator of a device's own service."""

from typing import final

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.primitives.broadcast_sampler import BroadcastSampler
from qiskit_qmu.backends.primitives.grouped_estimator import (
    EstimationRequest,
    GroupedEstimator,
    MeansAndVariances,
)
from qiskit_qmu.backends.primitives.job_pubs import bound, rows_of_jobs
from qiskit_qmu.backends.transpilation.rotations import RotationCircuit
from qiskit_qmu.simulator.compile.instructions import is_barrier, is_measurement
from qiskit_qmu.simulator.readout.measurement_bases import measured_terms


@final
class ServiceEstimator(GroupedEstimator):
    """Sends circuits with observables to a service that measures and mitigates errors itself.

    A circuit is transpiled once, its observables are mapped to the device's qubits, and all rows
    and observables of a request form one PUB. No outcomes come back, so none are recorded.

    Args:
        sampler: Prepares circuits and records the jobs; its shots are those of each
            circuit in each basis.

    Raises:
        InputError: If the sampler's jobs do not go to a service.
    """

    def _estimate(
        self, requests: list[EstimationRequest], *, record: bool
    ) -> list[MeansAndVariances]:
        means = [np.zeros((len(own.observables), len(own.angles))) for own in requests]
        variances = [np.zeros_like(values) for values in means]
        for job, number in self._sent(requests):
            for (i, rows), data in zip(
                job, self.sampler.resumable_sampler.collect(number), strict=True
            ):
                means[i][:, rows] = data["evs"]
                variances[i][:, rows] = np.square(data["stds"])
        return list(zip(means, variances, strict=True))

    def _sent(self, requests: list[EstimationRequest]) -> list[tuple[list[tuple[int, slice]], int]]:
        """Send all requests; return the rows of each request in each job, and the job's number."""
        sent = []
        for shots in dict.fromkeys(request.shots for request in requests):
            if shots is None:
                raise InputError("the estimator of a device needs shots")
            chosen = [i for i, own in enumerate(requests) if own.shots == shots and len(own.angles)]
            bases = [len(measured_terms(requests[i].observables)[1]) for i in chosen]
            sizes = [len(requests[i].angles) for i in chosen]
            for cut in rows_of_jobs(
                sizes, shots * max(1, *bases, 1), self.sampler.max_executions_per_job
            ):
                job = [(chosen[own], rows) for own, rows in cut]
                pubs = [_pub(self.sampler, requests[i], rows) for i, rows in job]
                executions = sum((rows.stop - rows.start) * bases[own] for own, rows in cut)
                self.sampler.count_job(executions, shots)
                sent.append((job, self.sampler.resumable_sampler.send(pubs, shots)))
        return sent


def _pub(sampler: BroadcastSampler, request: EstimationRequest, rows: slice) -> EstimatorPub:
    """Return observables (O, 1) of a transpiled circuit at rows (B,) of angles."""
    isa, qubits = _unmeasured(sampler, request.circuit)
    bindings = bound(isa, request.circuit, request.angles[rows])
    moved = [[operator.apply_layout(qubits, isa.num_qubits)] for operator in request.observables]
    return EstimatorPub(isa, ObservablesArray.coerce(moved), bindings)


def _unmeasured(
    sampler: BroadcastSampler, circuit: RotationCircuit
) -> tuple[QuantumCircuit, list[int]]:
    """Return a transpiled circuit without measurements, and its final layout.

    It is transpiled with measurements, which reveal the final layout whatever the transpiler does,
    and are then removed.
    """
    measured = sampler.measured(circuit, "Z" * circuit.circuit.num_qubits)
    isa = sampler.transpiled(measured)
    ends = [instruction for instruction in isa.data if is_measurement(instruction)]
    bits = [isa.find_bit(instruction.clbits[0]).index for instruction in ends]
    places = [isa.find_bit(instruction.qubits[0]).index for instruction in ends]
    bare = QuantumCircuit(isa.num_qubits, global_phase=isa.global_phase)
    barrier = max(i for i, instruction in enumerate(isa.data) if is_barrier(instruction))
    for i, instruction in enumerate(isa.data):
        if i != barrier and not is_measurement(instruction):  # (the barrier separates them)
            qubits = [isa.find_bit(qubit).index for qubit in instruction.qubits]
            bare.append(instruction.operation, qubits)
    return bare, [places[bits.index(bit)] for bit in range(len(bits))]
