"""Reads files that may be damaged: sizes before memory, types before use, one line on failure."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from qiskit_qmu._check import InputError
from qiskit_qmu._files.errors import FileError, one_line

LARGEST = 2**32
"""Bytes that no file of this package holds, and no array that is read from one."""

_PIECE = 2**20

CHANGED = "a file that is not as it was written: its checksum differs"

Value = TypeVar("Value")


@contextmanager
def reading(path: str | Path, what: str) -> Iterator[None]:
    """Turn whatever is raised while a file is read and understood into one line that names it.

    Args:
        path: The file.
        what: What it must hold, in words.

    Raises:
        InputError: If anything went wrong inside the block.
    """
    try:
        yield
    except FileError:
        raise
    # Parsers of damaged files raise anything: zlib.error, struct.error, RecursionError, …
    except Exception as error:
        raise InputError(f"{path} must hold {what}, got: {one_line(error)}") from error


def read_bytes(
    path: str | Path, what: str, *, largest: int = LARGEST, any_kind: bool = False
) -> bytes:
    """Return what a file holds.

    Args:
        path: The file.
        what: What it must hold, in words.
        largest: Its most bytes.
        any_kind: Whether a pipe or a device may be read too; where not, none is waited for.

    Raises:
        FileError: If it cannot be read.
        InputError: If it is larger, or no regular file.
    """
    # A pipe that nobody writes to must not stop the process when it is opened.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    flags |= 0 if any_kind else getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            about = os.fstat(file.fileno())
            if not any_kind and not stat.S_ISREG(about.st_mode):
                raise InputError(f"{path} must hold {what}, got no regular file")
            # In pieces: memory is taken for what is there, not for what may be.
            pieces, left = [], largest - about.st_size
            while left >= 0 and (piece := file.read(_PIECE)):
                pieces.append(piece)
                left = largest - sum(map(len, pieces))
            if left < 0:
                raise InputError(f"{path} must hold {what}, got more than {largest:,} bytes")
    except OSError as error:
        raise FileError(f"cannot read {path}: {one_line(error)}") from error
    return b"".join(pieces)


def read_text(
    path: str | Path, what: str, *, largest: int = LARGEST, any_kind: bool = False
) -> str:
    """Return a file's UTF-8 text; see `read_bytes`.

    Raises:
        FileError: If it cannot be read.
        InputError: If it is larger, no regular file, or no text.
    """
    content = read_bytes(path, what, largest=largest, any_kind=any_kind)
    with reading(path, what):
        return content.decode()


def checked(value: Any, kind: type[Value], name: str) -> Value:
    """Return a value that was read if it is of a kind; a boolean is no number.

    Raises:
        InputError: If it is of another.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float and is_number:
        return float(value)  # type: ignore[return-value]  # (JSON writes 1.0 and 1)
    if not isinstance(value, kind) or (kind is int and not is_number):
        names = {dict: "a table", list: "a list", str: "text", int: "an integer"}
        expected = names.get(kind, kind.__name__)
        raise InputError(f"{name} must be {expected}, got {_short(value)}")
    return value


def entry(content: Any, name: str, kind: type[Value]) -> Value:
    """Return one value of a table that was read; see `checked`.

    Raises:
        InputError: If the content is no table, has no such value, or one of another kind.
    """
    table = checked(content, dict, "the content")
    if name not in table:
        raise InputError(f"{name} is missing")
    return checked(table[name], kind, name)


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 50 else f"{text[:49]}…"
