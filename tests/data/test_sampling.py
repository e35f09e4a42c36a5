"""Tests of qiskit_qmu.data.sampling: largest remainder, stratified and disjoint draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_qmu._check import InputError
from qiskit_qmu.data.sampling import class_quotas, draw_train_and_test, stratified_draw

counts_and_size = st.lists(st.integers(1, 60), min_size=1, max_size=12).flatmap(
    lambda counts: st.tuples(st.just(np.array(counts)), st.integers(0, sum(counts)))
)


def labels_of(counts: np.ndarray) -> np.ndarray:
    return np.random.default_rng(3).permutation(np.repeat(np.arange(len(counts)), counts))


@pytest.mark.parametrize(
    ("counts", "size", "quotas"),
    [
        ([50, 50, 50], 105, [35, 35, 35]),
        # 3.25, 2.75, 4.0: the row that is left goes to the fraction 0.75.
        ([13, 11, 16], 10, [3, 3, 4]),
        # Equal fractions: the lower label first.
        ([5, 5, 5], 4, [2, 1, 1]),
        ([1, 9], 10, [1, 9]),
        ([4, 4], 0, [0, 0]),
    ],
)
def test_quotas_by_hand(counts, size, quotas):
    np.testing.assert_array_equal(class_quotas(np.array(counts), size), quotas)


@given(counts_and_size)
def test_quotas_sum_up_and_stay_within_one_row_of_the_share(case):
    counts, size = case
    quotas = class_quotas(counts, size)
    share = size * counts / counts.sum()
    assert quotas.sum() == size
    assert (quotas <= counts).all()
    assert (np.abs(quotas - share) < 1).all()


@given(counts_and_size, st.integers(0, 2**32))
def test_a_draw_holds_distinct_rows_with_the_quotas(case, seed):
    counts, size = case
    labels = labels_of(counts)
    drawn = stratified_draw(labels, size, generator=np.random.default_rng(seed))
    assert drawn.dtype == np.int64
    assert len(set(drawn.tolist())) == size
    found = np.bincount(labels[drawn], minlength=len(counts))
    np.testing.assert_array_equal(found, class_quotas(counts, size))


def test_every_row_is_drawn_equally_often():
    """30 rows of equal classes, 15 drawn, 4000 times: counts are sums of coins with p = 1/2.

    The standard deviation of a count is at most √1000 < 32, so 6σ < 190; the chance that one of 30
    counts is further away is below 30 · 2e-9 = 6e-8.
    """
    labels, generator = np.repeat(np.arange(3), 10), np.random.default_rng(5)
    counts = np.zeros(30)
    for _ in range(4000):
        counts[stratified_draw(labels, 15, generator=generator)] += 1
    assert np.abs(counts - 2000).max() < 190


def test_rows_come_in_random_order():
    drawn = stratified_draw(np.repeat([0, 1], 50), 100, generator=np.random.default_rng(0))
    assert 10 < np.count_nonzero(drawn[:50] < 50) < 40  # sorted by class it would be 0 or 50


@given(st.integers(2, 60), st.integers(1, 60), st.integers(0, 99))
def test_one_source_gives_disjoint_parts(train_size, test_size, seed):
    labels = np.arange(120) % 2
    train, test = draw_train_and_test(
        labels,
        None,
        train_size=train_size,
        test_size=test_size,
        generator=np.random.default_rng(seed),
    )
    assert (len(train), len(test)) == (train_size, test_size)
    assert not set(train) & set(test)


def test_two_sources_are_drawn_from_separately():
    train, test = draw_train_and_test(
        np.arange(10) % 2,
        np.arange(8) % 2,
        train_size=10,
        test_size=8,
        generator=np.random.default_rng(0),
    )
    np.testing.assert_array_equal(np.sort(train), np.arange(10))
    np.testing.assert_array_equal(np.sort(test), np.arange(8))


@pytest.mark.parametrize(
    ("test_rows", "train_size", "test_size", "message"),
    [
        (None, 15, 6, r"train_size \+ test_size must be at most 20, the rows there are; got 21"),
        (5, 21, 1, "train_size must be at most 20, the rows there are; got 21"),
        (5, 20, 6, "test_size must be at most 5, the rows there are; got 6"),
    ],
)
def test_too_few_rows(test_rows, train_size, test_size, message):
    test_labels = None if test_rows is None else np.zeros(test_rows, dtype=np.int64)
    with pytest.raises(InputError, match=message):
        draw_train_and_test(
            np.arange(20) % 2,
            test_labels,
            train_size=train_size,
            test_size=test_size,
            generator=np.random.default_rng(0),
        )


@given(st.lists(st.integers(1, 30), min_size=2, max_size=6))
def test_the_named_minimum_is_the_smallest_size_that_holds_every_class(counts):
    """The minimum in the message is compared with a search that draws at every size."""
    labels, size = labels_of(np.array(counts)), len(counts) - 1

    def holds_every_class(size):
        drawn = stratified_draw(labels, size, generator=np.random.default_rng(0))
        return len(set(labels[drawn])) == len(counts)

    minimum = next(n for n in range(len(labels) + 1) if holds_every_class(n))
    with pytest.raises(InputError, match=f"train_size must be at least {minimum} so that each"):
        draw_train_and_test(
            labels, None, train_size=size, test_size=1, generator=np.random.default_rng(0)
        )
