"""Small IDX files, written byte by byte from the format's description."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def idx_bytes() -> Callable[[np.ndarray], bytes]:
    """Return an array as the content of an IDX file."""

    def convert(array: np.ndarray) -> bytes:
        sizes = b"".join(int(size).to_bytes(4, "big") for size in array.shape)
        return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()

    return convert


@pytest.fixture
def write_idx(idx_bytes) -> Callable[[Path, np.ndarray], Path]:
    """Write an array as an IDX file, gzipped if the name ends in .gz."""

    def write(path: Path, array: np.ndarray) -> Path:
        content = idx_bytes(array)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
        return path

    return write


@pytest.fixture
def write_pair(write_idx) -> Callable[..., None]:
    """Write images and labels of one part; image i is filled with the grey value i mod 256."""

    def write(folder: Path, prefix: str, rows: int = 60, suffix: str = ".gz", shift: int = 0):
        images = np.broadcast_to(np.arange(rows)[:, None, None] % 256, (rows, 28, 28))
        write_idx(folder / f"{prefix}-images-idx3-ubyte{suffix}", images)
        write_idx(folder / f"{prefix}-labels-idx1-ubyte{suffix}", (np.arange(rows) + shift) % 10)

    return write
