"""JSON files, optionally sealed with a checksum over their content."""

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
    """Write JSON values to a file atomically.

    Raises:
        InputError: If they are not JSON values, or the file cannot be written.
    """
    write_file(path, _text(path, content))


def read_json(path: str | Path, what: str, *, largest: int = LARGEST) -> Any:
    """Return the JSON values in a file.

    Args:
        path: The file.
        what: What it must contain, for messages.
        largest: Its largest size in bytes.

    Raises:
        InputError: If it cannot be read, or is not JSON.
    """
    content = read_bytes(path, what, largest=largest)
    with reading(path, what):
        return json.loads(content.decode())


def write_sealed_json(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object to a file atomically, with a checksum of its content.

    Raises:
        InputError: If it has values other than JSON values, or the file cannot be written.
    """
    write_file(path, _sealed(path, content))


def read_sealed_json(path: str | Path, what: str, *, largest: int = LARGEST) -> dict[str, Any]:
    """Return a JSON object written by `write_sealed_json`, without the checksum.

    Args:
        path: The file.
        what: What it must contain, for messages.
        largest: Its largest size in bytes.

    Raises:
        InputError: If it cannot be read, is not a JSON object, or was changed.
    """
    text = read_bytes(path, what, largest=largest)
    with reading(path, what):
        content = checked(json.loads(text.decode()), dict, "the content")
        content.pop(_SEAL, None)
        # Compare the whole text, so that every changed byte is noticed.
        if _sealed(path, content).encode() != text:
            raise InputError(CHANGED)
    return content


def sealed_line(content: Mapping[str, Any]) -> str:
    """Return a JSON object as one line, with a checksum of its content.

    Raises:
        ValueError: If it has values other than JSON values.
    """
    text = json.dumps(dict(content), allow_nan=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps({**content, _SEAL: digest}, allow_nan=False)


def read_sealed_line(line: bytes) -> dict[str, Any]:
    """Return a JSON object written by `sealed_line`, without the checksum.

    Call it inside `qiskit_qmu._files.reading`, which translates errors of the parser.

    Raises:
        InputError: If it is not a JSON object, or was changed.
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
        raise InputError(f"cannot write {path}: its content is not valid JSON: {error}") from error
