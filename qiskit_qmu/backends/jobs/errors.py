"""What may keep a run from going on; in each case everything that was done is kept."""

from qiskit_qmu._errors import RunError
from qiskit_qmu.runs.errors import JobsPendingError
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
    """Something that may pass by itself, such as a busy service; trying again is worth it."""


class JobFailedError(RunError):
    """The service did not finish a job."""


class BudgetError(RunError):
    """The next job would cost more than is left of the budget."""


class DivergedError(RunError):
    """A resumed run asks for other circuits than it did before."""


def failure_of(job: JobRecord) -> JobFailedError:
    """Return the error that says how a job ended."""
    reason = " ".join(job.reason.split()) or "no reason given"
    again = "with failed jobs sent again"
    if job.state == "lost":
        again = "and sends this one again"
    return JobFailedError(
        f"job {job.job_id} was not done: {job.state}, {reason}; the other results are kept, and "
        f"the run can be resumed {again}"
    )
