"""Seals: a checksum at the end of a file whose format ignores what follows, such as QPY."""

import hashlib
from pathlib import Path

from qiskit_qmu._check import InputError
from qiskit_qmu._files.reading import CHANGED, LARGEST, read_bytes
from qiskit_qmu._files.writing import write_file

_LENGTH = hashlib.sha256().digest_size


def write_sealed(path: str | Path, content: bytes) -> None:
    """Write a file, whole or not at all, and its checksum at its end.

    Raises:
        FileError: If it cannot be written.
    """
    write_file(path, content + hashlib.sha256(content).digest())


def read_sealed(path: str | Path, what: str, *, largest: int = LARGEST) -> bytes:
    """Return what `write_sealed` was given.

    Args:
        path: The file.
        what: What it must hold, in words.
        largest: Its most bytes.

    Raises:
        InputError: If it cannot be read, or is not as it was written.
    """
    sealed = read_bytes(path, what, largest=largest)
    content, seal = sealed[:-_LENGTH], sealed[-_LENGTH:]
    if hashlib.sha256(content).digest() != seal:
        raise InputError(f"{path} must hold {what}, got: {CHANGED}")
    return content
