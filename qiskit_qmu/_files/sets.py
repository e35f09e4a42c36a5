"""Files of one folder that belong together: all of them are the old ones or the new ones.

One of them, the index, is JSON and holds the checksums of the others. New files are written under
names of their own; the moment in which the new index takes the place of the old one decides. Then
each takes its name. Whoever reads takes the file whose checksum is the index's, under either name.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu._files.json_files import read_sealed_json, write_sealed_json
from qiskit_qmu._files.locks import locked_folder
from qiskit_qmu._files.reading import CHANGED, LARGEST, entry, read_bytes, reading
from qiskit_qmu._files.writing import UNFINISHED, sync_folder, write_file, writing

_FILES = "files"
_NEW = ".new"
_ATTEMPTS = 3


def write_set(
    folder: Path, index: str, content: Mapping[str, Any], files: Mapping[str, bytes]
) -> None:
    """Write files that belong together, in place of those that are there.

    Args:
        folder: Where to; it is there. What else it holds stays.
        index: Name of the file that holds the content and the others' checksums.
        content: JSON values; "files" is none of them.
        files: What the others are to hold, by name.

    Raises:
        InputError: If a file cannot be written, or the content is no JSON.
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
    """Read files that `write_set` wrote.

    Args:
        folder: Where they are.
        index: Name of the one that holds the others' checksums.
        what: What the folder must hold, in words.
        largest: The most bytes of each.

    Returns:
        The content, and what the others hold, by name.

    Raises:
        InputError: If one is missing, cannot be read, or is not as it was written.
    """
    for attempt in range(_ATTEMPTS):
        content = read_sealed_json(folder / index, what, largest=largest)
        with reading(folder / index, what):
            digests = {
                name: entry(content[_FILES], name, str) for name in entry(content, _FILES, dict)
            }
            if any(Path(name).name != name for name in digests):
                raise InputError("names of files that lie elsewhere")
        del content[_FILES]
        try:
            files = {n: _read(folder, n, digest, what, largest) for n, digest in digests.items()}
        except InputError:
            if attempt == _ATTEMPTS - 1:
                raise
            continue  # Another process may be putting new ones in their place.
        return content, files
    raise AssertionError


def recover_sets(folder: Path, index_of: Callable[[str], str]) -> None:
    """Complete the sets that killed processes left half renamed, and remove those without an index.

    Nobody may be writing in the folder.

    Args:
        folder: Where they are.
        index_of: Returns the name of the index that a file's checksum lies in.
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
    """Return whether an index can be read and holds a file's checksum, which starts so."""
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
        raise InputError(f"{path} must hold {what}, got: {CHANGED}")
    return content


def _waiting(folder: Path, name: str, digest: str) -> Path:
    return folder / f".{name}.{digest[:16]}{_NEW}"


def _is_written(path: Path, digests: Mapping[str, str]) -> bool:
    """Return whether an index that could not be finished names the new files all the same."""
    try:
        return bool(read_sealed_json(path, "an index").get(_FILES) == digests)
    except InputError:
        return False


def _left_overs(folder: Path, names: Iterable[str]) -> list[Path]:
    """Return what killed processes left of files with these names."""
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
