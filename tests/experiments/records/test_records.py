"""Records on disk: whole seeds, broken ends, and folders of another experiment."""

import json
import os

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.experiments import Record, RecordFile

METHODS = ("oracle", "ga")


def _records(seed, value=0.5):
    return [
        Record(
            row={"method": method, "seed": seed, "mia_auc": value},
            scores=None,
            history=({"loss": 1.0},),
            split={"kind": "class"},
        )
        for method in ("original", *METHODS)
    ]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "records.jsonl"


def test_what_is_written_is_read_again(path):
    RecordFile(path, "a").append(_records(0))
    again = RecordFile(path, "a")
    assert again.records == _records(0)
    assert again.of_seed(0, METHODS) == _records(0)
    assert again.of_seed(1, METHODS) is None
    assert again.of_seed(0, (*METHODS, "ssd")) is None


def test_records_come_in_the_order_that_is_asked_for(path):
    file = RecordFile(path, "a")
    file.append(_records(0))
    assert [r.row["method"] for r in file.of_seed(0, ("ga", "oracle"))] == [
        "original",
        "ga",
        "oracle",
    ]


def test_a_new_file_is_made_when_something_is_written(path):
    file = RecordFile(path, "a")
    assert file.records == []
    assert not path.exists()
    file.append(_records(0))
    assert len(path.read_text().splitlines()) == 3


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_what_follows_a_half_written_line_is_read(path, cut):
    file = RecordFile(path, "a")
    file.append(_records(0))
    file.append(_records(1))
    os.truncate(path, path.stat().st_size - cut)
    broken = RecordFile(path, "a")
    assert broken.of_seed(0, METHODS) == _records(0)
    assert broken.of_seed(1, METHODS) is None
    broken.append(_records(1, value=0.7))
    broken.append(_records(2))
    whole = RecordFile(path, "a")
    assert whole.of_seed(1, METHODS) == _records(1, value=0.7)
    assert whole.of_seed(2, METHODS) == _records(2)
    # What was left of the broken seed counts once.
    assert len(whole.records) == 9
    for line in path.read_text().splitlines():
        json.loads(line)


def test_records_of_another_experiment_are_refused(path):
    RecordFile(path, "a").append(_records(0))
    with pytest.raises(InputError, match="records of another experiment; choose another folder"):
        RecordFile(path, "b")


@pytest.mark.parametrize("line", ["[]", "3", '{"experiment": "a"}', '{"experiment": "a", "x": 1}'])
def test_lines_that_are_no_records_are_refused(path, line):
    path.write_text(line + "\n")
    with pytest.raises(InputError, match="cannot read"):
        RecordFile(path, "a")


def test_files_that_cannot_be_used_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*: Is a directory"):
        RecordFile(tmp_path, "a")
    file = RecordFile(tmp_path / "missing" / "records.jsonl", "a")
    with pytest.raises(InputError, match=r"cannot write .*: No such file"):
        file.append(_records(0))


def test_a_number_that_json_does_not_have_is_not_written(path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        RecordFile(path, "a").append(_records(0, value=float("nan")))
    assert not path.exists()


def test_a_changed_byte_is_refused_and_its_line_is_named(path):
    RecordFile(path, "a").append(_records(0))
    content = bytearray(path.read_bytes())
    position = content.index(b"0.5", content.index(b"\n"))
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"line 2 of .* its checksum differs"):
        RecordFile(path, "a")


def test_a_full_disk_leaves_the_records_as_they_were(path, monkeypatch):
    file = RecordFile(path, "a")
    file.append(_records(0))
    before = path.read_bytes()
    write = os.write

    def full(descriptor, data):
        if len(data) < 100:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:-50])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(InputError, match=r"cannot write .*: No space left on device"):
            file.append(_records(1))
    assert path.read_bytes() == before
    file.append(_records(1))
    assert RecordFile(path, "a").records == _records(0) + _records(1)
