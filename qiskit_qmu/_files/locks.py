"""Locks on open files that the operating system gives back when a process ends, however it ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if os.name != "nt":
    import fcntl


def lock(descriptor: int) -> bool:
    """Take the lock of an open file, without waiting.

    Returns:
        Whether it is ours. False also where the file system has no locks: what cannot be told from
        a file that is being written stays. Windows removes no open file, and needs none.
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
    """Hold a folder's lock during the block, after waiting for whoever holds it.

    Where the system has no locks of folders nothing is held.
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
