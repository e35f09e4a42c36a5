"""RuntimeJobs: the job queue of an IBM device."""

import warnings
from collections.abc import Callable
from typing import Any, TypeVar, final

import numpy as np
from qiskit.primitives import BitArray

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.backends.jobs.errors import TransientError
from qiskit_qmu.backends.jobs.service import JobService, JobState, PubData, Pubs
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.backends.runtime.errors import one_line, translated
from qiskit_qmu.backends.runtime.execution_mode import ExecutionMode
from qiskit_qmu.backends.runtime.isa import check_isa
from qiskit_qmu.backends.runtime.primitives import PrimitiveRunner, shots_of
from qiskit_qmu.backends.runtime.service import token_of
from qiskit_qmu.backends.versions import package_versions

Result = TypeVar("Result")

_STATES: dict[str, JobState] = {
    "INITIALIZING": "queued",
    "QUEUED": "queued",
    "RUNNING": "running",
    "DONE": "done",
    "ERROR": "failed",
    "CANCELLED": "cancelled",
}
_UNKNOWN_JOB = "the job is unknown to the service; it was deleted or belongs to another account"


@final
class RuntimeJobs(JobService):
    """Sends jobs to an IBM device and fetches their results.

    Args:
        device: IBM's device.
        options: Mode, error suppression and mitigation, tags.

    Attributes:
        name: Name of the device.

    Raises:
        InputError: If IBM's library rejects an option.
    """

    def __init__(self, device: Any, options: DeviceOptions) -> None:
        self.name: str = device.name
        self._device, self._service = device, device.service
        self._secret = token_of(device.service)
        self._mode = ExecutionMode(device, options.mode, options.max_time)
        self._runner = PrimitiveRunner(options)
        self._level = options.resilience_level
        self._jobs: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"RuntimeJobs({self.name!r})"

    @property
    def session_id(self) -> str | None:
        """Id of the session or batch that jobs go to; None before it is opened."""
        return self._mode.session_id

    @session_id.setter
    def session_id(self, value: str | None) -> None:
        self._mode.session_id = value

    def settings(self) -> dict[str, Any]:
        """Return device, mode, primitive, options and versions, as JSON values; no secrets."""
        return {
            "device": self.name,
            "mode": self._mode.kind,
            **({} if self._level is None else {"mitigation": f"resilience level {self._level}"}),
            **self._runner.settings(),
            "versions": package_versions(),
        }

    def send(self, pubs: Pubs, shots: int | None, *, tag: str, number: int) -> str:
        """Send a job; see `JobService`.

        Raises:
            InputError: If a circuit does not match the device's ISA, or there are no shots.
        """
        if shots is None:
            raise InputError("jobs on a device need shots")
        for pub in pubs:
            check_isa(pub.circuit, self._device.target)
        with translated(self._secret):
            job = self._mode.send(lambda mode: self._runner.run(mode, pubs, shots, tag))
            job_id: str = job.job_id()
        self._jobs[job_id] = job
        return job_id

    def find(self, tag: str) -> str | None:
        """Return the id of the job that was sent with a tag; None if there is none."""
        with translated(self._secret):
            instance = getattr(self._device, "_instance", None)
            found = self._service.jobs(
                limit=1, job_tags=[tag], backend_name=self.name, instance=instance, descending=False
            )
        for job in found:
            self._jobs[job.job_id()] = job
        return found[0].job_id() if found else None

    def state(self, job_id: str) -> JobState:
        """Return a job's state; one that the service does not know counts as failed."""
        status = self._ask(job_id, lambda job: str(job.status()))
        return "failed" if status is None else _STATES.get(status, "queued")

    def reason(self, job_id: str) -> str:
        """Return why a job failed, in one line; "" if it did not."""
        if self.state(job_id) not in ("failed", "cancelled"):
            return ""
        message = self._ask(job_id, lambda job: job.error_message() or "")
        if message is None:
            return _UNKNOWN_JOB
        return one_line(message, self._secret).removeprefix(f"Job {job_id} has failed: ")

    def result(self, job_id: str) -> list[PubData]:
        """Return a finished job's results, one for each PUB, in their shapes."""
        result = self._ask(job_id, _results)
        if result is None:
            raise InputError(f"the service does not know job {job_id}")
        self._jobs.pop(job_id, None)
        return result

    def seconds(self, job_id: str) -> float | None:
        """Return the QPU seconds charged for a finished job; None if unknown."""
        metrics = self._ask(job_id, lambda job: job.metrics())
        usage = (metrics or {}).get("usage") or {}
        if usage.get("status") == "pending":
            return None
        for name in ("qpu_charge_time_seconds", "quantum_seconds", "seconds"):
            if usage.get(name) is not None:
                return float(usage[name])
        return None

    def cancel(self, job_id: str) -> None:
        """Cancel a job unless it is done."""
        from qiskit_ibm_runtime.exceptions import RuntimeInvalidStateError  # (slow to load)

        def cancel(job: Any) -> None:
            try:
                job.cancel()
            except RuntimeInvalidStateError:
                return  # it has ended already

        self._ask(job_id, cancel)

    def close(self) -> None:
        """Close the session or batch; jobs already sent run to completion.

        If the service does not close it now, it expires by itself; a warning says so.
        """
        try:
            with translated(self._secret):
                self._mode.close()
        except (RunError, TransientError) as error:
            message = (
                f"{self._mode.kind} {self.session_id} was not closed and will expire by itself"
            )
            warnings.warn(f"{message}: {error}", RuntimeWarning, stacklevel=2)

    def _ask(self, job_id: str, question: Callable[[Any], Result]) -> Result | None:
        """Query a job; None if the service does not know it."""
        from qiskit_ibm_runtime.exceptions import RuntimeJobNotFound  # (slow to load)

        with translated(self._secret):
            try:
                if job_id not in self._jobs:
                    self._jobs[job_id] = self._service.job(job_id)
                return question(self._jobs[job_id])
            except RuntimeJobNotFound:
                return None


def _results(job: Any) -> list[PubData]:
    shots = shots_of(job.tags or ())
    return [_data(pub_result, shots) for pub_result in job.result()]


def _data(pub_result: Any, shots: int | None) -> PubData:
    """Return one PUB's registers, or expectation values with their standard errors."""
    fields = dict(pub_result.data.items())
    if all(isinstance(value, BitArray) for value in fields.values()):
        # Twirling fills up its last randomization; shots beyond those requested are dropped.
        return {
            name: bits.slice_shots(range(shots or bits.num_shots)) for name, bits in fields.items()
        }
    return {name: np.asarray(fields[name], dtype=np.float64) for name in ("evs", "stds")}
