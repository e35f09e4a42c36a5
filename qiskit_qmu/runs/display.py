"""Shows progress on standard error: bars on a terminal, plain lines elsewhere."""

import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock, Thread
from typing import final

from tqdm import tqdm

from qiskit_qmu.runs.progress import Pace, RunProgress, no_progress
from qiskit_qmu.runs.running_tasks import RunningLines

_SECONDS = 0.5
_LEAST_SHARE = 0.01


@contextmanager
def progress_display(*, quiet: bool = False, running: Path | None = None) -> Iterator[RunProgress]:
    """Show what is being done, how much of the whole, and the time left, on standard error.

    Args:
        quiet: Show nothing.
        running: Folder of notes of running tasks, see `running_tasks`, each of which has a line of
            its own on a terminal.
    """
    if quiet:
        yield no_progress
    elif not sys.stderr.isatty():
        yield LogLines()
    else:
        bars = Bars(None if running is None else RunningLines(running))
        with _repeated(bars):
            yield bars.move


@final
class LogLines:
    """A line for each new task; where only its numbers are new, one for each hundredth."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._pace = Pace()
        self._task = self._words = ""
        self._next = 0.0

    def __call__(self, task: str, share: float) -> None:
        """Write a line, unless the log needs none."""
        elapsed = time.monotonic() - self._started
        self._pace.report(elapsed, share)
        words = re.sub(r"\d+", "", task)
        if task == self._task or (words == self._words and share < self._next):
            return
        sys.stderr.write(f"{100 * share:3.0f} %  {task}{self._pace.time_left(elapsed)}\n")
        sys.stderr.flush()
        self._task, self._words, self._next = task, words, share + _LEAST_SHARE


@final
class Bars:
    """A bar of the whole, and below it a line for each running task.

    Args:
        running: The lines; None for the bar alone.
    """

    def __init__(self, running: RunningLines | None) -> None:
        self._running = running
        self._started = time.monotonic()
        self._pace = Pace()
        self._whole: tqdm | None = None
        self._lines: list[tqdm] = []
        self._told: tuple[str, float] | None = None
        self._lock = Lock()

    def move(self, task: str, share: float) -> None:
        """Show what is being done and the share that is done."""
        with self._lock:
            self._told = task, share
            self._pace.report(time.monotonic() - self._started, share)
            self._draw(task, share)

    def refresh(self) -> None:
        """Show the time and the running tasks as they are now."""
        with self._lock:
            if self._told is not None:  # work that reports nothing has no bar
                self._draw(*self._told)

    def close(self) -> None:
        """Leave the bar as it is, without the lines."""
        for bar in (*self._lines, *filter(None, [self._whole])):
            bar.close()

    def _draw(self, task: str, share: float) -> None:
        if self._whole is None:
            self._whole = tqdm(total=100, bar_format="{percentage:3.0f} % |{bar}| {desc} {postfix}")
        elapsed = time.monotonic() - self._started
        left = self._pace.time_left(elapsed)
        self._whole.n = round(100 * share)
        self._whole.set_postfix_str(f"{tqdm.format_interval(elapsed)}{left}", refresh=False)
        self._whole.set_description_str(task)
        texts = [] if self._running is None else self._running.texts()
        while len(self._lines) > len(texts):
            self._lines.pop().close()
        while len(self._lines) < len(texts):
            place = len(self._lines) + 1
            self._lines.append(tqdm(bar_format="{desc}", position=place, leave=False))
        width = shutil.get_terminal_size().columns - 1
        for line, text in zip(self._lines, texts, strict=True):
            line.set_description_str(f"  {text}"[:width])


@contextmanager
def _repeated(bars: Bars) -> Iterator[None]:
    """Refresh bars twice a second inside the block, then close them."""
    ended = Event()

    def refresh() -> None:
        while not ended.wait(_SECONDS):
            bars.refresh()

    thread = Thread(target=refresh, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        bars.close()
