"""Appends to a file: everything, or nothing if the disk is full."""

import os
from contextlib import suppress
from pathlib import Path

from qiskit_qmu._files.writing import sync_folder, write_all, writing


def append_to_file(path: str | Path, content: str) -> None:
    """Append text to a file and sync it to disk.

    A killed process may leave a part of the text at the end, without the last line break.

    Args:
        path: The file; created if missing.
        content: Whole lines, written as UTF-8.

    Raises:
        FileError: If it cannot be written; the file keeps its previous length.
    """
    target = Path(path)
    with writing(target):
        flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND
        flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(target, flags, 0o666)
        try:
            before = os.fstat(descriptor).st_size
            try:
                write_all(descriptor, content.encode())
            except BaseException:
                with suppress(OSError):
                    os.ftruncate(descriptor, before)
                raise
        finally:
            os.close(descriptor)
        if before == 0:
            sync_folder(target.parent)
