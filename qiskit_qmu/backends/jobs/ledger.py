"""Ledger: the jobs of one run in one SQLite file, each written down before it is sent."""

import sqlite3
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, final
from uuid import uuid4

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.backends.jobs.errors import JobsPendingError

FORMAT = 1

_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,
    digest TEXT NOT NULL,
    occurrence INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    tag TEXT NOT NULL UNIQUE,
    job_id TEXT,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    circuits INTEGER NOT NULL,
    shots INTEGER,
    planned_seconds REAL NOT NULL,
    seconds REAL,
    planned_at TEXT NOT NULL,
    sent_at TEXT,
    finished_at TEXT,
    UNIQUE (digest, occurrence, attempt)
);
INSERT OR IGNORE INTO notes VALUES ('format', '{format}'), ('run', '{run}');
COMMIT;
"""


@final
@dataclass(frozen=True, kw_only=True)
class JobRecord:
    """One line of the ledger.

    Attributes:
        number: Its place among all jobs that were planned, from 0.
        position: Its place among what the run asked for, from 0; all attempts at the same have one.
        digest: What it asks for.
        occurrence: How often the run had asked for the same before, from 0.
        attempt: How often it had been sent and had failed before, from 0.
        tag: Text by which the service finds it.
        job_id: The service's name for it; None until that was stored.
        state: "planned", "sent", "done", "failed", "cancelled" or "lost".
        reason: Why it failed.
        circuits: Circuits that it holds.
        shots: Measurements of each.
        planned_seconds: QPU seconds that it was expected to take.
        seconds: QPU seconds that it was charged, where known.
        planned_at: When it was written down, UTC.
        sent_at: When its id was stored.
        finished_at: When it ended.
    """

    number: int
    position: int
    digest: str
    occurrence: int
    attempt: int
    tag: str
    job_id: str | None
    state: str
    reason: str
    circuits: int
    shots: int | None
    planned_seconds: float
    seconds: float | None
    planned_at: str
    sent_at: str | None
    finished_at: str | None


_COLUMNS = ", ".join(field.name for field in fields(JobRecord))


@final
class Ledger:
    """The jobs of one run.

    Each change is one transaction that is on disk when the call returns, so a process may be killed
    between any two instructions.

    Args:
        path: The file; it is made where it is missing.

    Raises:
        InputError: If it is no ledger, or of another version's format.
        RunError: By every call, if the file cannot be read or written.
        JobsPendingError: By every call after it was closed.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = path
        # Jobs of one primitive may run in several threads, and Python crashes where one of them
        # closes a connection that another one reads.
        self._turn = Lock()
        self._closed = False
        try:
            self._database = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=30.0
            )
            self._database.execute("PRAGMA synchronous = FULL")
            # Looked for first: one that is there can be read while another process writes it, and
            # where it must not be written.
            if not self._database.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                self._database.executescript(_SCHEMA.format(format=FORMAT, run=uuid4().hex[:12]))
        except sqlite3.Error as error:
            raise InputError(f"a ledger must be a SQLite file, got {path} ({error})") from error
        if self.note("format") != str(FORMAT):
            raise InputError(f"a ledger's format must be {FORMAT}, got {self.note('format')}")

    @property
    def run(self) -> str:
        """Name of the run, drawn at random when the ledger was made."""
        return self.note("run") or ""

    def plan(
        self,
        digest: str,
        occurrence: int,
        attempt: int,
        *,
        circuits: int,
        shots: int | None,
        planned_seconds: float,
    ) -> JobRecord:
        """Write down a job that is going to be sent."""
        number = self._number("SELECT COUNT(*) FROM jobs")
        before = self.last_attempt(digest, occurrence)
        position = (
            self._number("SELECT COUNT(*) FROM jobs WHERE attempt = 0")
            if before is None
            else before.position
        )
        self._execute(
            "INSERT INTO jobs (number, position, digest, occurrence, attempt, tag, state, "
            "circuits, shots, planned_seconds, planned_at) "
            "VALUES (?, ?, ?, ?, ?, ?, 'planned', ?, ?, ?, ?)",
            (
                number,
                position,
                digest,
                occurrence,
                attempt,
                f"qmu-{self.run}-{number}",
                circuits,
                shots,
                planned_seconds,
                _now(),
            ),
        )
        return self.job(number)

    def sent(self, number: int, job_id: str) -> JobRecord:
        """Bind a planned job to the service's id."""
        self._execute(
            "UPDATE jobs SET job_id = ?, state = 'sent', sent_at = ? WHERE number = ?",
            (job_id, _now(), number),
        )
        return self.job(number)

    def finished(
        self, number: int, state: str, *, reason: str = "", seconds: float | None = None
    ) -> JobRecord:
        """Write down how a job ended; seconds that are known already stay where none are given."""
        self._execute(
            "UPDATE jobs SET state = ?, reason = ?, seconds = COALESCE(?, seconds), "
            "finished_at = ? WHERE number = ?",
            (state, reason, seconds, _now(), number),
        )
        return self.job(number)

    def last_attempt(self, digest: str, occurrence: int) -> JobRecord | None:
        """Return the newest job that asked for the same."""
        found = self._jobs(
            "WHERE digest = ? AND occurrence = ? ORDER BY attempt DESC LIMIT 1",
            (digest, occurrence),
        )
        return found[0] if found else None

    def job(self, number: int) -> JobRecord:
        """Return one job."""
        (job,) = self._jobs("WHERE number = ?", (number,))
        return job

    def spent_seconds(self) -> float:
        """Return the QPU seconds of what was sent: as charged where known, else as planned."""
        ((spent,),) = self._execute(
            "SELECT COALESCE(SUM(COALESCE(seconds, planned_seconds)), 0.0) FROM jobs "
            "WHERE state != 'planned'"
        )
        return float(spent)

    def jobs(self) -> list[JobRecord]:
        """Return all jobs, in the order in which they were planned."""
        return self._jobs("ORDER BY number", ())

    def note(self, name: str) -> str | None:
        """Return a note about the whole run; None where there is none."""
        rows = self._execute("SELECT value FROM notes WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    def set_note(self, name: str, value: str) -> None:
        """Write or replace a note."""
        self._execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._closed = True
            self._database.close()

    def _execute(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """Return the rows that a query finds."""
        try:
            with self._turn:
                if self._closed:
                    raise JobsPendingError("the run was stopped")
                return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise RunError(
                f"{self._path} must be a whole ledger on a disk with room, got: {error}; what is "
                "kept stays, resume the run when that is mended"
            ) from error

    def _number(self, query: str) -> int:
        ((number,),) = self._execute(query)
        return int(number)

    def _jobs(self, rest: str, values: tuple[Any, ...]) -> list[JobRecord]:
        names = [field.name for field in fields(JobRecord)]
        rows = self._execute(f"SELECT {_COLUMNS} FROM jobs {rest}", values)
        return [JobRecord(**dict(zip(names, row, strict=True))) for row in rows]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
