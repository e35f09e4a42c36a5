"""How a run tells what it is doing: a callable that it calls with a task and a share."""

from collections.abc import Callable
from typing import final

RunProgress = Callable[[str, float], None]
"""Called with what is being done and the share of the whole that is done, 0 to 1."""


def no_progress(_task: str, _share: float) -> None:
    """Show nothing."""


def part_of(progress: RunProgress, start: float, end: float) -> RunProgress:
    """Return the progress of a part of the work.

    Args:
        progress: That of the whole.
        start: The share of the whole at which the part starts.
        end: The share at which it ends.

    Example:
        >>> from qiskit_qmu.runs.progress import part_of
        >>> second_half = part_of(lambda task, share: print(task, share), 0.5, 1.0)
        >>> second_half("method ga", 0.5)
        method ga 0.75
    """

    def report(task: str, share: float) -> None:
        progress(task, start + share * (end - start))

    return report


def part_of_seeds(progress: RunProgress, number: int, count: int) -> RunProgress:
    """Return the progress of one seed of several, which says which it is."""
    own = part_of(progress, number / count, (number + 1) / count)
    prefix = f"seed {number + 1} of {count}: " if count > 1 else ""
    return lambda task, share: own(prefix + task, share)


@final
class Pace:
    """Estimates the time left, once there is a pace, and does not let it jump.

    Parts of a run take longer or shorter than their share of the whole, so that the duration that
    follows from elapsed time and share is averaged over the reports, and told in minutes.

    Example:
        >>> from qiskit_qmu.runs.progress import Pace
        >>> pace = Pace()
        >>> pace.report(60.0, 0.2)
        >>> pace.time_left(60.0), pace.time_left(120.0)
        (', about 4 min left', ', about 3 min left')
    """

    def __init__(self) -> None:
        self._whole: float | None = None

    def report(self, elapsed: float, share: float) -> None:
        """Take note of how much is done.

        Args:
            elapsed: Seconds since the start.
            share: The share of the whole that is done.
        """
        if elapsed < _FIRST_SECONDS or not _FIRST_SHARE <= share < 1:
            self._whole = None
            return
        whole = elapsed / share
        old = whole if self._whole is None else self._whole
        self._whole = old + _WEIGHT_OF_NEW * (whole - old)

    def time_left(self, elapsed: float) -> str:
        """Return the time left in words; empty while it is not known."""
        return "" if self._whole is None else time_left_in_words(self._whole - elapsed)


_FIRST_SECONDS, _FIRST_SHARE = 10.0, 0.1
_WEIGHT_OF_NEW = 0.2


def time_left_in_words(seconds: float) -> str:
    """Return the time left as the end of a line."""
    minutes = seconds / 60
    return f", about {round(minutes)} min left" if minutes >= 1 else ", under 1 min left"
