"""Tests of qiskit_qmu.data.rows."""

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_qmu._check import InputError
from qiskit_qmu.data import Rows, row_digests


def make_rows(n: int = 5) -> Rows:
    x = np.arange(2 * n, dtype=np.float32).reshape(n, 2)
    return Rows(x=x, y=np.arange(n) % 3, indices=10 + np.arange(n))


def test_take_selects_in_the_given_order():
    taken = make_rows().take([3, 0, 3])
    np.testing.assert_array_equal(taken.x, [[6, 7], [0, 1], [6, 7]])
    np.testing.assert_array_equal(taken.y, [0, 0, 0])
    np.testing.assert_array_equal(taken.indices, [13, 10, 13])


def test_take_nothing_gives_empty_rows_of_the_same_shape():
    taken = make_rows().take([])
    assert len(taken) == 0
    assert taken.x.shape == (0, 2)
    assert taken.y.dtype == np.int64


def test_take_copies():
    rows = make_rows()
    rows.take([0]).x[0, 0] = 99
    assert rows.x[0, 0] == 0


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        ([5], "positions must be at least 0 and less than 5, got 5"),
        ([-1], "positions must be at least 0 and less than 5, got -1"),
        ([0.0], "positions must be integers, got dtype float64"),
        ([True, False, True, False, True], "positions must be integers, got dtype bool"),
        ([[0, 1]], r"positions must be one-dimensional, got shape \(1, 2\)"),
        ([[0], [1, 2]], "positions must be a list of integers, got a ragged one"),
    ],
)
def test_take_refuses_wrong_positions(positions, message):
    with pytest.raises(InputError, match=message):
        make_rows().take(positions)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.arange(4)}, "x and y and indices must have the same length, got 5 and 4 and 5"),
        ({"x": np.zeros((5, 2))}, "x must be float32, got float64"),
        ({"y": np.zeros(5, np.float32)}, r"y must be int64 \(classes\) or float64 \(values\), got"),
        ({"y": np.zeros((5, 1, 1))}, r"y must be one-dimensional, got shape \(5, 1, 1\)"),
        ({"indices": np.zeros(5, np.int32)}, "indices must be int64, got int32"),
        ({"y": np.zeros((5, 1), np.int64)}, r"y must be one-dimensional, got shape \(5, 1\)"),
    ],
)
def test_wrong_arrays_are_refused(change, message):
    rows = make_rows()
    with pytest.raises(InputError, match=message):
        Rows(**{"x": rows.x, "y": rows.y, "indices": rows.indices} | change)


def test_repr_is_one_short_line():
    assert repr(make_rows()) == "Rows(5 of shape (2,))"


def test_digest_is_sha256_of_shape_dtype_and_bytes():
    """The bytes are written out by hand: two rows of one little-endian float, two labels."""
    rows = Rows(x=np.float32([[1], [2]]), y=np.array([0, 1]), indices=np.array([7, 8]))
    content = b"(2, 1)<f4" + struct.pack("<2f", 1, 2) + b"(2,)<i8" + struct.pack("<2q", 0, 1)
    assert rows.digest() == hashlib.sha256(content).hexdigest()


def test_digest_depends_on_content_order_and_shape_but_not_on_indices_or_memory_layout():
    rows = make_rows()
    same = Rows(x=np.asfortranarray(rows.x), y=rows.y, indices=rows.indices + 1)
    assert same.digest() == rows.digest()
    others = [
        Rows(x=rows.x + 1, y=rows.y, indices=rows.indices),
        Rows(x=rows.x, y=rows.y + 1, indices=rows.indices),
        Rows(x=rows.x.reshape(5, 1, 2), y=rows.y, indices=rows.indices),
        rows.take([1, 0, 2, 3, 4]),
        rows.take([0, 1]),
    ]
    digests = {other.digest() for other in others} | {rows.digest()}
    assert len(digests) == 6


def test_row_digest_is_the_head_of_a_sha256():
    content = b"(1,)<f4<i8" + struct.pack("<f", 0.5) + struct.pack("<q", 3)
    assert row_digests([[0.5]], [3]) == [hashlib.sha256(content).hexdigest()[:16]]


@given(st.permutations(range(8)))
def test_row_digests_do_not_depend_on_the_order(order):
    rows = make_rows(8)
    taken = rows.take(order)
    digests = row_digests(rows.x, rows.y)
    assert row_digests(taken.x, taken.y) == [digests[position] for position in order]


def test_row_digests_tell_rows_and_labels_apart():
    assert len(set(row_digests([[0, 1], [1, 0], [0, 1], [0, 1]], [0, 0, 1, 0]))) == 3


def test_row_digests_refuse_unequal_lengths():
    with pytest.raises(InputError, match="x and y must have the same length, got 2 and 1"):
        row_digests([[0], [1]], [0])
