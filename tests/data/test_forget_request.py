"""One request from the command line to the split: what it stands for, and what it refuses."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.data import ForgetRequest, ForgetSplit, dataset_from_arrays, read_table

Y = np.array([0, 1, 2, 0, 1, 2, 0, 1])
DATASET = dataset_from_arrays(np.arange(8.0)[:, None], Y, np.zeros((3, 1)), [0, 1, 2])
TRAINED = DATASET.train.take([0, 1, 3, 4, 6, 7])  # (rows 2 and 5, all of class 2, are held out)
REQUESTS = [
    ForgetRequest(label=1), ForgetRequest(fraction=0.5), ForgetRequest(indices=(6, 0)),
]  # fmt: skip


def positions(request):
    """Return what a model that was trained on those rows is to forget."""
    validation = DATASET.train.take([2, 5])
    split = ForgetSplit.of_trained_rows(DATASET, request, TRAINED, validation, seed=0)
    return split.forget.indices.tolist()


def test_positions_are_sorted_and_among_the_rows_that_are_trained_on():
    by_class, by_fraction, by_indices = (positions(request) for request in REQUESTS)
    assert by_class == [1, 4, 7]
    assert by_indices == [0, 6]
    assert len(by_fraction) == 3
    assert by_fraction == sorted(by_fraction)
    assert set(by_fraction) <= set(TRAINED.indices)


@pytest.mark.parametrize(
    "request_",
    [
        *REQUESTS,
        ForgetRequest(label=0),
        ForgetRequest(label="spam"),
        ForgetRequest(ids=("0042", 7), skip_untrained_ids=True),
        ForgetRequest(mask=np.array([True, False]), duplicates=True),
        ForgetRequest(where="age > 3"),
        ForgetRequest(owner="hospital=St. Mary = East"),
    ],
)
def test_a_request_is_a_value(request_):
    twin = ForgetRequest.from_dict(json.loads(json.dumps(request_.to_dict())))
    assert twin == request_ == pickle.loads(pickle.dumps(request_))
    assert hash(twin) == hash(request_)


def test_constructors_of_splits_are_requests():
    for request, split in zip(
        REQUESTS,
        (
            ForgetSplit.by_class(DATASET, 1),
            ForgetSplit.by_fraction(DATASET, 0.5, seed=3),
            ForgetSplit.by_indices(DATASET, [0, 6]),
        ),
        strict=True,
    ):
        assert ForgetSplit.of(DATASET, request, seed=3).to_dict() == split.to_dict()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (ForgetRequest, "exactly one of a class, a fraction, .* got none"),
        (lambda: ForgetRequest(label=1, fraction=0.1), "exactly one .* got label and fraction"),
        (lambda: ForgetRequest(fraction="x"), "fraction must be a number, got 'x'"),
        (lambda: ForgetRequest(fraction=1.0), "fraction must lie between 0 and 1, both excluded"),
        (lambda: ForgetRequest(indices=(1, 2, 1)), "indices must not repeat, got 1 more than once"),
        (lambda: ForgetRequest(indices=()), "indices must not be empty"),
        (lambda: ForgetRequest(indices=("a",)), "indices must be integers"),
        (lambda: ForgetRequest(label=1.0), "label must be the name or number of a class, got 1.0"),
        (lambda: ForgetRequest(ids="C1"), "ids must be a list of texts, got 'C1'"),
        (lambda: ForgetRequest(ids=()), "ids must not be empty"),
        (lambda: ForgetRequest(ids=(1.0,)), "ids must be texts or whole numbers, got 1.0"),
        (lambda: ForgetRequest(mask=[1, 0]), "mask must be a one-dimensional array of booleans"),
        (lambda: ForgetRequest(mask=[False]), "mask selects no row"),
        (lambda: ForgetRequest(where=3), "where must be a condition as text, got 3"),
        (lambda: ForgetRequest(label=1, duplicates=True), "duplicates of a class's rows have"),
        (
            lambda: ForgetRequest(label=1, skip_untrained_ids=True),
            "skip_untrained_ids applies to ids",
        ),
        (lambda: ForgetRequest.from_dict({"depth": 3}), "must hold a label, a fraction, indices"),
        (lambda: ForgetRequest.from_dict([1]), "must hold a label, a fraction, indices"),
        (
            lambda: positions(ForgetRequest(label=2)),
            "label must be one of 0, 1; got 2",
        ),
        (
            lambda: positions(ForgetRequest(fraction=0.01)),
            "at least one of 6 rows",
        ),
        (
            lambda: positions(ForgetRequest(indices=(0, 5))),
            "rows that the model is trained on, from 0 to 7; got 5",
        ),
    ],
)
def test_what_is_not_possible_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.fixture(scope="module")
def owned():
    """Rows of three hospitals, which are named in a column that is no feature."""
    table = pd.DataFrame(
        {
            "dose": np.arange(24.0),
            "hospital": ["St. Mary", "North", "East"] * 8,
            "ward": np.arange(24) % 4,
            "ill": ["no", "yes"] * 12,
        }
    )
    return read_table(table, label="ill", features=["dose"], test=0.25)


@pytest.mark.parametrize(("column", "value"), [("hospital", "St. Mary"), ("ward", "3")])
def test_an_owner_is_all_rows_of_a_value_and_the_others_are_retained(owned, column, value):
    split = ForgetSplit.by_owner(owned, column, value)
    own = owned.column(column).astype(str) == (f"{value}.0" if column == "ward" else value)
    assert 0 < own.sum() < len(own)
    assert split.forget.indices.tolist() == np.flatnonzero(own).tolist()
    assert split.retain.indices.tolist() == np.flatnonzero(~own).tolist()
    assert split.kind == "instances"


@pytest.mark.parametrize(
    ("owner", "message"),
    [
        ("hospital=West", "belongs to hospital=West; owners are East, North, St. Mary"),
        ("clinic=West", "owner names clinic, which is not a column of"),
        ("ward=third", "column ward holds numbers"),
        ("hospital", "owner must be COLUMN=VALUE"),
    ],
)
def test_owners_that_are_not_there_are_refused(owned, owner, message):
    with pytest.raises(InputError, match=message):
        ForgetSplit.of(owned, ForgetRequest(owner=owner))
