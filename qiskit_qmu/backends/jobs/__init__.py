"""Jobs of a run: sent once, results stored as they arrive, resumed after a failure."""

from qiskit_qmu._errors import RunError
from qiskit_qmu.backends.jobs.errors import (
    BudgetError,
    DivergedError,
    JobFailedError,
    JobsPendingError,
    TransientError,
)
from qiskit_qmu.backends.jobs.folder import JobFolder
from qiskit_qmu.backends.jobs.policy import JobPolicy, RetryPolicy
from qiskit_qmu.backends.jobs.resumable_sampler import ResumableSampler
from qiskit_qmu.backends.jobs.service import JobService, JobState, PubData, Pubs
from qiskit_qmu.runs.job_record import JobRecord
from qiskit_qmu.runs.ledger import JobLedger
from qiskit_qmu.runs.rebuilding import rebuild_ledger

__all__ = [
    "BudgetError",
    "DivergedError",
    "JobFailedError",
    "JobFolder",
    "JobPolicy",
    "JobRecord",
    "JobService",
    "JobState",
    "JobsPendingError",
    "ResumableSampler",
    "JobLedger",
    "RetryPolicy",
    "PubData",
    "Pubs",
    "RunError",
    "TransientError",
    "rebuild_ledger",
]
