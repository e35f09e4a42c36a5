"""Reads IDX files of unsigned bytes, the format of MNIST and Fashion-MNIST."""

import gzip
import math
import os
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._files import read_bytes

_GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTES = b"\x00\x00\x08"
_LARGEST = 2**32
_MOST_DIMENSIONS = 32
"""NumPy 1's; images have three."""
_HIGHEST_RATIO = 1032
"""Deflate's: no byte of a gzip file stands for more, https://zlib.net/zlib_tech.html."""


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

    Example:
        >>> from pathlib import Path
        >>> from qiskit_qmu.data import read_idx
        >>> header = bytes([0, 0, 8, 2]) + bytes([0, 0, 0, 2]) + bytes([0, 0, 0, 3])  # 2 × 3 values
        >>> _ = Path("values.idx").write_bytes(header + bytes([1, 2, 3, 4, 5, 6]))
        >>> read_idx("values.idx")
        array([[1, 2, 3],
               [4, 5, 6]], dtype=uint8)
    """
    stored = read_bytes(Path(path), "values in IDX format", largest=_LARGEST)
    if not stored.startswith(_GZIP_MAGIC):
        return _array(BytesIO(stored), len(stored), path)
    try:
        with gzip.open(BytesIO(stored)) as file:
            return _array(cast("BinaryIO", file), _HIGHEST_RATIO * len(stored), path)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} is not a complete gzip file: {error}") from error


def _array(file: BinaryIO, most: int, path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Read an array from a file that holds ``most`` bytes at most; no more memory is taken."""
    magic = file.read(4)
    if len(magic) == 4 and (magic[:3] != _UNSIGNED_BYTES or magic[3] == 0):
        raise InputError(
            f"{path} must be an IDX file of unsigned bytes (magic number 0x000008 and the number "
            f"of dimensions), got magic number 0x{magic.hex()}"
        )
    sizes = file.read(4 * magic[3]) if len(magic) == 4 else b""
    if len(magic) < 4 or len(sizes) < 4 * magic[3]:
        needed = 4 + 4 * magic[3] if len(magic) == 4 else 4
        raise InputError(
            f"{path} must hold an IDX header of {needed} bytes, got a truncated file of "
            f"{len(magic) + len(sizes)}"
        )
    shape = struct.unpack(f">{magic[3]}I", sizes)
    if len(shape) > _MOST_DIMENSIONS:
        raise InputError(
            f"{path} must hold an array of at most {_MOST_DIMENSIONS} dimensions, got {len(shape)}"
        )
    expected = math.prod(shape)
    # One more than there should be shows that there is more.
    values = file.read(min(expected, most, _LARGEST) + 1)
    if len(values) != expected:
        fault = (
            f"a truncated file of {len(values)}"
            if len(values) < expected
            else "a file that is longer than it says"
        )
        sides = " × ".join(map(str, shape))
        raise InputError(f"{path} must hold {sides} values after its header, got {fault}")
    # A copy, because an array on top of bytes cannot be written to.
    return np.frombuffer(values, dtype=np.uint8).reshape(shape).copy()
