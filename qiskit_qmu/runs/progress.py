"""How a run tells what it is doing: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
    started = time.monotonic()
    if not sys.stderr.isatty():
        shown = ""

        def line(task: str, share: float) -> None:
            nonlocal shown
            if task != shown:  # a log needs no line for each epoch
                sys.stderr.write(f"{100 * share:3.0f} %  {task}{_time_left(started, share)}\n")
                sys.stderr.flush()
            shown = task

        yield line
        return
    with tqdm(total=100, bar_format="{percentage:3.0f} % |{bar}| {desc} {postfix}") as bar:

        def move(task: str, share: float) -> None:
            bar.n = round(100 * share)
            elapsed = tqdm.format_interval(time.monotonic() - started)
            bar.set_postfix_str(f"{elapsed}{_time_left(started, share)}", refresh=False)
            bar.set_description_str(task)

        yield move


def _time_left(started: float, share: float) -> str:
    """Say how long the rest takes at the pace so far, once there is a pace."""
    if not _FIRST_PACE <= share < 1:
        return ""
    left = (time.monotonic() - started) * (1 - share) / share
    return f", {tqdm.format_interval(left)} left"


_FIRST_PACE = 0.01
