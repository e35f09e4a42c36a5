"""RequestLog: the deletion requests of a model and of those that it comes from, hash-chained."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

from qiskit_qmu._check import InputError
from qiskit_qmu._files import read_bytes, reading, write_file
from qiskit_qmu.deletions.log_entry import LogEntry
from qiskit_qmu.deletions.model_folder import LOG

_WHAT = "a log of deletion requests"


@final
@dataclass(frozen=True)
class RequestLog:
    """A log of requests, each entry of which holds the hash of the entry before it.

    Attributes:
        entries: The requests, oldest first.
    """

    entries: tuple[LogEntry, ...] = ()

    @staticmethod
    def read(folder: str | Path) -> "RequestLog":
        """Read the log in a model's folder; an empty one if there is none.

        Raises:
            InputError: If an entry was changed, or does not follow the one before it; the message
                names its line.
        """
        path = Path(folder) / LOG
        if not path.exists():
            return RequestLog()
        lines = read_bytes(path, _WHAT).split(b"\n")
        if lines.pop() != b"":
            raise InputError(f"{path}: line {len(lines) + 1} is cut short")
        entries: list[LogEntry] = []
        for number, line in enumerate(lines, start=1):
            with reading(f"{path}, line {number}", "a deletion request"):
                found = LogEntry.from_line(line)
            previous = entries[-1].hash if entries else None
            if (found.number, found.previous) != (number, previous):
                raise InputError(
                    f"{path}: line {number} does not follow the entry before it; an entry was "
                    "removed, inserted or replaced"
                )
            entries.append(found)
        return RequestLog(tuple(entries))

    def write(self, folder: Path) -> None:
        """Write the log to a model's folder atomically.

        Raises:
            FileError: If it cannot be written; the old one is kept.
        """
        write_file(folder / LOG, "".join(f"{own.line()}\n" for own in self.entries))

    @property
    def head(self) -> str | None:
        """Hash of the last entry, which covers all others; None where there is none."""
        return self.entries[-1].hash if self.entries else None

    def with_entry(self, added: LogEntry) -> "RequestLog":
        """Return the log with one more entry."""
        return RequestLog((*self.entries, added))

    def lineage(self, last: LogEntry) -> tuple[LogEntry, ...]:
        """Return the requests that made a model one after another, the first one first.

        Args:
            last: The request that made the model.

        Raises:
            InputError: If one of them is not in the log.
        """
        return tuple(reversed(tuple(self._up_from(last))))

    def of_model(self, made_by: LogEntry | None) -> tuple[LogEntry, ...]:
        """Return the requests that were made of a model itself.

        Args:
            made_by: The request that made the model; None if none did.
        """
        parent = None if made_by is None else made_by.hash
        return tuple(own for own in self.entries if own.parent == parent)

    def _up_from(self, last: LogEntry) -> Iterator[LogEntry]:
        by_hash = {own.hash: own for own in self.entries[: last.number]}
        step: LogEntry | None = last
        while step is not None:
            yield step
            if step.parent is None:
                return
            parent = by_hash.get(step.parent)
            if parent is None or parent.number >= step.number:
                raise InputError(f"{LOG}: request {step.number} comes from one that is not there")
            step = parent
