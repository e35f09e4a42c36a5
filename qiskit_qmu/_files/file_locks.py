"""Locks on open files, which the operating system releases whenever a process ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if os.name != "nt":
    import fcntl


def lock(descriptor: int) -> bool:
    """Take the lock of an open file, without waiting.

    Returns:
        Whether the lock was taken. False also if the file system has no locks: files that may be in
        use are kept. Windows cannot remove open files, and needs no locks.
    """
    if os.name == "nt":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold a folder's lock during the block, after waiting for its current holder.

    Without effect if the system has no locks for folders.
    """
    if os.name == "nt":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
