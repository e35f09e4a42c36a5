"""How a run handles its jobs, and how failed calls are retried."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, final

from qiskit_qmu import _check
from qiskit_qmu._errors import RunError
from qiskit_qmu.backends.jobs.errors import BudgetError, TransientError

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


@final
@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Retries and waiting times.

    Attributes:
        attempts: Calls of the service before a transient error becomes final.
        first_pause: Seconds after the first failed call; each pause is twice the one before.
        longest_pause: Seconds of the longest pause.
        poll: Seconds between polls of a job that is not done.
        search_pauses: Pauses in seconds before each search for a job of an earlier process whose id
            was not stored: a service may take a while to list the jobs it accepted.
        sleep: Function that waits for so many seconds. If None, a wait ends as soon as the run is
            stopped.
    """

    attempts: int = 8
    first_pause: float = 1.0
    longest_pause: float = 60.0
    poll: float = 2.0
    search_pauses: tuple[float, ...] = (0.0, 2.0, 5.0)
    sleep: Callable[[float], object] | None = None

    def __post_init__(self) -> None:
        _check.at_least(1, attempts=self.attempts)
        _check.non_negative(
            first_pause=self.first_pause, longest_pause=self.longest_pause, poll=self.poll
        )

    def pause(self, failures: int) -> float:
        """Return the seconds to wait after so many failed calls."""
        return min(self.longest_pause, self.first_pause * 2.0 ** (failures - 1))


def with_retries(call: Callable[[], Result], retry: RetryPolicy) -> Result:
    """Return the result of a call, retried while it raises TransientError.

    Raises:
        RunError: If it failed as often as the policy allows.
    """
    for failures in range(1, retry.attempts + 1):
        try:
            return call()
        except TransientError as error:
            if failures == retry.attempts:
                raise RunError(
                    f"the service failed {failures} times, last with: {error}; nothing is "
                    "lost: resume the run later"
                ) from error
            _log.info("retrying after: %s", error)
            (retry.sleep or time.sleep)(retry.pause(failures))
    raise AssertionError


@final
@dataclass(frozen=True, kw_only=True)
class JobPolicy:
    """How a run handles its jobs.

    Attributes:
        wait: Wait for jobs that are not done; otherwise raise JobsPendingError.
        retry_failed: Resend jobs that failed or were cancelled.
        max_qpu_seconds: Budget of the whole run in QPU seconds; no limit if None.
        retry: Retries and waiting times.
    """

    wait: bool = True
    retry_failed: bool = False
    max_qpu_seconds: float | None = None
    retry: RetryPolicy = field(default_factory=RetryPolicy)

    def __post_init__(self) -> None:
        if self.max_qpu_seconds is not None:
            _check.positive(max_qpu_seconds=self.max_qpu_seconds)

    def check_budget(self, planned: float, spent: float) -> None:
        """Raise BudgetError if a job would exceed the budget.

        Args:
            planned: QPU seconds that it is expected to take.
            spent: QPU seconds of what was sent before.
        """
        most = self.max_qpu_seconds
        if most is not None and spent + planned > most:
            raise BudgetError(
                f"the next job takes {planned:.0f} s and would exceed max_qpu_seconds={most:g}, of "
                f"which {spent:.0f} s are spent; nothing is lost: resume with a larger budget"
            )
