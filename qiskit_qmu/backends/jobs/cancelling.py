"""How the jobs of a run are taken back."""

from collections.abc import Sequence

from qiskit_qmu.backends.jobs.retrying_service import RetryingService
from qiskit_qmu.runs.job_record import JobRecord
from qiskit_qmu.runs.ledger import JobLedger


def cancel_jobs(
    ledger: JobLedger, service: RetryingService, search_pauses: Sequence[float]
) -> list[str]:
    """Take back all jobs that are not done; return the ids of those.

    Args:
        ledger: The run's jobs; how each ended is recorded there.
        service: Where they were sent.
        search_pauses: Pauses in seconds before each search for a job whose id was not stored.
    """
    jobs = [job for job in ledger.jobs() if job.state in ("planned", "sent")]
    cancelled = [_take_back(job, ledger, service, search_pauses) for job in jobs]
    return [job_id for job_id in cancelled if job_id is not None]


def _take_back(
    job: JobRecord, ledger: JobLedger, service: RetryingService, search_pauses: Sequence[float]
) -> str | None:
    """Cancel a job and return its id; None if it was never sent or has already ended."""
    job_id = job.job_id or service.find(job.tag, tuple(search_pauses))
    if job_id is None:
        return None
    if job.job_id is None:
        ledger.sent(job.number, job_id)
    if service.state(job_id) not in ("queued", "running"):
        return None
    service.cancel(job_id)
    # It may have ended just before, or end only after a while: the service knows.
    state = service.state(job_id)
    if state == "cancelled":
        seconds = service.seconds(job_id)
        reason = "cancelled by the user"
        ledger.finished(job.number, state, reason=reason, seconds=seconds)
    return job_id if state in ("queued", "running", "cancelled") else None
