"""Tests of qiskit_qmu.data.download with a stand-in for pooch's network access."""

import hashlib
import sys

import pooch
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.data import load_dataset
from qiskit_qmu.data.download import MD5, MIRRORS, download


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / project)
    monkeypatch.delenv("QISKIT_QMU_DATA", raising=False)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_four_files_are_asked_for_by_hash(tmp_path, monkeypatch, name):
    calls = []
    monkeypatch.setattr(pooch, "retrieve", lambda url, **options: calls.append((url, options)))
    folder = download(name)
    assert folder == tmp_path / "qiskit_qmu" / name
    assert calls == [
        (
            MIRRORS[name][0] + file,
            {"known_hash": f"md5:{md5}", "fname": file, "path": folder},
        )
        for file, md5 in MD5[name].items()
    ]
    assert len(calls) == 4


def test_hashes_and_names_are_complete():
    assert MIRRORS.keys() == MD5.keys()
    names = {
        f"{part}-{kind}-ubyte.gz"
        for part in ("train", "t10k")
        for kind in ("images-idx3", "labels-idx1")
    }
    for files in MD5.values():
        assert files.keys() == names
        assert all(len(bytes.fromhex(md5)) == 16 for md5 in files.values())
    assert all(url.endswith("/") for mirrors in MIRRORS.values() for url in mirrors)


def test_the_next_mirror_is_tried(monkeypatch):
    reached = []

    def retrieve(url, **options):
        if url.startswith(MIRRORS["mnist"][0]):
            raise ConnectionError("no route\nto host")
        reached.append(url)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    download("mnist")
    assert reached == [MIRRORS["mnist"][1] + file for file in MD5["mnist"]]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ConnectionError("no route\nto host"), "ConnectionError"),
        (ValueError("hash\nmismatch"), "wrong hash"),
    ],
)
def test_a_failed_download_says_in_one_line_where_to_put_the_files(
    tmp_path, monkeypatch, failure, reason
):
    def retrieve(url, **options):
        raise failure

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    with pytest.raises(InputError) as caught:
        download("mnist")
    assert str(caught.value) == (
        f"train-images-idx3-ubyte.gz could not be downloaded ({reason}, {reason}); "
        "put the dataset's four .gz files into "
        f"{tmp_path / 'qiskit_qmu' / 'mnist'}, or give their folder by data_dir (--data-dir) or "
        "the environment variable QISKIT_QMU_DATA"
    )


def test_without_pooch_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(InputError, match=r"pip install 'qiskit_qmu\[download\]'"):
        download("mnist")


def test_files_in_the_cache_are_used_without_network(tmp_path, monkeypatch, write_pair):
    """Pooch itself runs here: it checks the hashes of files that lie in the cache already."""
    folder = tmp_path / "qiskit_qmu" / "mnist"
    write_pair(folder, "train")
    write_pair(folder, "t10k")
    hashes = {
        file: hashlib.md5((folder / file).read_bytes(), usedforsecurity=False).hexdigest()
        for file in MD5["mnist"]
    }
    monkeypatch.setattr("qiskit_qmu.data.download.MD5", {"mnist": hashes})
    dataset = load_dataset("mnist", train_size=20, test_size=10)
    assert dataset.x_train.shape == (20, 1, 28, 28)
    assert (dataset.train_source, dataset.test_source) == ("train", "test")
