"""LocalJobs: a local sampler as a job service; jobs end with the process."""

from importlib.metadata import version
from typing import Any, Protocol, final
from uuid import uuid4

from qiskit.primitives import BasePrimitiveJob, PrimitiveResult, SamplerPubResult

from qiskit_qmu.backends.jobs.service import JobService, JobState, PubData, Pubs
from qiskit_qmu.runs.job_record import LOCAL

LOST = "it ran in a process that has ended, at no charge"


class LocalRuns(Protocol):
    """A sampler whose noise in each run depends on the run's position."""

    def run(
        self, pubs: Any, *, shots: int | None = None
    ) -> BasePrimitiveJob[PrimitiveResult[SamplerPubResult], Any]:
        """Run PUBs."""
        ...

    def skip(self, runs: int) -> None:
        """Skip the noise of so many runs."""
        ...


@final
class LocalJobs(JobService):
    """Runs jobs on this machine.

    Args:
        name: Name of the device.
        sampler: Runs the jobs.
    """

    def __init__(self, name: str, sampler: LocalRuns) -> None:
        self.name = name
        self.session_id = None
        self._sampler = sampler
        self._runs = 0
        self._jobs: dict[str, BasePrimitiveJob[PrimitiveResult[SamplerPubResult], Any]] = {}

    def settings(self) -> dict[str, Any]:
        """Return the device and the versions."""
        names = ("qiskit", "qiskit-aer", "qiskit-ibm-runtime", "qiskit-qmu")
        return {"device": self.name, "versions": {name: version(name) for name in names}}

    def send(self, pubs: Pubs, shots: int | None, *, tag: str, number: int) -> str:
        """Start a job, with noise that depends on its number only."""
        self._sampler.skip(number - self._runs)
        self._runs = number + 1
        job_id = f"{LOCAL}{uuid4().hex[:12]}"
        self._jobs[job_id] = self._sampler.run(list(pubs), shots=shots)
        return job_id

    def find(self, tag: str) -> str | None:
        """Return None: jobs of other processes are gone."""
        return None

    def state(self, job_id: str) -> JobState:
        """Return "done" for jobs of this process, whose results may take a while."""
        return "done" if job_id in self._jobs else "lost"

    def reason(self, job_id: str) -> str:
        """Return why jobs of other processes are lost; failures in this process raise."""
        return "" if job_id in self._jobs else LOST

    def result(self, job_id: str) -> list[PubData]:
        """Return a job's results."""
        return [dict(result.data.items()) for result in self._jobs.pop(job_id).result()]

    def seconds(self, job_id: str) -> float | None:
        """Return 0: local jobs are free."""
        return 0.0

    def cancel(self, job_id: str) -> None:
        """Forget a job."""
        self._jobs.pop(job_id, None)

    def close(self) -> None:
        """Do nothing: there are no resources to release."""
