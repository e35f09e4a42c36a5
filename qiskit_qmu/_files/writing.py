"""Atomic writing of files, safe against killed processes and full disks."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from qiskit_qmu._files.errors import FileError, one_line
from qiskit_qmu._files.file_locks import lock

UNFINISHED = ".unfinished"


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Turn errors of the operating system inside the block into one line that names a path.

    Raises:
        FileError: If a file or folder cannot be written.
    """
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"cannot write {path}: {one_line(error)}") from error


def write_file(path: str | Path, content: bytes | str) -> None:
    """Write a file atomically: a killed process leaves the old one or the new one.

    The content is written to a temporary file beside it, synced, and renamed. A link at its path is
    replaced, not followed; anything but a regular file (``/dev/stdout``, a pipe) is written
    directly. Temporary files left by killed processes are removed.

    Args:
        path: The file; its folder exists.
        content: Text is written as UTF-8.

    Raises:
        FileError: If it cannot be written; the old file is kept.
    """
    target = Path(path)
    data = content.encode() if isinstance(content, str) else content
    with writing(target):
        if _is_device(target):
            with target.open("wb") as file:
                file.write(data)
            return
        with _beside(target, data) as unfinished:
            unfinished.replace(target)
        sync_folder(target.parent)


def write_together(folder: Path, files: Mapping[str, bytes | str]) -> None:
    """Write a record and files derived from it, such as a page, so that they always match.

    A killed process leaves the old files or the new ones, possibly without those after the first.

    Args:
        folder: An existing folder; its other files are kept.
        files: Contents by file name; the first is the record.

    Raises:
        FileError: If one cannot be written.
    """
    with ExitStack() as opened, writing(folder):
        unfinished = {}
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            unfinished[name] = opened.enter_context(_beside(folder / name, data))
        _, *shown = files
        for name in shown:
            (folder / name).unlink(missing_ok=True)
        sync_folder(folder)
        for name, path in unfinished.items():
            path.replace(folder / name)
        sync_folder(folder)


@contextmanager
def _beside(target: Path, data: bytes) -> Iterator[Path]:
    """Write a temporary file beside a target and sync it; removed unless the block renames it."""
    remove_left_overs(target)
    unfinished, descriptor = _new_file_beside(target)
    try:
        write_all(descriptor, data)
        yield unfinished
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write data to an open file and sync it."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Sync a folder's directory entries, if the system supports it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def name_beside(path: Path) -> Path:
    """Return a temporary name for a file that will become ``path``."""
    return path.with_name(f".{path.name}.{uuid4().hex[:8]}{UNFINISHED}")


def left_overs(path: Path) -> list[Path]:
    """Return files beside a path with temporary names of `name_beside`."""
    start = f".{path.name}."
    length = len(start) + 8 + len(UNFINISHED)
    return [
        other
        for other in path.parent.iterdir()
        if len(other.name) == length
        and other.name.startswith(start)
        and other.name.endswith(UNFINISHED)
    ]


def remove_left_overs(path: Path) -> None:
    """Remove files left by killed processes; files being written are locked."""
    for other in left_overs(path):
        with suppress(OSError):  # removed by another process, or a folder
            descriptor = os.open(other, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            try:
                if lock(descriptor):
                    other.unlink()
            finally:
                os.close(descriptor)


def _new_file_beside(target: Path) -> tuple[Path, int]:
    while True:
        unfinished = name_beside(target)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
        descriptor = os.open(unfinished, flags, 0o666)  # (reduced by the umask)
        lock(descriptor)
        if unfinished.exists():
            return unfinished, descriptor
        os.close(descriptor)  # Removed by another process before the lock was ours.


def _is_device(path: Path) -> bool:
    if path.parent == Path("/dev"):
        return True
    return path.exists() and not path.is_file() and not path.is_dir()
