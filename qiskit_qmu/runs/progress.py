"""How a run tells what it is doing: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import final

from tqdm import tqdm

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


@contextmanager
def progress_display(*, quiet: bool = False) -> Iterator[RunProgress]:
    """Show what is being done, how much of the whole, and the time left, on standard error.

    Args:
        quiet: Show nothing.
    """
    if quiet:
        yield no_progress
        return
    started, pace = time.monotonic(), Pace()
    if not sys.stderr.isatty():
        shown = ""

        def line(task: str, share: float) -> None:
            nonlocal shown
            left = pace.time_left(time.monotonic() - started, share)
            if task != shown:  # a log needs no line for each epoch
                sys.stderr.write(f"{100 * share:3.0f} %  {task}{left}\n")
                sys.stderr.flush()
            shown = task

        yield line
        return
    bar: tqdm | None = None

    def move(task: str, share: float) -> None:
        nonlocal bar
        if bar is None:  # work that reports nothing has no bar
            bar = tqdm(total=100, bar_format="{percentage:3.0f} % |{bar}| {desc} {postfix}")
        bar.n = round(100 * share)
        elapsed = time.monotonic() - started
        left = pace.time_left(elapsed, share)
        bar.set_postfix_str(f"{tqdm.format_interval(elapsed)}{left}", refresh=False)
        bar.set_description_str(task)

    try:
        yield move
    finally:
        if bar is not None:
            bar.close()


@final
class Pace:
    """Estimates the time left, once there is a pace, and does not let it jump.

    Parts of a run take longer or shorter than their share of the whole, so that the duration that
    follows from elapsed time and share is averaged over the reports, and told in minutes.

    Example:
        >>> from qiskit_qmu.runs.progress import Pace
        >>> pace = Pace()
        >>> pace.time_left(1.0, 0.05), pace.time_left(60.0, 0.2), pace.time_left(90.0, 0.8)
        ('', ', about 4 min left', ', about 3 min left')
    """

    def __init__(self) -> None:
        self._whole: float | None = None

    def time_left(self, elapsed: float, share: float) -> str:
        """Return the time left in words; empty while it is not known.

        Args:
            elapsed: Seconds since the start.
            share: The share of the whole that is done.
        """
        if elapsed < _FIRST_SECONDS or not _FIRST_SHARE <= share < 1:
            return ""
        whole = elapsed / share
        old = whole if self._whole is None else self._whole
        self._whole = old + _WEIGHT_OF_NEW * (whole - old)
        minutes = (self._whole - elapsed) / 60
        return f", about {round(minutes)} min left" if minutes >= 1 else ", under 1 min left"


_FIRST_SECONDS, _FIRST_SHARE = 10.0, 0.1
_WEIGHT_OF_NEW = 0.2
