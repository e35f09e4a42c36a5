"""Errors that stop a run; everything done so far is kept."""

from qiskit_qmu._errors import JobsPendingError, RunError
from qiskit_qmu.runs.job_record import JobRecord

__all__ = [
    "BudgetError",
    "DivergedError",
    "JobFailedError",
    "JobsPendingError",
    "TransientError",
    "failure_of",
]


class TransientError(Exception):
    """A temporary problem, such as a busy service; worth retrying."""


class JobFailedError(RunError):
    """The service did not finish a job."""


class BudgetError(RunError):
    """The next job would exceed the remaining budget."""


class DivergedError(RunError):
    """A resumed run requests different circuits than before."""


def failure_of(job: JobRecord) -> JobFailedError:
    """Return the error that reports how a job ended."""
    reason = " ".join(job.reason.split()) or "no reason given"
    again = "with failed jobs sent again"
    if job.state == "lost":
        again = "and sends this one again"
    return JobFailedError(
        f"job {job.job_id} was not done: {job.state}, {reason}; the other results are kept, and "
        f"the run can be resumed {again}"
    )
