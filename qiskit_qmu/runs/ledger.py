"""JobLedger: the jobs of one run in a SQLite file, each recorded before it is sent."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, final
from uuid import uuid4

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import JobsPendingError, RunError
from qiskit_qmu.runs.job_record import JobRecord

FORMAT = 2
LEDGER = "ledger.sqlite"

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
CREATE INDEX IF NOT EXISTS positions ON jobs (position);
INSERT OR IGNORE INTO notes VALUES ('format', '{format}'), ('run', '{run}');
COMMIT;
"""


_COLUMNS = ", ".join(field.name for field in fields(JobRecord))


@final
class JobLedger:
    """The jobs of one run.

    Each change is one transaction that is on disk when the call returns, so a process may be killed
    at any time.

    Args:
        path: The file; created if missing.
        run: Name of the run for a new file; random if None.

    Attributes:
        is_new: Whether the file was just created.

    Raises:
        InputError: If the file is not a ledger, or of an unsupported format.
        RunError: By every call, if the file cannot be read or written.
        JobsPendingError: By every call after it was closed.
    """

    def __init__(self, path: str | Path, *, run: str | None = None) -> None:
        self._path = path
        # Jobs of one primitive may run in several threads, and Python crashes if one of them closes
        # a connection while another one reads.
        self._turn = Lock()
        self._closed = False
        try:
            self._database = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=30.0
            )
            self._database.execute("PRAGMA synchronous = FULL")
            # Check first: an existing ledger can be read while another process writes it, and if it
            # is read-only.
            tables = self._database.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
            self.is_new = tables is None
            if self.is_new:
                name = run or uuid4().hex[:12]
                self._database.executescript(_SCHEMA.format(format=FORMAT, run=name))
            ((found,),) = self._database.execute("SELECT value FROM notes WHERE name = 'format'")
        except sqlite3.OperationalError as error:  # e.g. a full disk
            raise InputError(f"cannot open the ledger {path}: {error}") from error
        except (sqlite3.Error, ValueError) as error:
            raise InputError(f"{path} is not a SQLite file: {error}") from error
        if found != str(FORMAT):
            raise InputError(
                f"{path} has format {found}, but this version requires format {FORMAT}"
            )

    @property
    def run(self) -> str:
        """Name of the run, chosen at random when the ledger was created."""
        return self.note("run") or ""

    def bind(self, name: str, values: Mapping[str, Any]) -> None:
        """Record, once for the whole run, values that determine its results.

        Args:
            name: Name of the note.
            values: JSON values by name.

        Raises:
            InputError: If other values were recorded before.
        """
        text = json.dumps(dict(values), sort_keys=True)
        if self.note(name) is None:  # (an existing note can be read if the file is read-only)
            self._execute("INSERT OR IGNORE INTO notes VALUES (?, ?)", (name, text))
        bound, given = json.loads(self.note(name) or "{}"), json.loads(text)
        for key in sorted({*bound, *given}):
            if bound.get(key) != given.get(key):
                raise InputError(
                    f"{self._path} belongs to a run with {key} {bound.get(key)!r}, got "
                    f"{given.get(key)!r}"
                )

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
        """Record a job before it is sent."""
        number = self._number("SELECT COALESCE(MAX(number), -1) + 1 FROM jobs")
        before = self.last_attempt(digest, occurrence)
        position = self._free_position() if before is None else before.position
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
                self._tag(digest, occurrence, attempt),
                circuits,
                shots,
                planned_seconds,
                now(),
            ),
        )
        return self.job(number)

    def restore(self, job: JobRecord) -> None:
        """Record a job with all its fields, unless it already exists."""
        marks = ", ".join("?" for _ in fields(JobRecord))
        values = tuple(getattr(job, field.name) for field in fields(JobRecord))
        self._execute(f"INSERT OR IGNORE INTO jobs ({_COLUMNS}) VALUES ({marks})", values)

    def sent(self, number: int, job_id: str) -> JobRecord:
        """Record the id of a planned job that was sent."""
        self._execute(
            "UPDATE jobs SET job_id = ?, state = 'sent', sent_at = ? WHERE number = ?",
            (job_id, now(), number),
        )
        return self.job(number)

    def finished(
        self, number: int, state: str, *, reason: str = "", seconds: float | None = None
    ) -> JobRecord:
        """Record how a job ended; known seconds are kept if none are given."""
        self._execute(
            "UPDATE jobs SET state = ?, reason = ?, seconds = COALESCE(?, seconds), "
            "finished_at = ? WHERE number = ?",
            (state, reason, seconds, now(), number),
        )
        return self.job(number)

    def last_attempt(self, digest: str, occurrence: int) -> JobRecord | None:
        """Return the newest job of the same request."""
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
        """Return the QPU seconds of jobs that were sent: as charged if known, else as planned."""
        ((spent,),) = self._execute(
            "SELECT COALESCE(SUM(COALESCE(seconds, planned_seconds)), 0.0) FROM jobs "
            "WHERE state != 'planned'"
        )
        return float(spent)

    def jobs(self) -> list[JobRecord]:
        """Return all jobs, in the order of planning."""
        return self._jobs("ORDER BY number", ())

    def note(self, name: str) -> str | None:
        """Return a note about the whole run; None if there is none."""
        rows = self._execute("SELECT value FROM notes WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    def notes(self) -> dict[str, str]:
        """Return all notes."""
        return dict(self._execute("SELECT name, value FROM notes"))

    def set_note(self, name: str, value: str) -> None:
        """Write or replace a note."""
        self._execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._closed = True
            self._database.close()

    def _tag(self, digest: str, occurrence: int, attempt: int) -> str:
        """Return a text that is unique to a job of this run.

        It depends on the job's content, so that a job unknown to this ledger, for example after
        restoring an old copy, is still found by it.
        """
        text = f"{self.run} {digest} {occurrence} {attempt}"
        return f"qmu-{hashlib.sha256(text.encode()).hexdigest()[:20]}"

    def _free_position(self) -> int:
        """Return the first unused position; only a rebuilt ledger has gaps."""
        count = self._number("SELECT COUNT(DISTINCT position) FROM jobs")
        if count == self._number("SELECT COALESCE(MAX(position), -1) + 1 FROM jobs"):
            return count
        return self._number(
            "SELECT MIN(free) FROM (SELECT 0 AS free UNION SELECT position + 1 FROM jobs) "
            "WHERE free NOT IN (SELECT position FROM jobs)"
        )

    def _execute(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """Return the rows that a query finds."""
        try:
            with self._turn:
                if self._closed:
                    raise JobsPendingError("the run was stopped")
                return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise RunError(
                f"{self._path}: {error}; nothing is lost: resume the run once this is fixed"
            ) from error

    def _number(self, query: str) -> int:
        ((number,),) = self._execute(query)
        return int(number)

    def _jobs(self, rest: str, values: tuple[Any, ...]) -> list[JobRecord]:
        names = [field.name for field in fields(JobRecord)]
        rows = self._execute(f"SELECT {_COLUMNS} FROM jobs {rest}", values)
        return [JobRecord(**dict(zip(names, row, strict=True))) for row in rows]


def now() -> str:
    """Return the current time, UTC, as text."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
