"""Rows by class names, ids, masks and conditions; each id that cannot be forgotten says why."""

import dataclasses

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.data import Dataset, ForgetRequest, ForgetSplit, dataset_from_arrays
from qiskit_qmu.data.ids import untrained_ids

LABELS = [30, 10, 20, 30, 10, 20, 30, 10]


def make_dataset(labels: list) -> Dataset:
    x = np.arange(8.0)[:, None]
    ds = dataset_from_arrays(x, labels, x[:3] + 8, labels[:3])
    return dataclasses.replace(
        ds,
        ids_train=np.array([f"{100 + i:04d}" for i in range(8)]),
        ids_test=np.array(["0200", "0201", "0202"]),
        id_name="customer",
        feature_names=("age",),
        label_name="plan",
    )


DATASET = make_dataset(LABELS)
TRAINED = [0, 1, 3, 4, 6, 7]


def resolved(ds: Dataset, request: ForgetRequest, **options) -> ForgetSplit:
    """Return the split of a model that was trained on six rows; row 2 was held out, 5 forgotten."""
    trained, held_out = ds.train.at(TRAINED), ds.train.at([2])
    return ForgetSplit.of_trained_rows(ds, request, trained, held_out, seed=0, **options)


@pytest.mark.parametrize("label", [10, "10"])
def test_a_class_by_the_caller_s_own_label(label):
    assert DATASET.num_classes == 3
    split = ForgetSplit.by_class(DATASET, label)
    assert (split.label, split.forget.indices.tolist()) == (0, [1, 4, 7])
    assert split.in_words() == "class 10 (3 of 8 training rows)"


def test_a_class_by_its_name_or_number():
    ds = dataset_from_arrays(np.eye(3), ["ham", "spam", "ham"], np.eye(3), ["ham", "spam", "ham"])
    for label in ("spam", 1):
        assert ForgetSplit.by_class(ds, label).forget.indices.tolist() == [1]


@pytest.mark.parametrize(
    "request_",
    [
        ForgetRequest(ids=("0107", "0100")),
        ForgetRequest(mask=np.isin(np.arange(8), [0, 7])),
        ForgetRequest(where="age == 0 or customer == '0107'"),
        ForgetRequest(where="plan != '20' and not 0 < age < 7"),
    ],
)
@pytest.mark.parametrize("labels", [LABELS, [0.5, 1.5, 2.5] * 2 + [0.25, 0.75]])
def test_single_rows_of_classes_and_of_values(request_, labels):
    if request_.where and "plan" in request_.where and isinstance(labels[0], float):
        request_ = ForgetRequest(where="plan < 1 and not 0 < age < 7 and age >= 0")
    split = resolved(make_dataset(labels), request_)
    assert split.kind == "instances"
    assert split.forget.indices.tolist() == [0, 7]
    assert split.forget.ids.tolist() == split.to_dict()["forgotten_ids"] == ["0100", "0107"]
    assert split.in_words() == "2 of 6 training rows: 0100, 0107"


def test_named_rows_are_never_held_out():
    for seed in range(5):
        split = ForgetSplit.by_ids(DATASET, ["0100", "0104"], validation_fraction=0.4, seed=seed)
        assert split.forget.indices.tolist() == [0, 4]
        assert len(split.validation) == 3


IDS = ("0100", "0107", "0107", "0201", "0102", "0105", "0999", "103", "gone")


def test_each_id_that_cannot_be_forgotten_is_named_with_its_reason():
    with pytest.raises(InputError) as refusal:
        resolved(DATASET, ForgetRequest(ids=IDS), forgotten_ids=["gone"])
    assert str(refusal.value) == (
        "7 of 8 ids cannot be forgotten as given: in the test rows, which no model is trained on: "
        "0201; held out for validation, not trained on: 0102; already forgotten: 0105, gone; "
        "unknown: 0999, 103 (did you mean 0103?); given more than once: 0107. Nothing was changed; "
        "skip_untrained_ids continues without them"
    )


def test_an_id_that_is_given_twice_is_not_called_one_that_cannot_be_forgotten():
    with pytest.raises(InputError, match=r"1 of 1 ids is given more than once: 0107. .* once$"):
        resolved(DATASET, ForgetRequest(ids=("0107", "0107")))


def test_going_on_without_them_says_which():
    split = resolved(DATASET, ForgetRequest(ids=IDS, skip_untrained_ids=True))
    assert split.forget.ids.tolist() == ["0100", "0107"]
    reasons = {each["id"]: each["reason"] for each in split.to_dict()["skipped_ids"]}
    assert reasons == {
        "0107": "repeated", "0201": "test", "0102": "validation", "0105": "forgotten",
        "0999": "unknown", "103": "unknown", "gone": "unknown",
    }  # fmt: skip
    assert untrained_ids(split.to_dict()["skipped_ids"]) == split.skipped_ids
    assert "unknown: 0999, 103 (did you mean 0103?), gone" in split.notes[0]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (ForgetRequest(label=1), "label must be one of 10, 20, 30; got 1"),
        (ForgetRequest(label="3O0"), "label must be one of .*; did you mean 30?"),
        (ForgetRequest(label=20), "label must be one of 10, 30; got 20"),
        (ForgetRequest(mask="101"), "mask must have one value for each of 8 training rows, got 3"),
        (ForgetRequest(mask="10000100"), "mask must select rows that the model is trained on.* 5"),
        (ForgetRequest(where="age > 20"), "where must select at least one of 6 rows"),
        (ForgetRequest(where="age == 2"), "where must select at least one of 6 rows"),
        (ForgetRequest(where="age >= 0"), "where must leave rows to retain, and all 6 rows"),
        (ForgetRequest(where="x == 1"), "columns are customer, plan, age"),
        (
            ForgetRequest(where="agee >= 0"),
            "where names agee, .*; did you mean age",
        ),
        (
            ForgetRequest(ids=("1", "0200"), skip_untrained_ids=True),
            "ids must name at least one row that the model is trained on: in the test rows",
        ),
    ],
)
def test_what_selects_nothing_or_everything_is_refused(request_, message):
    with pytest.raises(InputError, match=message):
        resolved(DATASET, request_)


def test_rows_without_ids_have_none_to_forget():
    with pytest.raises(InputError, match="arrays has no ids: name the column"):
        ForgetSplit.by_ids(dataclasses.replace(DATASET, ids_train=None), ["0100"])
