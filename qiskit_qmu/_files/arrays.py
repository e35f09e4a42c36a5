"""Arrays of numbers as npz files; sizes in a file are checked before memory is allocated."""

import math
import stat
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._files.reading import LARGEST, read_bytes, reading

_HIGHEST_RATIO = 1032
"""Largest expansion of a compressed byte by Deflate, https://zlib.net/zlib_tech.html."""

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_NUMBERS = "biufc"


def arrays_to_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays of numbers as a compressed npz file."""
    content = BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]  # (its stub has no arrays)
    return content.getvalue()


def arrays_from_bytes(
    content: bytes, *, largest: int = LARGEST, texts: bool = False
) -> dict[str, NDArray[Any]]:
    """Return the arrays of an npz file; only numbers and booleans, never a pickle.

    Call it inside `qiskit_qmu._files.reading`, which translates errors of NumPy and zlib.

    Args:
        content: The file's.
        largest: The most bytes of all arrays together.
        texts: Whether arrays may hold texts too.

    Raises:
        InputError: If declared sizes are impossible, or it contains something other than numbers.
    """
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = archive.infolist()
        _check_members(members, min(largest, _HIGHEST_RATIO * len(content)))
        kinds = _NUMBERS + ("U" if texts else "")
        return {m.filename.removesuffix(".npy"): _array(archive, m, kinds) for m in members}


def read_arrays(
    path: str | Path, what: str, *, largest: int = LARGEST, texts: bool = False
) -> dict[str, NDArray[Any]]:
    """Return the arrays of an npz file; see `arrays_from_bytes`.

    Args:
        path: The file.
        what: What it must hold, in words.
        largest: The most bytes of the file, and of all arrays together.
        texts: Whether arrays may hold texts too.

    Raises:
        InputError: If it cannot be read, is damaged, or declares impossible sizes.
    """
    content = read_bytes(path, what, largest=largest)
    with reading(path, what):
        return arrays_from_bytes(content, largest=largest, texts=texts)


def _check_members(members: list[zipfile.ZipInfo], largest: int) -> None:
    if len({member.filename for member in members}) < len(members):
        raise InputError("two arrays with the same name")
    for member in members:
        is_link = stat.S_ISLNK(member.external_attr >> 16)
        known = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if not member.filename.endswith(".npy") or is_link or not known or member.flag_bits & 1:
            raise InputError(f"{member.filename!r}, which is not a plain array")
    claimed = sum(member.file_size for member in members)
    if claimed > largest:
        raise InputError(f"arrays of {claimed:,} bytes (at most {largest:,} are allowed)")


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, kinds: str) -> NDArray[Any]:
    data = archive.read(member)
    file = BytesIO(data)
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise InputError(f"arrays of format {version}")
    shape, in_columns, dtype = _HEADERS[version](file)
    if dtype.kind not in kinds:
        raise InputError(f"{member.filename!r} holds non-numeric values of type {dtype}")
    if any(isinstance(size, bool) or size < 0 for size in shape):
        raise InputError(f"{member.filename!r} of the shape {shape}")
    if math.prod(shape) * dtype.itemsize != len(data) - file.tell():
        raise InputError(f"{member.filename!r}, whose size does not match its shape {shape}")
    values = np.frombuffer(data, dtype=dtype, offset=file.tell())
    return values.reshape(shape, order="F" if in_columns else "C").copy()
