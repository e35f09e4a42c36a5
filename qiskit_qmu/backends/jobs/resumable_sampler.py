"""ResumableSampler: records each job, sends it once, and never loses a result."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import NoReturn, TypeVar, final

from qiskit.primitives import (
    BaseSamplerV2,
    SamplerPubLike,
)
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.jobs.cancelling import cancel_jobs
from qiskit_qmu.backends.jobs.digest import job_digest
from qiskit_qmu.backends.jobs.errors import (
    DivergedError,
    JobFailedError,
    JobsPendingError,
    failure_of,
)
from qiskit_qmu.backends.jobs.folder import JobFolder
from qiskit_qmu.backends.jobs.policy import JobPolicy
from qiskit_qmu.backends.jobs.retrying_service import RetryingService
from qiskit_qmu.backends.jobs.sent_job import SentJob
from qiskit_qmu.backends.jobs.service import JobService, JobState, PubData, Pubs
from qiskit_qmu.backends.transpilation.timing import quick_seconds
from qiskit_qmu.runs.job_record import JobRecord
from qiskit_qmu.runs.ledger import JobLedger, now

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


@final
class ResumableSampler(BaseSamplerV2):
    """Runs the jobs of one run on a service; the run can be stopped and resumed at any moment.

    A resumed run repeats its work from the start. Its jobs are looked up by their content:
    results that have arrived are read from their files, jobs already sent are waited for, and only
    new jobs are sent. So any work can be resumed, a training loop as well as one forward pass, as
    long as it is deterministic given its results.

    Args:
        service: Receives the jobs.
        folder: Where jobs are recorded; None keeps nothing beyond this process.
        policy: Whether to wait, how long, and how much to spend.

    Attributes:
        service: Receives the jobs.
        ledger: The run's jobs.
    """

    def __init__(
        self,
        service: JobService,
        folder: JobFolder | None = None,
        policy: JobPolicy | None = None,
    ) -> None:
        self.service = service
        self.ledger = JobLedger(":memory:") if folder is None else folder.ledger
        self._folder = folder
        self._policy = policy or JobPolicy()
        self._calls = RetryingService(service, self._policy.retry)
        self._submits_only = False
        self._asked: Counter[str] = Counter()
        self._known = {(job.digest, job.occurrence) for job in self.ledger.jobs()}
        self._own: set[int] = set()
        self._sending = Lock()
        service.session_id = self.ledger.note("session")

    def __deepcopy__(self, memo: object) -> "ResumableSampler":
        return self

    def __reduce__(self) -> NoReturn:
        raise InputError(
            f"a model on {self.service.name} cannot be pickled, as its jobs belong to this "
            "process; save the model or its state_dict, and open the backend again"
        )

    def run(self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None) -> SentJob:
        """Send PUBs of transpiled circuits as one job, unless this run already did.

        Args:
            pubs: Measured circuits with parameter values.
            shots: Measurements of each circuit.

        Returns:
            The submitted job.

        Raises:
            BudgetError: If it would exceed the remaining budget.
            DivergedError: If it is new, although the resumed run has not yet repeated all earlier
                requests.
            RunError: If the service stays unreachable.
        """
        coerced = [SamplerPub.coerce(pub, shots) for pub in pubs]
        number = self.send(coerced, shots)
        return SentJob(self.ledger, number, self.collect, self.service.cancel)

    def send(self, pubs: Pubs, shots: int | None) -> int:
        """Send a job, unless this run already did; see `run`.

        Args:
            pubs: PUBs for a sampler or for an estimator.
            shots: Measurements of each circuit.

        Returns:
            The job's number in the ledger.
        """
        digest = job_digest(pubs, shots)
        # The jobs of one primitive may be sent by several threads, and by none once it is closed.
        with self._sending:
            self._calls.check_open()
            return self._send_once(pubs, shots, digest)

    def _send_once(self, pubs: Pubs, shots: int | None, digest: str) -> int:
        occurrence = self._asked[digest]
        self._asked[digest] += 1
        self._known.discard((digest, occurrence))
        job = self.ledger.last_attempt(digest, occurrence)
        if job is None and self._known:
            raise DivergedError(
                f"the resumed run differs from the original one: it does not request "
                f"{len(self._known)} jobs that were sent; model, settings or versions have changed"
            )
        before = job is not None
        if job is None or self._sends_again(job):
            attempt = 0 if job is None else job.attempt + 1
            job, before = self._plan(pubs, shots, digest, occurrence, attempt), False
        if job.job_id is None:
            self._send(job, pubs, shots, self._searches(planned_before=before))
        return job.number

    def collect(self, number: int) -> list[PubData]:
        """Return a job's results, from their file or from the service.

        Raises:
            JobsPendingError: If it is not done and the policy is not to wait.
            JobFailedError: If it failed or was cancelled.
        """
        job = self.ledger.job(number)
        if job.state == "done" and self._folder is not None:
            try:
                return self._folder.load(job)
            except InputError as error:
                _log.warning("fetching the results of job %s again: %s", job.job_id, error)
        if job.state in ("failed", "cancelled"):
            raise failure_of(job)
        while not self._submits_only:
            self._calls.check_open()
            arrived = self._arrived(job)
            if arrived is not None:
                return arrived
            if not self._policy.wait:
                break
            self._calls.pause(self._policy.retry.poll)
        raise JobsPendingError(f"job {job.job_id} is not done")

    def refresh(self) -> None:
        """Fetch results that have arrived, and record jobs that ended without."""
        for job in self.ledger.jobs():
            if job.state == "sent":
                try:
                    self._arrived(job)
                except JobFailedError:
                    continue

    def cancel(self) -> list[str]:
        """Cancel all jobs that are not done; return their ids."""
        return cancel_jobs(self.ledger, self._calls, self._policy.retry.search_pauses)

    @contextmanager
    def without_waiting(self) -> Iterator[None]:
        """Send jobs inside the block without waiting; they will be requested again."""
        before = self._asked.copy(), self._submits_only
        self._submits_only = True
        try:
            yield
        finally:
            self._asked, self._submits_only = before

    def close(self) -> None:
        """Stop waiting; jobs already sent continue, and no more are sent."""
        self._calls.stop()
        # Another process may take over the folder, so finish sending the current job first.
        with self._sending:
            try:
                self.service.close()
            finally:
                if self._folder is not None:
                    self._folder.close()

    def _sends_again(self, job: JobRecord) -> bool:
        """Return whether a recorded job must be sent again.

        The service is also asked about jobs that ended: their state may have changed, or they were
        queried with another account.
        """
        if job.job_id is None or job.number in self._own:
            return False
        if job.state == "done" and (self._folder is None or self._folder.holds(job)):
            return False
        state = self._calls.state(job.job_id)
        if state in ("queued", "running", "done"):
            if job.state not in ("sent", "done"):
                self.ledger.sent(job.number, job.job_id)
            return False
        if job.state == "sent":
            self._ended(job, job.job_id, state)
        return state == "lost" or self._policy.retry_failed

    def _plan(
        self, pubs: Pubs, shots: int | None, digest: str, occurrence: int, attempt: int
    ) -> JobRecord:
        circuits = sum(pub.parameter_values.size for pub in pubs)
        planned = quick_seconds(circuits * (shots or 0))
        self._policy.check_budget(planned, self.ledger.spent_seconds())
        return self.ledger.plan(
            digest,
            occurrence,
            attempt,
            circuits=circuits,
            shots=shots,
            planned_seconds=planned,
        )

    def _searches(self, *, planned_before: bool) -> tuple[float, ...]:
        """Return the pauses before each search for a job that may already have been sent.

        A job recorded before this process started may have been sent just before the earlier one
        ended. An unrecorded one may have been sent if an old copy of the ledger was restored.
        """
        if planned_before:
            return self._policy.retry.search_pauses
        return () if self.ledger.is_new else (0.0,)

    def _send(
        self, job: JobRecord, pubs: Pubs, shots: int | None, searches: tuple[float, ...]
    ) -> None:
        """Send a planned job, unless the service already has it."""
        pauses = searches

        def send() -> str:
            nonlocal pauses
            found = self._calls.find(job.tag, pauses)
            if found is not None:
                return found
            if searches:
                self._policy.check_budget(job.planned_seconds, self.ledger.spent_seconds())
            # A call that failed may still have reached the service.
            pauses = self._policy.retry.search_pauses
            return self.service.send(pubs, shots, tag=job.tag, number=job.position)

        sent = self.ledger.sent(job.number, self._calls.ask(send))
        self._own.add(job.number)
        _log.info(
            "job %d sent to %s as %s: %d circuits, %s shots",
            job.number,
            self.service.name,
            sent.job_id,
            job.circuits,
            job.shots,
        )
        if self.service.session_id is not None:
            self.ledger.set_note("session", self.service.session_id)

    def _arrived(self, job: JobRecord) -> list[PubData] | None:
        """Fetch and store a sent job's results; None if it is not done."""
        job_id = job.job_id
        if job_id is None:  # (only jobs that were sent are asked for)
            raise AssertionError
        state = self._calls.state(job_id)
        if state in ("queued", "running"):
            return None
        if state in ("failed", "cancelled", "lost"):
            raise failure_of(self._ended(job, job_id, state))
        results = self._calls.result(job_id)
        seconds = self._calls.seconds(job_id)
        if self._folder is not None:
            done = replace(job, state="done", reason="", seconds=seconds, finished_at=now())
            self._folder.save(done, results, self.service.settings())
        self.ledger.finished(job.number, "done", seconds=seconds)
        _log.info("job %d is done", job.number)
        return results

    def _ended(self, job: JobRecord, job_id: str, state: JobState) -> JobRecord:
        """Record that a job ended without results, why, and its charged time."""
        reason = self._calls.reason(job_id)
        seconds = 0.0 if state == "lost" else self._calls.seconds(job_id)
        return self.ledger.finished(job.number, state, reason=reason, seconds=seconds)
