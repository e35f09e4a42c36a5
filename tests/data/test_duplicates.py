"""Duplicates of forgotten rows against a comparison of each row with each."""

import numpy as np

from qiskit_qmu.data import ForgetRequest, ForgetSplit, Rows, dataset_from_arrays
from qiskit_qmu.data.duplicates import duplicates_in_words, find_duplicates


def rows(x: np.ndarray, y: np.ndarray, where: slice) -> Rows:
    return Rows(x=x[where], y=y[where], indices=np.arange(len(y))[where])


def test_all_pairs_find_the_same():
    generator = np.random.default_rng(3)
    x = generator.integers(-1, 2, (400, 2, 2)).astype(np.float32)
    x[generator.random(x.shape) < 0.2] = np.nan
    x[x == 0] *= generator.choice([-1, 1], (x == 0).sum())  # (-0.0 is 0.0)
    y = generator.integers(0, 2, 400)
    parts = [slice(0, 40), slice(40, 200), slice(200, 260), slice(260, 400)]
    forget, retain, validation, test = (rows(x, y, part) for part in parts)
    found = find_duplicates(forget, retain=retain, validation=validation, test=test)
    expected = []
    for part, own in (("retain", retain), ("validation", validation), ("test", test)):
        for row, label, position in zip(own.x, own.y, own.indices, strict=True):
            twins = [
                other
                for features, other in zip(forget.x, forget.y, strict=True)
                if np.array_equal(features, row, equal_nan=True)
            ]
            if twins:
                expected.append((part, position, label in twins))
    assert [(each.part, each.position, each.same_answer) for each in found] == expected
    assert {each.part for each in found} == {"retain", "validation", "test"}
    for each in found:  # (the twin that is named is one)
        twin = int(each.of)
        np.testing.assert_array_equal(x[twin], x[each.position])
        assert (y[twin] == y[each.position]) == each.same_answer


X = np.array([[0.0], [1.0], [0.0], [2.0], [0.0], [3.0], [4.0], [1.0]])
Y = np.array([0, 1, 0, 1, 1, 0, 1, 0])
DATASET = dataset_from_arrays(X, Y, X[[0, 3]], Y[[0, 3]])


def test_a_split_names_its_duplicates():
    split = ForgetSplit.by_indices(DATASET, [0])
    record = split.to_dict()
    assert record["duplicates"]["count"] == {"retain": 2, "validation": 0, "test": 1}
    assert record["notes"] == [
        "1 retained row equals a forgotten one and undoes its deletion: 2 (as 0)",
        "1 retained row has the features of a forgotten one, with another label: 4 (as 0)",
        "1 test row has the features of a forgotten one, though the audit takes it for never "
        "seen: 0 (as 0)",
    ]


def test_duplicates_are_forgotten_on_request_and_never_held_out():
    request = ForgetRequest(indices=(0,), duplicates=True)
    for seed in range(5):
        split = ForgetSplit.of(DATASET, request, validation_fraction=0.25, seed=seed)
        assert split.forget.indices.tolist() == [0, 2, 4]
        assert {each.part for each in split.duplicates} == {"test"}


def test_values_to_predict_may_be_equal_too():
    ds = dataset_from_arrays(X, Y / 4, X[5:6], Y[5:6] / 4)
    split = ForgetSplit.by_mask(ds, np.arange(8) < 2)
    assert [(d.name, d.of, d.same_answer) for d in split.duplicates] == [
        ("2", "0", True),
        ("4", "0", False),
        ("7", "1", False),
    ]
    assert len(duplicates_in_words(split.duplicates)) == 2
