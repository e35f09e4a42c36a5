"""Files that are read: sizes before memory, types before use, one line on failure."""

import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu._files import entry, read_arrays, read_bytes, read_json, reading


def _npz(path, header, data):
    text = header.encode()
    member = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", member)


def test_arrays_come_back_as_they_were(tmp_path):
    arrays = {
        "f": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "empty": np.zeros((0, 3), dtype=np.int64),
        "number": np.asarray(7),
        "b/y": np.array([True, False]),
    }
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    found = read_arrays(tmp_path / "a.npz", "arrays")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
        assert found[name].flags.writeable


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }",
            "size does not match",
        ),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", "of the shape"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "non-numeric"),
        ("{'descr': '<U9', 'fortran_order': False, 'shape': (1,), }", "non-numeric"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': 'x', }", "cannot read arrays from"),
        ("(" * 3000, "cannot read arrays from"),
    ],
)
def test_arrays_that_claim_what_they_cannot_hold(tmp_path, header, message):
    _npz(tmp_path / "a.npz", header, bytes(8))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=message):
            read_arrays(tmp_path / "a.npz", "arrays")
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_an_archive_that_claims_more_than_it_can_hold(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.zeros(10))
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02") + 24  # the uncompressed size in the archive's directory
    content[at : at + 4] = struct.pack("<I", 2**31)
    path.write_bytes(content)
    with pytest.raises(InputError, match="arrays of 2,147,483,648 bytes"):
        read_arrays(path, "arrays")


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is not a regular file"):
        read_bytes(tmp_path / "pipe", "text")


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with (tmp_path / "file").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(InputError, match="it is larger than 1,000 bytes"):
        read_bytes(tmp_path / "file", "text", largest=1000)


def test_whatever_a_parser_raises_becomes_one_line(tmp_path):
    (tmp_path / "deep").write_text("[" * 10**5)
    with pytest.raises(InputError, match=r"cannot read text from .*deep: .*nested too deeply$"):
        read_json(tmp_path / "deep", "text")
    with pytest.raises(InputError) as caught, reading("file", "text"):
        raise struct.error("several\nlines\x1b[31m" + "x" * 1000)
    assert "\n" not in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("content", "kind"),
    [([], int), ({}, int), ({"a": True}, int), ({"a": 1.0}, int), ({"a": "1"}, float)],
)
def test_values_of_another_type_are_refused(content, kind):
    with pytest.raises(InputError, match=r"must be|is missing"):
        entry(content, "a", kind)
