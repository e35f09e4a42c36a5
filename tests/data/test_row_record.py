"""Rows that are found again by digest and id: in any order, and what is not found is named."""

from dataclasses import replace

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.data import RecordedRows, RowRecord, TableColumn, dataset_from_arrays
from qiskit_qmu.data.rearranging import rearranged


def dataset(train, test, *, ids=True):
    """Rows whose one feature is their number, and whose id is C and the number."""
    numbers = [np.array(part, dtype=np.float32) for part in (train, test)]
    labels = [part.astype(np.int64) % 2 for part in numbers]
    made = dataset_from_arrays(
        numbers[0][:, None], labels[0], numbers[1][:, None], labels[1], num_classes=2
    )
    if not ids:
        return made
    names = [np.array([f"C{number:.0f}" for number in part]) for part in numbers]
    return replace(made, ids_train=names[0], ids_test=names[1])


RECORDED = ([0, 1, 2, 3], [4, 5])


@pytest.mark.parametrize("ids", [True, False])
def test_rows_in_another_order_and_part_take_their_places(ids):
    record = RowRecord.of(dataset(*RECORDED, ids=ids))
    assert RowRecord.from_dict(record.to_dict()) == record
    found = record.find(dataset([5, 3, 0, 2], [1, 4], ids=ids), needed=range(4))
    assert found.dataset.x_train.ravel().tolist() == [0, 1, 2, 3]
    assert found.dataset.y_train.tolist() == [0, 1, 0, 1]
    assert found.dataset.x_test.ravel().tolist() == [4, 5]
    assert found.dataset.train.indices.tolist() == [0, 1, 2, 3]
    assert found.remarks == ()
    assert RowRecord.of(found.dataset) == record


def test_rows_that_differ_are_named():
    record = RowRecord.of(dataset(*RECORDED))
    changed = dataset([0, 2, 3], [4, 6])
    changed.x_train[1] = 7
    with pytest.raises(InputError, match=r"changed \(ids C2\) .* removed .*C1\) and 1 added \(C6"):
        record.find(changed, needed=range(4))
    found = record.find(changed, needed=[0, 3])
    assert found.dataset.train.indices.tolist() == [0, 3]
    assert found.dataset.ids_train.tolist() == ["C0", "C3"]
    assert found.dataset.ids_test.tolist() == ["C4"]
    assert found.remarks == (
        "2 rows that were forgotten or held out are no longer in the data",
        "1 of 2 never-seen rows are missing or changed, and are left out",
        "2 rows were added since, and are left out: C2, C6",
    )


def test_without_ids_positions_are_named_and_a_long_list_is_cut():
    rows = list(range(12))
    record = RowRecord.of(dataset(rows, [12], ids=False))
    message = r"10 rows were removed or changed \(positions 0, 1, 2, 3, 4, 5, 6, 7 and 2 more\)$"
    with pytest.raises(InputError, match=message):
        record.find(dataset(rows[10:], [12], ids=False), needed=rows)
    with pytest.raises(InputError, match="the digests of the rows differ, of all 12 rows"):
        record.find(dataset(range(20, 30), [12], ids=False), needed=rows)


def test_rows_that_are_read_without_their_ids_keep_them():
    record = RowRecord.of(dataset(*RECORDED))
    found = record.find(dataset([3, 0], [4, 5], ids=False), needed=[0, 3])
    own = RecordedRows.of(found.dataset.train)
    assert own.named == [(0, record.train[0]), (3, record.train[3])]
    assert own.ids == ("C0", "C3")


def test_another_file_of_test_rows_may_be_given_but_trained_rows_are_not_never_seen():
    record = RowRecord.of(dataset(*RECORDED))
    found = record.find(dataset([0, 1, 2], [3, 8, 9]), needed=range(4), new_test=True)
    assert found.dataset.ids_train.tolist() == ["C0", "C1", "C2", "C3"]
    assert found.dataset.ids_test.tolist() == ["C8", "C9"]
    assert found.remarks == ()
    with pytest.raises(InputError, match="none of the never-seen rows is there"):
        record.find(dataset([0, 1, 2, 3], [8]), needed=range(4))


def test_equal_rows_are_found_as_often_as_they_are_there():
    record = RowRecord.of(dataset([0, 0, 1], [2], ids=False))
    with pytest.raises(InputError, match=r"1 row was removed or changed \(positions 1\)"):
        record.find(dataset([1, 0], [2], ids=False), needed=range(3))


@pytest.mark.parametrize(
    "content", [[], {"train": ["a"]}, {"train": [1], "test": ["b"]}, {"train": [], "test": []},
                {"train": ["a"], "test": ["b"], "train_ids": ["C1", "C2"]}, {"rows": ["a"]}]
)  # fmt: skip
def test_what_is_no_record_is_refused(content):
    with pytest.raises(InputError):
        RowRecord.from_dict(content)


def test_a_column_that_is_no_feature_follows_its_rows():
    ages = TableColumn(name="age", kind="number", values=np.array([30.0, 31, 32, 33]))
    table = replace(dataset(*RECORDED), columns=(ages,))
    taken = rearranged(table, np.array([3, 1]), np.array([4]))
    assert taken.columns[0].values.tolist() == [33, 31]
    assert rearranged(table, np.array([3, 4]), np.array([5])).columns == ()
