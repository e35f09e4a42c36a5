"""RunLock: allows one process at a time to work in a folder."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from secrets import randbits
from typing import final

from qiskit_qmu._check import InputError
from qiskit_qmu._closing import Closing

LOCK = ".lock"

_SETTINGS = """
PRAGMA page_size = 512;
PRAGMA synchronous = OFF;
PRAGMA journal_mode = MEMORY;
"""
# The signature is in the header: a file of one page is written atomically.


@final
class RunLock(Closing):
    """A lock held by the process that works in a folder; released when the process is killed.

    SQLite locks files in the same way on all systems, unlike the operating systems' own locks. The
    lock is an open write transaction, so that others can still read who holds it.

    Args:
        path: The lock file.

    Raises:
        InputError: If another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._database = _locked(path)
        except sqlite3.Error as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                number, _ = _signature(path)
                raise InputError(
                    f"{path.parent} is in use by another process ({number or 'unknown'}): wait "
                    f"until it ends, or stop it with `kill {number or 'PROCESS'}`"
                ) from error
            raise InputError(f"cannot lock {path}: {error}") from error

    def close(self) -> None:
        """Release the lock and remove its file."""
        if (
            os.name != "nt"
        ):  # (Windows cannot remove open files, and a closed one may belong to another)
            self._path.unlink(missing_ok=True)
        self._database.close()


def _locked(path: Path) -> sqlite3.Connection:
    """Return a connection that holds the lock, signed with this process's id."""
    while True:
        database = sqlite3.connect(path, isolation_level=None, timeout=0.2, check_same_thread=False)
        try:
            database.executescript(_SETTINGS)
            database.execute("BEGIN IMMEDIATE")
            signature = os.getpid(), randbits(31)
            if not _signed(database, signature) or _signature(path) == signature:
                return database
        except BaseException:
            database.close()
            raise
        # The last holder has just removed the file: this one is invisible to others.
        database.close()


def _signed(database: sqlite3.Connection, signature: tuple[int, int]) -> bool:
    """Record the holder while holding the lock; with a full disk it stays unnamed."""
    number, mark = signature
    try:
        database.execute(f"PRAGMA user_version = {number}")
        database.execute(f"PRAGMA application_id = {mark}")
        database.execute("COMMIT")
        written = True
    except sqlite3.OperationalError:
        database.rollback()
        written = False
    database.execute("BEGIN IMMEDIATE")
    return written


def _signature(path: Path) -> tuple[int, int]:
    """Return the process that holds a lock and its random mark; zeros if unreadable."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            ((number,),) = database.execute("PRAGMA user_version")
            ((mark,),) = database.execute("PRAGMA application_id")
    except (sqlite3.Error, ValueError):
        return 0, 0
    return number, mark
