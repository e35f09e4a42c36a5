"""Poisoned rows: which, how, and that nothing else is touched."""

import numpy as np
import pytest
from tiny_models import few_iris

from qiskit_qmu._check import InputError
from qiskit_qmu.data import load_dataset, poison


def test_flipped_labels_are_wrong_and_of_the_share_of_each_class():
    ds = few_iris()
    poisoned = poison(ds, "labels", 0.3, seed=1)
    dataset, rows = poisoned.dataset, poisoned.positions
    changed = np.flatnonzero(dataset.y_train != ds.y_train)
    assert changed.tolist() == rows.tolist()
    assert np.array_equal(dataset.x_train, ds.x_train)
    assert np.array_equal(poisoned.clean_y, ds.y_train[rows])
    shares = np.bincount(ds.y_train[rows], minlength=3) / np.bincount(ds.y_train)
    assert np.abs(shares - 0.3).max() < 0.1
    assert len(set((dataset.y_train - ds.y_train)[rows] % 3)) == 2  # both other classes
    assert np.array_equal(dataset.y_test, ds.y_test)
    split = poisoned.split(validation_fraction=0.1)
    assert split.forget.indices.tolist() == rows.tolist()
    assert not np.isin(rows, split.validation.indices).any()


def test_random_features_keep_length_and_label():
    ds = few_iris()
    poisoned = poison(ds, "features", 0.3, seed=1)
    new, rows = poisoned.dataset.x_train, poisoned.positions
    assert np.array_equal(np.flatnonzero((new != ds.x_train).any(1)), rows)
    assert np.array_equal(poisoned.dataset.y_train, ds.y_train)
    assert np.array_equal(poisoned.clean_x, ds.x_train[rows])
    lengths = [np.linalg.norm(x[rows], axis=1) for x in (new, ds.x_train)]
    np.testing.assert_allclose(*lengths, rtol=1e-5)
    directions = new[rows] / lengths[0][:, None]
    assert np.linalg.norm(directions.mean(0)) < 0.8  # (iris points one way: 0.98)


def test_a_seed_decides_which_and_how():
    first, again, other = (poison(few_iris(), "features", 0.2, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.dataset.x_train, again.dataset.x_train)
    assert first.positions.tolist() != other.positions.tolist()


def test_what_has_no_classes_or_is_no_poison_is_refused():
    with pytest.raises(InputError, match="has a regression target"):
        poison(load_dataset("diabetes"), "labels", 0.1)
    with pytest.raises(InputError, match="kind must be"):
        poison(few_iris(), "pixels", 0.1)
    with pytest.raises(InputError, match="fraction must lie between 0 and 1"):
        poison(few_iris(), "labels", 1.5)
