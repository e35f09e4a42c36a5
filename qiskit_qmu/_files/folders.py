"""Creates folders atomically, with their whole content or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qiskit_qmu._files.file_locks import lock
from qiskit_qmu._files.writing import left_overs, name_beside, sync_folder, writing


def make_folder(path: str | Path) -> Path:
    """Create a folder and its parents if missing.

    Raises:
        FileError: If it cannot be created.
    """
    folder = Path(path)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """Fill a folder under a temporary name; after the block it is synced and renamed.

    Temporary folders left by killed processes are removed.

    Args:
        path: The folder, missing or empty; its parent exists.

    Yields:
        The folder to be filled.

    Raises:
        FileError: If it cannot be written, or already has content.
    """
    target = Path(path)
    with writing(target):
        _remove_left_over_folders(target)
        unfinished = name_beside(target)
        unfinished.mkdir()
    held = _held(unfinished)
    try:
        yield unfinished
        move_into_place(unfinished, target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    finally:
        if held is not None:
            os.close(held)


def move_into_place(folder: Path, target: Path) -> None:
    """Sync a folder with everything in it, and give it its name.

    Args:
        folder: The folder, on the same disk.
        target: Its name; missing, or an empty folder.

    Raises:
        FileError: If it cannot be written, or the target has content.
    """
    with writing(target):
        _sync_all(folder)
        folder.replace(target)
        sync_folder(target.parent)


def _held(folder: Path) -> int | None:
    """Return an open, locked folder, so that no other process treats it as a leftover."""
    if os.name == "nt":
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    lock(descriptor)
    return descriptor


def _remove_left_over_folders(target: Path) -> None:
    for other in left_overs(target):
        if os.name == "nt" or other.is_symlink() or not other.is_dir():
            continue
        with suppress(OSError):  # removed by another process
            descriptor = os.open(other, os.O_RDONLY)
            try:
                if lock(descriptor):
                    shutil.rmtree(other, ignore_errors=True)
            finally:
                os.close(descriptor)


def _sync_all(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_symlink():
            continue
        if path.is_dir():
            _sync_all(path)
        else:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    sync_folder(folder)
