"""Sets of files in one folder that are replaced atomically.

One of them, the index, is JSON and holds the checksums of the others. New files are written under
temporary names; replacing the index makes the change effective. Then the files are renamed. Readers
take the file whose checksum matches the index, under either name.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu._files.file_locks import locked_folder
from qiskit_qmu._files.json_files import read_sealed_json, write_sealed_json
from qiskit_qmu._files.reading import CHANGED, LARGEST, entry, read_bytes, reading
from qiskit_qmu._files.writing import UNFINISHED, sync_folder, write_file, writing

_FILES = "files"
_NEW = ".new"
_ATTEMPTS = 3


def write_set(
    folder: Path, index: str, content: Mapping[str, Any], files: Mapping[str, bytes]
) -> None:
    """Write files that belong together, replacing existing ones.

    Args:
        folder: An existing folder; its other files are kept.
        index: Name of the file with the content and the others' checksums.
        content: JSON values; the key "files" is reserved.
        files: Contents of the other files, by name.

    Raises:
        InputError: If a file cannot be written, or the content is not JSON.
    """
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    waiting = {name: _waiting(folder, name, digest) for name, digest in digests.items()}
    with writing(folder), locked_folder(folder):
        try:
            for name, data in files.items():
                write_file(waiting[name], data)
            write_sealed_json(folder / index, {**content, _FILES: digests})
        except BaseException:
            if not _is_written(folder / index, digests):
                _remove(waiting.values())
            raise
        for name, path in waiting.items():
            path.replace(folder / name)
        sync_folder(folder)
        _remove(_left_overs(folder, files))


def read_set(
    folder: Path, index: str, what: str, *, largest: int = LARGEST
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read files written by `write_set`.

    Args:
        folder: Their folder.
        index: Name of the file with the others' checksums.
        what: What the folder must contain, for messages.
        largest: Largest size of each file in bytes.

    Returns:
        The content, and the contents of the other files, by name.

    Raises:
        InputError: If one is missing, cannot be read, or was changed.
    """
    for attempt in range(_ATTEMPTS):
        content = read_sealed_json(folder / index, what, largest=largest)
        with reading(folder / index, what):
            digests = {
                name: entry(content[_FILES], name, str) for name in entry(content, _FILES, dict)
            }
            if any(Path(name).name != name for name in digests):
                raise InputError("names of files in other folders")
        del content[_FILES]
        try:
            files = {n: _read(folder, n, digest, what, largest) for n, digest in digests.items()}
        except InputError:
            if attempt == _ATTEMPTS - 1:
                raise
            continue  # Another process may be replacing them.
        return content, files
    raise AssertionError


def recover_sets(folder: Path, index_of: Callable[[str], str]) -> None:
    """Complete sets that killed processes left half renamed, and remove those without an index.

    No other process may be writing to the folder.

    Args:
        folder: The folder.
        index_of: Returns the name of the index that contains a file's checksum.
    """
    for path in folder.iterdir():
        if path.name.startswith(".") and path.suffix == _NEW:
            name, _, digest = path.stem.removeprefix(".").rpartition(".")
            with suppress(OSError):
                if _names(folder / index_of(name), name, digest):
                    path.replace(folder / name)
                else:
                    path.unlink()
        elif path.name.startswith(".") and path.suffix == UNFINISHED:
            _remove([path])


def _names(index: Path, name: str, digest: str) -> bool:
    """Return whether an index is readable and contains a file's checksum with a given prefix."""
    try:
        content = read_sealed_json(index, "an index")
        with reading(index, "an index"):
            return entry(entry(content, _FILES, dict), name, str).startswith(digest)
    except InputError:
        return False


def _read(folder: Path, name: str, digest: str, what: str, largest: int) -> bytes:
    waiting = _waiting(folder, name, digest)
    path = waiting if waiting.exists() else folder / name
    content = read_bytes(path, what, largest=largest)
    if hashlib.sha256(content).hexdigest() != digest:
        raise InputError(f"cannot read {what} from {path}: {CHANGED}")
    return content


def _waiting(folder: Path, name: str, digest: str) -> Path:
    return folder / f".{name}.{digest[:16]}{_NEW}"


def _is_written(path: Path, digests: Mapping[str, str]) -> bool:
    """Return whether an index names the new files although writing it failed."""
    try:
        return bool(read_sealed_json(path, "an index").get(_FILES) == digests)
    except InputError:
        return False


def _left_overs(folder: Path, names: Iterable[str]) -> list[Path]:
    """Return temporary files of these names left by killed processes."""
    return [
        path
        for path in folder.iterdir()
        if path.name.startswith(".")
        and path.suffix in (_NEW, UNFINISHED)
        and any(path.name.lstrip(".").startswith(f"{name}.") for name in names)
    ]


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink(missing_ok=True)
