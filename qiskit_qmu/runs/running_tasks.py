"""What running tasks are doing: the processes that run them write files, the display reads them."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import final

from qiskit_qmu._files import make_folder
from qiskit_qmu.runs.progress import RunProgress, time_left_in_words

NOTES = ".qmu-running"
"""Name of the folder of the notes, in the folder of a run or a sweep."""

_SECONDS = 1.0
_FIRST_SHARE = 0.1


@final
@dataclass(frozen=True, kw_only=True)
class TaskNote:
    """What a running task is doing.

    Attributes:
        name: Of the task.
        alike: The same for tasks that take about as long while they do the same.
        doing: What it is doing.
        share: The share of it that is done, 0 where that is not known.
    """

    name: str
    alike: str = ""
    doing: str = ""
    share: float = 0.0


@contextmanager
def note_folder(folder: Path) -> Iterator[Path]:
    """Make a folder of notes and remove it after the block, with what a killed process left.

    Yields:
        Its absolute path, which other processes can be given.
    """
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield make_folder(folder).absolute()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def noted(
    file: Path, note: TaskNote, clock: Callable[[], float] = time.monotonic
) -> Iterator[RunProgress]:
    """Keep a file up to date with what a task is doing, and remove it after the block.

    Where its folder is missing, as on a machine of a cluster without shared disk, nothing is
    written.

    Args:
        file: The file.
        note: The task.
        clock: Returns seconds.

    Yields:
        What the task calls with what it is doing and the share that is done.
    """
    told, written = note, -float("inf")

    def tell(doing: str, share: float) -> None:
        nonlocal told, written
        if doing == told.doing and clock() < written + _SECONDS:
            return
        told, written = replace(note, doing=doing, share=share), clock()
        unfinished = file.with_suffix(".new")
        with suppress(OSError):  # it is a comfort only
            unfinished.write_text(json.dumps(asdict(told)), encoding="utf-8")
            unfinished.replace(file)

    try:
        yield tell
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)


def read_notes(folder: Path) -> dict[str, TaskNote]:
    """Return the notes of a folder by file name; none where there is no folder."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        with suppress(OSError, ValueError, TypeError):  # it was removed meanwhile
            found[path.name] = TaskNote(**json.loads(path.read_text(encoding="utf-8")))
    return found


@final
class RunningLines:
    """A line for each running task: its name, what it is doing and the time left.

    The time left follows from the share that is done, or else from how long the last task took
    that was alike.

    Args:
        folder: The folder of the notes.
        clock: Returns seconds.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._running: dict[str, _Seen] = {}
        self._durations: dict[tuple[str, str], float] = {}

    def texts(self) -> list[str]:
        """Return the lines, of the task that was seen first at first."""
        notes, now = read_notes(self._folder), self._clock()
        for name in self._running.keys() - notes.keys():
            gone = self._running.pop(name)
            self._durations[gone.note.alike, gone.note.doing] = now - gone.first
        for name, note in notes.items():
            seen = self._running.get(name)
            if seen is None or seen.note != note:
                first = now if seen is None else seen.first
                self._running[name] = _Seen(note=note, first=first, last=now)
        return [self._text(seen, now) for seen in self._running.values()]

    def _text(self, seen: "_Seen", now: float) -> str:
        note = seen.note
        if note.share >= _FIRST_SHARE:
            whole: float | None = (seen.last - seen.first) / note.share
        else:
            whole = self._durations.get((note.alike, note.doing))
        left = "" if whole is None else time_left_in_words(seen.first + whole - now)
        done = f", {100 * note.share:.0f} %" if note.share else ""
        return f"{note.name}: {note.doing}{done}{left}"


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A note, when the task was first seen, and when the note last changed."""

    note: TaskNote
    first: float
    last: float
