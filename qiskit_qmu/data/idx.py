"""Reads IDX files of unsigned bytes, the format of MNIST and Fashion-MNIST."""

import gzip
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError

_GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTES = b"\x00\x00\x08"


def read_idx(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, gzipped or not (told by its content, not its name).

    The format: two zero bytes, the type code 0x08, the number of dimensions, each dimension as a
    big-endian 32-bit integer, then the values in C order.

    Args:
        path: The file.

    Returns:
        A new array of the shape that the header names.

    Raises:
        InputError: If the file is missing, not readable, a corrupt gzip, of another format or
            type, truncated, or longer than its header says.

    References:
        LeCun, Cortes, Burges, "The MNIST database of handwritten digits", file format section,
        http://yann.lecun.com/exdb/mnist/
    """
    content = _content(Path(path))
    magic = content[:4]
    if len(magic) == 4 and (magic[:3] != _UNSIGNED_BYTES or magic[3] == 0):
        raise InputError(
            f"{path} must be an IDX file of unsigned bytes (magic number 0x000008 and the number "
            f"of dimensions), got magic number 0x{magic.hex()}"
        )
    header_length = 4 + 4 * magic[3] if len(magic) == 4 else 4
    if len(content) < header_length:
        raise InputError(
            f"{path} must hold an IDX header of {header_length} bytes, got a truncated file of "
            f"{len(content)}"
        )
    shape = struct.unpack(f">{magic[3]}I", content[4:header_length])
    expected, got = math.prod(shape), len(content) - header_length
    if got != expected:
        fault = "a truncated file of" if got < expected else "a file that is longer than it says:"
        sizes = " × ".join(map(str, shape))
        raise InputError(f"{path} must hold {sizes} values after its header, got {fault} {got}")
    # A copy, because an array on top of bytes cannot be written to.
    return np.frombuffer(content, dtype=np.uint8, offset=header_length).reshape(shape).copy()


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path} must be an IDX file, got no such file") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{path} must be a readable IDX file, got: {reason}") from error
    if not content.startswith(_GZIP_MAGIC):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} must be a whole gzip file, got a corrupt one: {error}") from error
