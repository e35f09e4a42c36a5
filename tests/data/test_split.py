"""Tests of qiskit_qmu.data.split: laws that every split keeps, and each constructor's own."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_qmu._check import InputError
from qiskit_qmu.data import Dataset, ForgetSplit, dataset_from_arrays, load_dataset, row_digests

NUM_CLASSES = 4


def make_dataset(rows: int = 60, num_classes: int = NUM_CLASSES) -> Dataset:
    """Every row has one feature, its own number; test rows go on where training rows end."""
    generator = np.random.default_rng(rows)
    x = np.arange(rows + 24, dtype=np.float64)[:, None]
    y = generator.permutation(np.arange(rows + 24) % num_classes)
    return dataset_from_arrays(x[:rows], y[:rows], x[rows:], y[rows:], num_classes=num_classes)


DATASET = make_dataset()

fractions = st.sampled_from([0.0, 0.1, 0.25, 0.5])
seeds = st.integers(0, 1000)
splits = st.one_of(
    st.builds(
        lambda label, fraction, seed: ForgetSplit.by_class(
            DATASET, label, validation_fraction=fraction, seed=seed
        ),
        st.integers(0, NUM_CLASSES - 1),
        fractions,
        seeds,
    ),
    st.builds(
        lambda share, fraction, seed: ForgetSplit.by_fraction(
            DATASET, share, validation_fraction=fraction, seed=seed
        ),
        st.floats(0.05, 0.9),
        fractions,
        seeds,
    ),
    st.builds(
        lambda indices, fraction, seed: ForgetSplit.by_indices(
            DATASET, indices, validation_fraction=fraction, seed=seed
        ),
        st.lists(st.integers(0, 59), min_size=1, max_size=25, unique=True),
        fractions,
        seeds,
    ),
)


@given(splits)
def test_each_training_row_is_in_exactly_one_part(split):
    parts = [split.forget, split.retain, split.validation]
    together = np.concatenate([part.indices for part in parts])
    np.testing.assert_array_equal(np.sort(together), np.arange(60))


@given(splits)
def test_indices_point_to_the_rows_in_the_dataset_s_order(split):
    for part in (split.forget, split.retain, split.validation, split.train):
        np.testing.assert_array_equal(part.x, DATASET.x_train[part.indices])
        np.testing.assert_array_equal(part.y, DATASET.y_train[part.indices])
        assert (np.diff(part.indices) > 0).all()
    for part in (split.test_forget, split.test_retain):
        np.testing.assert_array_equal(part.x, DATASET.x_test[part.indices])
        np.testing.assert_array_equal(part.y, DATASET.y_test[part.indices])
        assert (np.diff(part.indices) > 0).all()


@given(splits)
def test_train_is_what_is_not_held_out(split):
    expected = np.setdiff1d(np.arange(60), split.validation.indices)
    np.testing.assert_array_equal(split.train.indices, expected)
    trained = set(row_digests(split.train.x, split.train.y))
    assert trained.isdisjoint(row_digests(split.validation.x, split.validation.y))
    assert trained.issuperset(row_digests(split.forget.x, split.forget.y))


@given(splits)
def test_test_rows_are_divided_by_kind(split):
    everything = np.arange(24)
    assert set(split.test_forget.y) <= set(split.forget.y)
    if split.kind == "class":
        assert split.label is not None
        together = np.concatenate([split.test_forget.indices, split.test_retain.indices])
        np.testing.assert_array_equal(np.sort(together), everything)
    else:
        assert split.label is None
        np.testing.assert_array_equal(split.test_retain.indices, everything)
        seen = np.isin(DATASET.y_test, split.forget.y)
        np.testing.assert_array_equal(split.test_forget.indices, everything[seen])


@given(splits)
def test_a_record_counts_all_parts_and_can_prove_them(split):
    record = json.loads(json.dumps(split.to_dict()))
    assert record["kind"] == split.kind
    assert record["label"] == split.label
    assert record["num_classes"] == NUM_CLASSES
    names = ("forget", "retain", "validation", "test_forget", "test_retain")
    assert record["rows"] == {name: len(getattr(split, name)) for name in names}
    assert record["digests"] == {name: getattr(split, name).digest() for name in names}


def test_by_class_on_digits():
    dataset = load_dataset("digits", train_size=300, test_size=100)
    split = ForgetSplit.by_class(dataset, label=4)
    assert (split.kind, split.label, split.num_classes) == ("class", 4, 10)
    assert len(split.forget) == np.count_nonzero(dataset.y_train == 4)
    assert set(split.forget.y) == set(split.test_forget.y) == {4}
    assert set(split.retain.y) == set(split.test_retain.y) == set(range(10)) - {4}
    assert len(split.validation) == 0
    assert "Rows(" in repr(split)
    assert "array" not in repr(split)


def test_by_class_holds_out_rows_of_all_classes_by_share():
    split = ForgetSplit.by_class(DATASET, 2, validation_fraction=0.2)
    expected = np.bincount(DATASET.y_train) / 5
    assert (np.abs(np.bincount(split.validation.y) - expected) < 1).all()
    assert len(split.validation) == 12


@pytest.mark.parametrize(("fraction", "rows"), [(0.02, 20), (0.5, 500), (0.999, 999)])
def test_by_fraction_forgets_that_many(fraction, rows):
    dataset = load_dataset("digits")
    split = ForgetSplit.by_fraction(dataset, fraction=fraction, seed=0)
    assert (split.kind, split.label) == ("instances", None)
    assert len(split.forget) == rows
    assert len(split.retain) == 1000 - rows


def test_by_fraction_is_of_the_rows_left_after_validation():
    split = ForgetSplit.by_fraction(DATASET, 0.1, validation_fraction=0.5)
    assert [len(part) for part in (split.validation, split.forget, split.retain)] == [30, 3, 27]


def test_by_fraction_draws_every_row_equally_often():
    """15 of 60 rows, 1000 seeds: counts are binomial with p = 1/4, standard deviation 13.7.

    The chance that one of 60 counts is 82 (6σ) away is below 60 · 2e-8.
    """
    counts = np.zeros(60)
    for seed in range(1000):
        counts[ForgetSplit.by_fraction(DATASET, 0.25, seed=seed).forget.indices] += 1
    assert np.abs(counts - 250).max() < 82


def test_validation_does_not_depend_on_what_is_forgotten():
    options = {"validation_fraction": 0.25, "seed": 7}
    by_class = ForgetSplit.by_class(DATASET, 0, **options)
    by_fraction = ForgetSplit.by_fraction(DATASET, 0.1, **options)
    np.testing.assert_array_equal(by_class.validation.indices, by_fraction.validation.indices)


def test_seeds_repeat_and_differ():
    def indices(seed):
        return ForgetSplit.by_fraction(DATASET, 0.25, seed=seed).forget.indices.tolist()

    assert indices(1) == indices(1)
    assert indices(1) != indices(2)


@pytest.mark.parametrize("indices", [[7, 3, 11], (7, 3, 11), np.array([11, 7, 3], np.uint8)])
def test_by_indices_forgets_exactly_those(indices):
    split = ForgetSplit.by_indices(DATASET, indices)
    np.testing.assert_array_equal(split.forget.x[:, 0], [3, 7, 11])
    assert split.kind == "instances"


def test_test_rows_without_counterparts_give_an_empty_part():
    dataset = make_dataset()
    rows = dataset.y_test != 1
    dataset = dataclasses.replace(
        dataset,
        x_test=dataset.x_test[rows],
        y_test=dataset.y_test[rows],
        test_indices=dataset.test_indices[rows],
    )
    split = ForgetSplit.by_class(dataset, 1)
    assert len(split.test_forget) == 0
    assert len(split.test_retain) == len(dataset.y_test)


ALL = range(60)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ForgetSplit.by_class(DATASET, 4), "label must be one of 0, 1, 2, 3; got 4"),
        (lambda: ForgetSplit.by_class(DATASET, -1), "label must be one of 0, 1, 2, 3; got -1"),
        (
            lambda: ForgetSplit.by_class(DATASET, 1, validation_fraction=1.0),
            "validation_fraction must lie between 0 and 1, both excluded, got 1.0",
        ),
        (
            lambda: ForgetSplit.by_class(DATASET, 1, validation_fraction=0.001),
            "validation_fraction must be at least one of 60 rows, got 0.001: no row",
        ),
        (
            lambda: ForgetSplit.by_class(DATASET, 1, validation_fraction=0.999),
            "validation_fraction must leave rows to retain, got 0.999: 60 rows of 60",
        ),
        (
            lambda: ForgetSplit.by_class(DATASET, 1, seed=-1),
            "seed must be an integer of at least 0, got -1",
        ),
        (lambda: ForgetSplit.by_fraction(DATASET, 0.0), "fraction must lie between 0 and 1, both"),
        (lambda: ForgetSplit.by_fraction(DATASET, 1.0), "fraction must lie between 0 and 1, both"),
        (lambda: ForgetSplit.by_fraction(DATASET, 20), "both excluded, got 20"),
        (lambda: ForgetSplit.by_fraction(DATASET, float("nan")), "both excluded, got nan"),
        (lambda: ForgetSplit.by_fraction(DATASET, 0.001), "at least one of 60 rows, got 0.001"),
        (
            lambda: ForgetSplit.by_fraction(DATASET, 0.999),
            "no training row would be retained: all 60 rows",
        ),
        (lambda: ForgetSplit.by_fraction(DATASET, 0.5, seed=-1), "seed must be an integer of at"),
        (lambda: ForgetSplit.by_indices(DATASET, []), "indices must not be empty"),
        (
            lambda: ForgetSplit.by_indices(DATASET, [1, 2, 1]),
            "indices must not repeat, got 1 more than once",
        ),
        (lambda: ForgetSplit.by_indices(DATASET, [1.0]), "indices must be integers, got dtype fl"),
        (lambda: ForgetSplit.by_indices(DATASET, [True]), "indices must be integers, got dtype bo"),
        (lambda: ForgetSplit.by_indices(DATASET, ["1"]), "indices must be integers, got dtype <U"),
        (lambda: ForgetSplit.by_indices(DATASET, 3), r"indices must be one-dimensional, got sha"),
        (
            lambda: ForgetSplit.by_indices(DATASET, [5, 60]),
            "indices must be positions of rows that the model is trained on, from 0 to 59; got 60",
        ),
        (lambda: ForgetSplit.by_indices(DATASET, [-1]), "from 0 to 59; got -1"),
        (
            lambda: ForgetSplit.by_indices(DATASET, ALL),
            "no training row would be retained: all 60 rows",
        ),
        (
            lambda: ForgetSplit.by_indices(DATASET, ALL[:58], validation_fraction=0.1),
            "validation_fraction must leave rows to retain, got 0.1: 6 rows of 2",
        ),
    ],
)
def test_unusable_requests_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_forgetting_the_only_class_is_refused():
    x, y = np.zeros((3, 1)), np.ones(3, dtype=np.int64)
    dataset = dataset_from_arrays(x, y, x, y)
    with pytest.raises(InputError, match="no training row would be retained: all 3 rows"):
        ForgetSplit.by_class(dataset, 1)


def test_the_only_row_of_a_class_is_never_held_out():
    y = np.repeat([0, 1, 2, 3], [1, 7, 7, 7])  # 0.3 of 22 rows: quotas 0.3, 2.2, 2.2, 2.2
    dataset = dataset_from_arrays(np.zeros((22, 1)), y, np.zeros((22, 1)), y)
    for seed in range(20):
        split = ForgetSplit.by_class(dataset, 1, validation_fraction=0.32, seed=seed)
        assert set(split.train.y) == {0, 1, 2, 3}
        assert np.bincount(split.validation.y, minlength=4).tolist() == [0, 3, 2, 2]


@pytest.mark.parametrize("labels", [[0, 1, 1, 1, 1], [0, 0, 1, 1, 1], [0, 1, 2, 3, 4]])
def test_a_class_that_validation_would_use_up_is_refused(labels):
    x, y = np.zeros((5, 1)), np.array(labels)
    dataset = dataset_from_arrays(x, y, x, y)
    with pytest.raises(InputError, match=r"leave each class a row to train on, got 0.8: 4 rows"):
        ForgetSplit.by_class(dataset, 0, validation_fraction=0.8)


def test_parts_that_share_rows_are_refused():
    split = ForgetSplit.by_class(DATASET, 1)
    shared = int(split.forget.indices[0])
    with pytest.raises(InputError, match=f"must not share rows, got training row {shared} more"):
        dataclasses.replace(split, retain=DATASET.train)


def make_regression() -> Dataset:
    x = np.arange(60, dtype=np.float64)[:, None]
    return dataset_from_arrays(x[:40], x[:40, 0] / 7, x[40:], x[40:, 0] / 7)


def test_values_are_forgotten_as_instances_and_compared_with_all_test_rows():
    dataset = make_regression()
    split = ForgetSplit.by_fraction(dataset, 0.25, validation_fraction=0.2, seed=3)
    assert (split.kind, split.label, split.num_classes) == ("instances", None, None)
    assert (len(split.forget), len(split.validation), len(split.retain)) == (8, 8, 24)
    for part in (split.forget, split.retain, split.validation):
        np.testing.assert_array_equal(part.y, dataset.y_train[part.indices])
    assert len(split.test_forget) == len(split.test_retain) == 20
    assert ForgetSplit.by_indices(dataset, [3, 5]).forget.y.tolist() == [3 / 7, 5 / 7]
    json.dumps(split.to_dict())


def test_values_have_no_class_to_forget():
    with pytest.raises(InputError, match="arrays has a regression target and no class to forget"):
        ForgetSplit.by_class(make_regression(), 3)


def test_digests_tell_values_apart():
    x = np.zeros((3, 1))
    one, same, other = row_digests(x, [0.25, 0.25, 0.5])
    assert one == same != other
    assert row_digests(x, [1, 1, 1])[0] != row_digests(x, [1.0, 1.0, 1.0])[0]
