"""Rows from NPZ files."""

import numpy as np
import pytest

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError

X, Y = np.arange(40.0).reshape(20, 2), np.resize(["b", "a"], 20)
IDS = np.array([f"r{i}" for i in range(20)])


def test_one_pair_of_arrays(tmp_path):
    np.savez(tmp_path / "rows.npz", x=X, y=Y, ids=IDS)
    ds = qmu.read_table(tmp_path / "rows.npz", test=0.25, seed=1)
    assert (len(ds.train), len(ds.test), ds.class_names, ds.name) == (15, 5, ("a", "b"), "rows")
    place = [int(name[1:]) for name in ds.ids_train]
    np.testing.assert_array_equal(ds.x_train, X[place])
    np.testing.assert_array_equal(np.array(ds.class_names)[ds.y_train], Y[place])
    assert not set(ds.ids_train) & set(ds.ids_test)


def test_training_and_test_arrays(tmp_path):
    np.savez(tmp_path / "rows.npz", x_train=X, y_train=X[:, 0], x_test=X[:3], y_test=X[:3, 0])
    ds = qmu.read_table(tmp_path / "rows.npz")
    assert (len(ds.train), len(ds.test), ds.num_classes) == (20, 3, None)
    np.testing.assert_array_equal(ds.y_test, X[:3, 0])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"x": X, "y": Y.astype(object)},
            "cannot read the arrays x and y.*non-numeric values of type object",
        ),
        ({"x": X, "labels": Y}, r"one row of x for each of y; got x \(20, 2\), labels \(20,\)"),
        ({"x": X, "y": Y[:9]}, r"got x \(20, 2\), y \(9,\)"),
        ({"x": X, "y": Y, "ids": IDS[:3]}, r"one of ids for each row of x, got \(3,\)"),
    ],
)
def test_other_arrays_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "rows.npz", **arrays)
    with pytest.raises(InputError, match=message):
        qmu.read_table(tmp_path / "rows.npz")
