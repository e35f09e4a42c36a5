"""What may keep a run from going on; in each case everything that was done is kept."""

from qiskit_qmu._errors import RunError
from qiskit_qmu.runs.errors import JobsPendingError

__all__ = [
    "BudgetError",
    "DivergedError",
    "JobFailedError",
    "JobsPendingError",
    "TransientError",
]


class TransientError(Exception):
    """Something that may pass by itself, such as a busy service; trying again is worth it."""


class JobFailedError(RunError):
    """The service did not finish a job."""


class BudgetError(RunError):
    """The next job would cost more than is left of the budget."""


class DivergedError(RunError):
    """A run that was picked up again asks for other circuits than it did before."""
