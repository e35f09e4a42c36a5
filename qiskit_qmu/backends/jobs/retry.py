"""Trying again, with longer and longer pauses, what may pass by itself."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, final

from qiskit_qmu import _check
from qiskit_qmu._errors import RunError
from qiskit_qmu.backends.jobs.errors import TransientError

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


@final
@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for what.

    Attributes:
        attempts: Calls of the service before an error that may pass is given up.
        first_pause: Seconds after the first failed call; each pause is twice the one before.
        longest_pause: Seconds of the longest pause.
        poll: Seconds between two looks at a job that is not done.
        search_pauses: Pauses in seconds before each search for a job of an earlier process whose id
            was not stored: a service may need a while to list what it accepted.
        sleep: Waits so many seconds. Where None, a wait ends as soon as the run is stopped.
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


def with_retries(call: Callable[[], Result], patience: Patience) -> Result:
    """Return what a call returns, as soon as it does not fail with a TransientError.

    Raises:
        RunError: If it failed as often as patience allows.
    """
    for failures in range(1, patience.attempts + 1):
        try:
            return call()
        except TransientError as error:
            if failures == patience.attempts:
                raise RunError(
                    f"the service failed {failures} times, the last time with: {error}; nothing is "
                    "lost, resume the run later"
                ) from error
            _log.info("trying again after: %s", error)
            (patience.sleep or time.sleep)(patience.pause(failures))
    raise AssertionError
