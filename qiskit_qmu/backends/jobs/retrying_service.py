"""RetryingService: a service whose calls are retried until the run is stopped."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Event
from typing import TypeVar, final

from qiskit_qmu.backends.jobs.errors import JobsPendingError
from qiskit_qmu.backends.jobs.policy import RetryPolicy, with_retries
from qiskit_qmu.backends.jobs.service import JobService, JobState, PubData

Result = TypeVar("Result")


@final
class RetryingService:
    """Retries calls of a service on transient errors, with pauses that end when it is stopped.

    Args:
        service: The service.
        policy: Number of attempts and waiting times.
    """

    def __init__(self, service: JobService, policy: RetryPolicy) -> None:
        self._service = service
        self._stopped = Event()
        self._sleep = policy.sleep
        self._policy = replace(policy, sleep=self.pause)

    def stop(self) -> None:
        """End all pauses, including future ones."""
        self._stopped.set()

    def check_open(self) -> None:
        """Raise JobsPendingError if it was stopped."""
        if self._stopped.is_set():
            raise JobsPendingError("the run was stopped")

    def pause(self, seconds: float) -> None:
        """Wait, at most until stopped."""
        (self._sleep or self._stopped.wait)(seconds)
        self.check_open()

    def ask(self, call: Callable[[], Result]) -> Result:
        """Return the result of a call, retried on transient errors."""
        return with_retries(call, self._policy)

    def state(self, job_id: str) -> JobState:
        """Return a job's state."""
        return self.ask(partial(self._service.state, job_id))

    def reason(self, job_id: str) -> str:
        """Return why a job failed."""
        return self.ask(partial(self._service.reason, job_id))

    def result(self, job_id: str) -> list[PubData]:
        """Return a finished job's results."""
        return self.ask(partial(self._service.result, job_id))

    def seconds(self, job_id: str) -> float | None:
        """Return the QPU seconds charged for a finished job."""
        return self.ask(partial(self._service.seconds, job_id))

    def cancel(self, job_id: str) -> None:
        """Cancel a job unless it is done."""
        self.ask(partial(self._service.cancel, job_id))

    def find(self, tag: str, pauses: tuple[float, ...]) -> str | None:
        """Return the id of the job with a tag, searching after each of the pauses."""
        for pause in pauses:
            self.pause(pause)
            found = self.ask(partial(self._service.find, tag))
            if found is not None:
                return found
        return None
