"""Files that are written: whole or not at all, with nothing left beside them."""

import os
import stat
from contextlib import suppress

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu._files import FileError, new_folder, write_file, write_together


def _full(*_arguments):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, call):
    path = tmp_path / "file"
    write_file(path, "old")
    with monkeypatch.context() as patched:
        patched.setattr(os, call, _full)
        with pytest.raises(FileError, match=f"^cannot write {path}: No space left"):
            write_file(path, "new")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("file", "old")]


def test_the_error_is_one_of_input_and_of_the_system(tmp_path):
    with pytest.raises(InputError) as caught:
        write_file(tmp_path / "missing" / "file", "")
    assert isinstance(caught.value, OSError)


def test_what_killed_processes_left_is_removed_and_what_is_being_written_stays(tmp_path):
    path = tmp_path / "file"
    left = tmp_path / ".file.0123abcd.unfinished"
    left.touch()
    others = [tmp_path / name for name in (".file.x.unfinished", ".other.0123abcd.unfinished")]
    for other in others:
        other.touch()

    replaced = os.replace
    seen = []

    def replace(source, target):
        if not seen:
            seen.append(source)
            write_file(path, "second")
            assert source.exists()
        replaced(source, target)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "replace", replace)
        write_file(path, "first")
    assert path.read_text() == "first"
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])


def test_a_link_is_replaced_and_not_written_through(tmp_path):
    (tmp_path / "elsewhere").write_text("old")
    (tmp_path / "file").symlink_to(tmp_path / "elsewhere")
    write_file(tmp_path / "file", "new")
    assert (tmp_path / "elsewhere").read_text() == "old"
    assert not (tmp_path / "file").is_symlink()


def test_a_pipe_is_written_straight(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, "text")
    assert os.read(reader, 10) == b"text"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_page_never_shows_another_record(tmp_path, monkeypatch):
    write_together(tmp_path, {"record": "1", "page": "page of 1"})
    replaced, calls = os.replace, []

    def stops_at_the_second(source, target):
        calls.append(target)
        if len(calls) == 2:
            _full()
        replaced(source, target)

    monkeypatch.setattr(os, "replace", stops_at_the_second)
    with pytest.raises(FileError):
        write_together(tmp_path, {"record": "2", "page": "page of 2"})
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("record", "2")]


def test_a_folder_is_there_with_all_it_holds_or_not_at_all(tmp_path):
    left = tmp_path / ".folder.0123abcd.unfinished"
    left.mkdir()
    (left / "file").touch()
    with suppress(KeyboardInterrupt), new_folder(tmp_path / "folder") as folder:
        (folder / "file").touch()
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    with new_folder(tmp_path / "folder") as folder:
        (folder / "file").touch()
        assert not (tmp_path / "folder").exists()
    assert [p.name for p in (tmp_path / "folder").iterdir()] == ["file"]
    with pytest.raises(FileError, match="not empty"), new_folder(tmp_path / "folder"):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]
