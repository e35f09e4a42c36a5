"""Guarded reading of files that may be damaged: checks sizes and types, one-line errors."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from qiskit_qmu._check import InputError
from qiskit_qmu._files.errors import FileError, one_line

LARGEST = 2**32
"""Bytes beyond which no file, and no array read from one, is accepted."""

_PIECE = 2**20

CHANGED = "it was changed or damaged: its checksum differs"

Value = TypeVar("Value")


@contextmanager
def reading(path: str | Path, what: str) -> Iterator[None]:
    """Turn any error while a file is read and parsed into one line that names it.

    Args:
        path: The file.
        what: What it must contain, for the message.

    Raises:
        InputError: If anything goes wrong inside the block.
    """
    try:
        yield
    except FileError:
        raise
    # Parsers raise all kinds of errors for damaged files: zlib.error, struct.error, RecursionError…
    except Exception as error:
        raise InputError(f"cannot read {what} from {path}: {one_line(error)}") from error


def read_bytes(
    path: str | Path, what: str, *, largest: int = LARGEST, any_kind: bool = False
) -> bytes:
    """Return the content of a file.

    Args:
        path: The file.
        what: What it must contain, for messages.
        largest: Its largest size in bytes.
        any_kind: Whether to read pipes and devices too; otherwise they are rejected at once.

    Raises:
        FileError: If it cannot be read.
        InputError: If it is larger, or not a regular file.
    """
    # Opening a pipe without a writer must not block the process.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    flags |= 0 if any_kind else getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            about = os.fstat(file.fileno())
            if not any_kind and not stat.S_ISREG(about.st_mode):
                raise InputError(f"cannot read {what} from {path}: it is not a regular file")
            # In pieces, so that memory is allocated only for actual content.
            pieces, left = [], largest - about.st_size
            while left >= 0 and (piece := file.read(_PIECE)):
                pieces.append(piece)
                left = largest - sum(map(len, pieces))
            if left < 0:
                raise InputError(
                    f"cannot read {what} from {path}: it is larger than {largest:,} bytes"
                )
    except OSError as error:
        raise FileError(f"cannot read {path}: {one_line(error)}") from error
    return b"".join(pieces)


def read_text(
    path: str | Path, what: str, *, largest: int = LARGEST, any_kind: bool = False
) -> str:
    """Return a file's UTF-8 text; see `read_bytes`.

    Raises:
        FileError: If it cannot be read.
        InputError: If it is larger, not a regular file, or not text.
    """
    content = read_bytes(path, what, largest=largest, any_kind=any_kind)
    with reading(path, what):
        return content.decode()


def checked(value: Any, kind: type[Value], name: str) -> Value:
    """Return a value that was read, after checking its type; a boolean is not a number.

    Raises:
        InputError: If it has another type.
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
    """Return one value of a JSON object that was read; see `checked`.

    Raises:
        InputError: If the content is not an object, or the value is missing or of another type.
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
