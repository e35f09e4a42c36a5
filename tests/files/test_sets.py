"""Files that belong together: at each moment the old ones or the new ones can be read."""

import os
import shutil
from contextlib import suppress

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu._files import FileError, read_set, recover_sets, write_set

OLD = ({"number": 1}, {"a": b"old a", "b": b"old b"})
NEW = ({"number": 2}, {"a": b"new a", "b": b"new b"})


def _read(folder):
    return read_set(folder, "index.json", "a set")


def test_each_call_may_be_the_last(tmp_path):
    """Whatever a process leaves is the old set or the new one, and the next write cleans up."""
    replaced = os.replace
    states = []
    for last in range(6):
        folder = tmp_path / str(last)
        folder.mkdir()
        write_set(folder, "index.json", *OLD)
        calls = []

        def replace(source, target, calls=calls, last=last):
            if len(calls) == last:
                raise KeyboardInterrupt
            calls.append(target)
            replaced(source, target)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(os, "replace", replace)
            patched.setattr(os, "unlink", lambda *_arguments: None)  # (it is dead)
            with suppress(KeyboardInterrupt):
                write_set(folder, "index.json", *NEW)
        found = _read(folder)
        assert found in (OLD, NEW)
        states.append(found == NEW)
        recovered = tmp_path / f"{last} recovered"
        shutil.copytree(folder, recovered)
        recover_sets(recovered, lambda _name: "index.json")
        assert _read(recovered) == found
        assert sorted(p.name for p in recovered.iterdir()) == ["a", "b", "index.json"]
        write_set(folder, "index.json", *NEW)
        assert _read(folder) == NEW
        assert sorted(p.name for p in folder.iterdir()) == ["a", "b", "index.json"]
    assert states == [False, False, False, True, True, True]


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_set(tmp_path, monkeypatch, call):
    write_set(tmp_path, "index.json", *OLD)

    def full(path, *arguments):
        if call == "open" and not arguments[0] & os.O_CREAT:
            return opened(path, *arguments)
        raise OSError(28, "No space left on device")

    opened = os.open
    with monkeypatch.context() as patched:
        patched.setattr(os, call, full)
        with pytest.raises(FileError, match="No space left"):
            write_set(tmp_path, "index.json", *NEW)
    assert _read(tmp_path) == OLD
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", "index.json"]


@pytest.mark.parametrize(
    "name", ["a", pytest.param("index.json", marks=[pytest.mark.slow, pytest.mark.ci])]
)
def test_every_changed_bit_is_refused_in_one_line(tmp_path, name):
    write_set(tmp_path, "index.json", *OLD)
    content = (tmp_path / name).read_bytes()
    for position in range(len(content) * 8):
        changed = bytearray(content)
        changed[position // 8] ^= 1 << position % 8
        (tmp_path / name).write_bytes(changed)
        with pytest.raises(InputError, match=f"^cannot read a set from {tmp_path / name}: .*$"):
            _read(tmp_path)


def test_names_of_files_elsewhere_are_refused(tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "set").mkdir()
    write_set(tmp_path / "set", "index.json", {}, {"a": b"secret"})
    from qiskit_qmu._files import read_sealed_json, write_sealed_json

    index = tmp_path / "set" / "index.json"
    digest = read_sealed_json(index, "")["files"]["a"]
    write_sealed_json(index, {"files": {"../secret": digest}})
    with pytest.raises(InputError, match="names of files in other folders"):
        _read(tmp_path / "set")
