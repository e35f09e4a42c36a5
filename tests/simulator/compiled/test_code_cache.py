from concurrent.futures import ThreadPoolExecutor

import pytest

from qiskit_qmu.simulator.compiled.code_cache import cache_folder, cached_code


def never() -> bytes:
    raise AssertionError("compiled again")


def test_code_is_made_once(tmp_path):
    path = tmp_path / "a" / "code"
    assert cached_code(path, lambda: b"code") == b"code"
    assert cached_code(path, never) == b"code"


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"x" + data[1:]])
def test_damaged_code_is_made_again(tmp_path, damage):
    path = tmp_path / "code"
    cached_code(path, lambda: b"code")
    path.write_bytes(damage(path.read_bytes()))
    assert cached_code(path, lambda: b"new code") == b"new code"
    assert cached_code(path, never) == b"new code"


def test_no_folder_can_be_made(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "code"
    assert cached_code(path, lambda: b"code") == b"code"
    assert cached_code(path, lambda: b"again") == b"again"


def test_makers_at_once_do_not_disturb_each_other(tmp_path):
    path = tmp_path / "code"
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: cached_code(path, lambda: b"code" * 10_000), range(32)))
    assert set(found) == {b"code" * 10_000}
    assert cached_code(path, never) == b"code" * 10_000


def test_the_folder_is_the_users(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "qiskit_qmu"
