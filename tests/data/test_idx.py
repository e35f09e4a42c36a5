"""Tests of qiskit_qmu.data.idx on good and damaged files."""

import gzip
import os
import re
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from qiskit_qmu._check import InputError
from qiskit_qmu.data import read_idx

GOOD = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255])


def test_a_file_written_by_hand(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(GOOD)
    array = read_idx(str(path))
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, [[1, 2, 3], [4, 5, 255]])
    array[0, 0] = 9  # a new array, not a view of read-only bytes


@pytest.mark.parametrize("name", ["plain", "misnamed.gz"])
@pytest.mark.parametrize("compress", [False, True])
def test_gzip_is_told_by_content_not_by_name(tmp_path, name, compress):
    path = tmp_path / name
    path.write_bytes(gzip.compress(GOOD) if compress else GOOD)
    assert read_idx(path).shape == (2, 3)


@given(
    array=arrays(np.uint8, array_shapes(max_dims=4, max_side=5, min_side=0)), zipped=st.booleans()
)
def test_round_trip(tmp_path_factory, idx_bytes, array, zipped):
    path = tmp_path_factory.getbasetemp() / f"round_trip{'.gz' * zipped}"
    content = idx_bytes(array)
    path.write_bytes(gzip.compress(content) if zipped else content)
    read = read_idx(path)
    assert read.shape == array.shape
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must hold an IDX header of 4 bytes, got a truncated file of 0"),
        (GOOD[:3], "must hold an IDX header of 4 bytes, got a truncated file of 3"),
        (GOOD[:11], "must hold an IDX header of 12 bytes, got a truncated file of 11"),
        (GOOD[:-1], "must hold 2 × 3 values after its header, got a truncated file of 5"),
        (GOOD[:12], "must hold 2 × 3 values after its header, got a truncated file of 0"),
        (
            GOOD + b"x",
            "must hold 2 × 3 values after its header, got a file that is longer than it says",
        ),
        (
            b"\0\0\x0d" + GOOD[3:],
            "must be an IDX file of unsigned bytes (magic number 0x000008 and the number of "
            "dimensions), got magic number 0x00000d02",
        ),
        (b"\0\0\x08\0", "got magic number 0x00000800"),
        (b"<!DOCTYPE html>", "got magic number 0x3c21444f"),
        (b"\x1f\x8bnot really", "is not a complete gzip file"),
        (b"\x1f\x8b", "is not a complete gzip file"),
        (gzip.compress(GOOD, mtime=0)[:-9], "is not a complete gzip file"),
        (gzip.compress(GOOD, mtime=0) + b"tail", "is not a complete gzip file"),
        (gzip.compress(GOOD[:-1], mtime=0), "got a truncated file of 5"),
        (gzip.compress(gzip.compress(GOOD, mtime=0), mtime=0), "got magic number 0x1f8b"),
    ],
)
def test_damaged_files_are_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "damaged"
    path.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        read_idx(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_flipped_bits_in_a_gzip_are_found_by_its_checksum(tmp_path):
    content = bytearray(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 1, 0]) + bytes(range(256))))
    content[40] ^= 1
    path = tmp_path / "flipped.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is not a complete gzip file"):
        read_idx(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*: No such file"):
        read_idx(tmp_path / "missing")


def test_a_folder_is_not_readable(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*: Is a directory"):
        read_idx(tmp_path)


def test_a_file_without_permission(tmp_path, monkeypatch):
    def refuse(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError, match=r"cannot read .*: Permission denied"):
        read_idx(tmp_path / "file")


def test_more_dimensions_than_an_array_has(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes([0, 0, 8, 255]) + struct.pack(">I", 1) * 255 + b"x")
    with pytest.raises(InputError, match="of at most 32 dimensions, got 255"):
        read_idx(path)


def test_no_more_memory_is_taken_than_the_header_claims(tmp_path):
    """A gzip file of 100 kB that becomes 100 MB, behind a header for 4 values; and one for 2^96."""
    path = tmp_path / "file"
    header = bytes([0, 0, 8, 1]) + struct.pack(">I", 4)
    path.write_bytes(gzip.compress(header + bytes(10**8)))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="longer than it says"):
            read_idx(path)
        path.write_bytes(bytes([0, 0, 8, 3]) + b"\xff" * 12)
        with pytest.raises(InputError, match="a truncated file of 0"):
            read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 5 * 10**6
    finally:
        tracemalloc.stop()
