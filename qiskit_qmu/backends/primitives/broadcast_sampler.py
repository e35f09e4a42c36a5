"""BroadcastSampler: runs circuits on any sampler primitive in few large jobs."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from typing import final

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit.primitives import (
    BaseSamplerV2,
    PrimitiveJob,
    PrimitiveResult,
    SamplerPubLike,
    SamplerPubResult,
)
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends.jobs.errors import JobsPendingError
from qiskit_qmu.backends.jobs.resumable_sampler import ResumableSampler
from qiskit_qmu.backends.noise.noisy_instructions import NoisyInstructions
from qiskit_qmu.backends.primitives.job_pubs import bound
from qiskit_qmu.backends.primitives.measurement import (
    MeasurementRequest,
    SubmittedJob,
    divided,
    measured_in_jobs,
    merged_requests,
)
from qiskit_qmu.backends.primitives.prepared_circuits import PreparedCircuits
from qiskit_qmu.backends.readout.calibration import ReadoutCalibration, calibration_shots
from qiskit_qmu.backends.readout.outcomes import (
    Outcomes,
    RegisterData,
    rows_of,
)
from qiskit_qmu.backends.readout.readout_errors import MITIGATED_ERRORS, ReadoutErrors, mitigated
from qiskit_qmu.backends.transpilation.rotations import RotationCircuit
from qiskit_qmu.backends.transpilation.transpilers import Transpiler
from qiskit_qmu.backends.usage import Usage
from qiskit_qmu.simulator.readout.outcome_probabilities import ExactSamplerPubResult
from qiskit_qmu.simulator.readout.recordings import Recordings


@final
class BroadcastSampler(BaseSamplerV2):
    """Sends circuits to another sampler, transpiled once and merged into few jobs.

    PUBs that share a circuit become one PUB with an array of bindings, which is split if a job
    would have too many executions. Results come back in the order of the PUBs and in the classical
    registers of the original circuits, so callers need not know the layout.

    Args:
        sampler: Runs transpiled circuits. Without shots it must return `OutcomeProbabilities`.
        transpiler: Transpiles circuits for the sampler.
        shots: Measurements of each circuit; None for exact values.
        max_executions_per_job: Largest number of circuits times shots per job; no limit if None.
        readout_mitigation: Correct results for readout errors. PUBs then have quasi-probabilities
            (`OutcomeProbabilities`, some of them negative) instead of counts.
        noisy: Instructions that transpilation must keep; None for none.

    Attributes:
        shots: Measurements of each circuit; None for exact values.
        max_executions_per_job: Largest number of circuits times shots per job.
        readout: The calibration of readout errors; None without mitigation.
        executed: Circuits and shots sent so far.
        jobs_sent: Jobs sent so far.
    """

    def __init__(
        self,
        sampler: BaseSamplerV2,
        transpiler: Transpiler,
        *,
        shots: int | None = None,
        max_executions_per_job: int | None = None,
        readout_mitigation: bool = False,
        noisy: NoisyInstructions | None = None,
    ) -> None:
        if shots is not None:
            _check.at_least(1, shots=shots)
        if max_executions_per_job is not None:
            _check.at_least(shots or 1, max_executions_per_job=max_executions_per_job)
        self.shots = shots
        self.executed = Usage()
        self.jobs_sent = 0
        self._sampler = sampler
        self._prepared = PreparedCircuits(transpiler, noisy)
        self.max_executions_per_job = max_executions_per_job
        self.readout = (
            ReadoutCalibration(self._calibrate, calibration_shots(shots, max_executions_per_job))
            if readout_mitigation
            else None
        )
        self._recordings: Recordings[Outcomes] = Recordings()

    def run(
        self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None
    ) -> PrimitiveJob[PrimitiveResult[SamplerPubResult]]:
        """Sample PUBs (circuit, parameter values, shots).

        Args:
            pubs: Measured circuits, not transpiled, with parameter values.
            shots: Shots of PUBs that do not specify their own; None for the sampler's.

        Returns:
            A job whose result has, per PUB, one field for each classical register.

        Raises:
            InputError: If a circuit is already transpiled or does not fit (raised by the result).
        """
        default = self.shots if shots is None else shots
        coerced = [SamplerPub.coerce(pub, default) for pub in pubs]
        job: PrimitiveJob[PrimitiveResult[SamplerPubResult]] = PrimitiveJob(self._run, coerced)
        job._submit()  # noqa: SLF001  (Qiskit's primitives start their jobs this way)
        return job

    @property
    def default_shots(self) -> int | None:
        """Shots of PUBs and runs that do not specify theirs; None for exact probabilities."""
        return self.shots

    def isa_circuit(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """Return a measured circuit as it is sent, with one parameter per rotation."""
        return self._prepared.transpiled(self._prepared.rotations(circuit))

    def transpiled(self, circuit: RotationCircuit) -> QuantumCircuit:
        """Return a circuit as it is sent; computed once per circuit."""
        return self._prepared.transpiled(circuit)

    def rotations(self, circuit: QuantumCircuit) -> RotationCircuit:
        """Return a circuit with one parameter per rotation; computed once per circuit."""
        return self._prepared.rotations(circuit)

    def measured(self, circuit: RotationCircuit, basis: str) -> RotationCircuit:
        """Return a circuit measured in a Pauli basis; computed once per circuit and basis."""
        return self._prepared.measured(circuit, basis)

    def readout_errors(self, circuit: RotationCircuit) -> dict[str, ReadoutErrors]:
        """Return the readout errors of each register of a circuit; none without mitigation.

        Runs calibration circuits if the measured qubits were not calibrated yet.

        Raises:
            InputError: If its readout cannot be mitigated.
        """
        if self.readout is None:
            return {}
        return self.readout.errors(self._prepared.transpiled(circuit))

    def missing_calibrations(self, circuits: Iterable[QuantumCircuit]) -> int:
        """Return how many readout calibrations a device's circuits still need."""
        return 0 if self.readout is None else self.readout.missing(circuits)

    def is_calibrated(self, circuit: RotationCircuit) -> bool:
        """Return whether mitigation is on and a circuit's readout errors are known."""
        if self.readout is None:
            return False
        return self.readout.is_known(self._prepared.transpiled(circuit))

    def corrected(self, circuit: RotationCircuit, outcomes: Outcomes) -> Outcomes:
        """Return outcomes of a circuit, corrected for readout errors with mitigation."""
        errors = self.readout_errors(circuit)
        return mitigated(outcomes, errors) if errors else outcomes

    def measure(
        self, requests: Sequence[MeasurementRequest], shots: int | None, *, record: bool = False
    ) -> list[Outcomes]:
        """Measure circuits, each at its rows of angles.

        Args:
            requests: The requests; those of the same circuit share a PUB.
            shots: Measurements of each row; None for exact probabilities.
            record: Whether `recording` sees the outcomes.

        Returns:
            The outcomes of each request, not corrected.
        """
        merged, members = merged_requests(requests)
        self._calibrate_ahead(request.circuit for request in merged)
        send = partial(self._send, shots=shots)
        outcomes = measured_in_jobs(merged, shots, self.max_executions_per_job, send)
        results = divided(outcomes, requests, members)
        if record:
            self._recordings.add(results)
        return results

    def recording(self) -> AbstractContextManager[list[Outcomes]]:
        """Collect the outcomes of forward passes inside the block, in order."""
        return self._recordings.recording()

    @contextmanager
    def without_waiting(self) -> Iterator[None]:
        """Send jobs inside the block without waiting; they will be requested again."""
        before = self.jobs_sent, self.executed, self._recordings
        self._recordings = Recordings()
        try:
            with (
                self._sampler.without_waiting()
                if isinstance(self._sampler, ResumableSampler)
                else nullcontext(),
                self.readout.provisional() if self.readout is not None else nullcontext(),
            ):
                yield
        finally:
            self.jobs_sent, self.executed, self._recordings = before

    def count_job(self, circuits: int, shots: int | None) -> None:
        """Count a sent job."""
        self.jobs_sent += 1
        self.executed += Usage(circuits=circuits, executions=circuits * (shots or 0))

    @property
    def keeps_jobs(self) -> bool:
        """Whether jobs go to a service that keeps them, so that they can be sent early."""
        return isinstance(self._sampler, ResumableSampler)

    @property
    def resumable_sampler(self) -> ResumableSampler:
        """The sampler that records jobs.

        Raises:
            InputError: If jobs are not recorded.
        """
        if not isinstance(self._sampler, ResumableSampler):
            raise InputError("this backend does not record its jobs; open it with a ledger")
        return self._sampler

    def close(self) -> None:
        """Stop waiting for jobs."""
        if isinstance(self._sampler, ResumableSampler):
            self._sampler.close()

    def _run(self, pubs: list[SamplerPub]) -> PrimitiveResult[SamplerPubResult]:
        requests = []
        for pub in pubs:
            circuit = self._prepared.rotations(pub.circuit)
            values = pub.parameter_values.as_array(pub.circuit.parameters)
            rows = values.reshape(pub.parameter_values.size, pub.circuit.num_parameters)
            requests.append(MeasurementRequest(circuit, circuit.values(rows)))
        outcomes: list[Outcomes] = [{} for _ in pubs]
        for shots in dict.fromkeys(pub.shots for pub in pubs):  # a job has one number of shots
            chosen = [i for i, pub in enumerate(pubs) if pub.shots == shots]
            own = self.measure([requests[i] for i in chosen], shots, record=True)
            for i, outcome in zip(chosen, own, strict=True):
                outcomes[i] = outcome
        results = [
            self._result(pub, self.corrected(request.circuit, outcome))
            for pub, request, outcome in zip(pubs, requests, outcomes, strict=True)
        ]
        return PrimitiveResult(results, metadata={"version": 2})

    def _result(self, pub: SamplerPub, outcomes: Outcomes) -> SamplerPubResult:
        counted = pub.shots is not None and self.readout is None
        metadata = {"shots": pub.shots, "circuit_metadata": pub.circuit.metadata}
        if self.readout is not None:
            metadata["readout_mitigation"] = MITIGATED_ERRORS
        data = RegisterData(**rows_of(outcomes, 0, pub.shape), shape=pub.shape)
        return (SamplerPubResult if counted else ExactSamplerPubResult)(data, metadata=metadata)

    def _calibrate_ahead(self, circuits: Iterable[RotationCircuit]) -> None:
        """Send readout calibrations of circuits, so that they queue together with them."""
        if self.readout is None or not self.keeps_jobs:
            return
        for circuit in circuits:
            if not circuit.placed and not self.is_calibrated(circuit):
                with self.without_waiting(), suppress(JobsPendingError):
                    self.readout_errors(circuit)

    def _calibrate(self, circuits: Sequence[QuantumCircuit]) -> list[Outcomes]:
        requests = [
            MeasurementRequest(RotationCircuit.on_device(circuit), np.zeros((1, 0)))
            for circuit in circuits
        ]
        return self.measure(requests, calibration_shots(self.shots, self.max_executions_per_job))

    def _send(self, pieces: list[MeasurementRequest], shots: int | None) -> SubmittedJob:
        """Send the pieces of requests that make up one job."""
        pubs = []
        for piece in pieces:
            circuit = self._prepared.transpiled(piece.circuit)
            pubs.append(SamplerPub(circuit, bound(circuit, piece.circuit, piece.angles), shots))
        self.count_job(sum(len(piece.angles) for piece in pieces), shots)
        return self._sampler.run(pubs, shots=shots)
