"""JSON files, with and without a seal: a checksum over everything else that they hold."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu._files.reading import CHANGED, LARGEST, checked, read_bytes, reading
from qiskit_qmu._files.writing import write_file

_SEAL = "sha256"


def write_json(path: str | Path, content: Any) -> None:
    """Write JSON values to a file, whole or not at all.

    Raises:
        InputError: If they are no JSON values, or the file cannot be written.
    """
    write_file(path, _text(path, content))


def read_json(path: str | Path, what: str, *, largest: int = LARGEST) -> Any:
    """Return the JSON values that a file holds.

    Args:
        path: The file.
        what: What it must hold, in words.
        largest: Its most bytes.

    Raises:
        InputError: If it cannot be read, or is no JSON.
    """
    content = read_bytes(path, what, largest=largest)
    with reading(path, what):
        return json.loads(content.decode())


def write_sealed_json(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write a table to a file, whole or not at all, with a checksum of all of it.

    Raises:
        InputError: If it holds other than JSON values, or the file cannot be written.
    """
    write_file(path, _sealed(path, content))


def read_sealed_json(path: str | Path, what: str, *, largest: int = LARGEST) -> dict[str, Any]:
    """Return a table that `write_sealed_json` wrote, without the checksum.

    Args:
        path: The file.
        what: What it must hold, in words.
        largest: Its most bytes.

    Raises:
        InputError: If it cannot be read, is no table, or is not as it was written.
    """
    text = read_bytes(path, what, largest=largest)
    with reading(path, what):
        content = checked(json.loads(text.decode()), dict, "the content")
        content.pop(_SEAL, None)
        # All of the text, so that no changed byte is overlooked because it means the same.
        if _sealed(path, content).encode() != text:
            raise InputError(CHANGED)
    return content


def sealed_line(content: Mapping[str, Any]) -> str:
    """Return a table as one line of JSON, with a checksum of all of it.

    Raises:
        ValueError: If it holds other than JSON values.
    """
    text = json.dumps(dict(content), allow_nan=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps({**content, _SEAL: digest}, allow_nan=False)


def read_sealed_line(line: bytes) -> dict[str, Any]:
    """Return a table that `sealed_line` wrote, without the checksum.

    Call it inside of `qiskit_qmu._files.reading`, which words what a parser raises.

    Raises:
        InputError: If it is no table, or is not as it was written.
    """
    content = checked(json.loads(line.decode()), dict, "a line")
    content.pop(_SEAL, None)
    if sealed_line(content).encode() != line:
        raise InputError(CHANGED)
    return content


def _sealed(path: str | Path, content: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(_text(path, dict(content)).encode()).hexdigest()
    return _text(path, {**content, _SEAL: digest})


def _text(path: str | Path, content: Any) -> str:
    try:
        return json.dumps(content, indent=1, allow_nan=False) + "\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"cannot write {path}: its content is no JSON: {error}") from error
