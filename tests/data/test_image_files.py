"""Tests of qiskit_qmu.data.image_files: names, folders and pairs that do not fit."""

import re
from pathlib import Path

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.data.image_files import find_folder, read_pair


@pytest.mark.parametrize("separator", ["-", "."])
@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(("part", "prefix"), [("train", "train"), ("test", "t10k")])
def test_all_standard_names_are_found(tmp_path, write_idx, separator, suffix, part, prefix):
    write_idx(tmp_path / f"{prefix}-images{separator}idx3-ubyte{suffix}", np.ones((3, 28, 28)))
    write_idx(tmp_path / f"{prefix}-labels{separator}idx1-ubyte{suffix}", np.arange(3))
    assert find_folder(tmp_path, "mnist") == tmp_path
    images, labels = read_pair(tmp_path, part, name="mnist")
    assert images.shape == (3, 28, 28)
    np.testing.assert_array_equal(labels, [0, 1, 2])
    other = "test" if part == "train" else "train"
    assert read_pair(tmp_path, other, name="mnist") is None


def test_the_subfolder_of_the_dataset_goes_first(tmp_path, write_pair):
    write_pair(tmp_path, "t10k")
    assert find_folder(tmp_path, "fashion-mnist") == tmp_path
    write_pair(tmp_path / "fashion-mnist", "t10k")
    assert find_folder(tmp_path, "fashion-mnist") == tmp_path / "fashion-mnist"
    assert find_folder(tmp_path, "mnist") == tmp_path


def test_folders_without_files(tmp_path):
    (tmp_path / "t10k-images-idx3-ubyte").mkdir()  # a folder with a file's name is no file
    assert find_folder(tmp_path, "mnist") is None
    assert find_folder(tmp_path / "missing", "mnist") is None


def test_a_folder_that_cannot_be_read(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(InputError, match=r"cannot read .*: Permission denied"):
        find_folder(tmp_path, "mnist")


@pytest.mark.parametrize("gone", ["images-idx3", "labels-idx1"])
def test_one_file_of_a_pair(tmp_path, write_pair, gone):
    write_pair(tmp_path, "train")
    (tmp_path / f"train-{gone}-ubyte.gz").unlink()
    with pytest.raises(InputError, match="mnist needs images and labels of its train part, got on"):
        read_pair(tmp_path, "train", name="mnist")


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        ((4, 28, 28), [0, 1, 2], "must hold the same number of rows, got 4 and 3"),
        ((3, 28, 27), [0, 1, 2], "must hold images of 28 × 28, got shape (3, 28, 27)"),
        ((3, 784), [0, 1, 2], "must hold images of 28 × 28, got shape (3, 784)"),
        ((3, 28, 28), [[0], [1], [2]], "must hold one label per image, got shape (3, 1)"),
        ((3, 28, 28), [0, 10, 2], "must hold labels from 0 to 9, got 10"),
    ],
)
def test_pairs_that_do_not_fit(tmp_path, write_idx, images, labels, message):
    write_idx(tmp_path / "t10k-images-idx3-ubyte", np.zeros(images))
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", np.array(labels))
    with pytest.raises(InputError, match=re.escape(message)):
        read_pair(tmp_path, "test", name="mnist")


@pytest.mark.parametrize(
    ("name", "other", "labels"),
    [
        ("mnist", "fashion-mnist", [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]),
        ("fashion-mnist", "mnist", [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]),
    ],
)
def test_files_of_the_other_dataset_are_recognised(tmp_path, write_idx, name, other, labels):
    """The first ten test labels of the published files."""
    write_idx(tmp_path / "t10k-images-idx3-ubyte", np.zeros((12, 28, 28)))
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", np.array([*labels, 0, 0]))
    with pytest.raises(InputError, match=f"must be a file of {name}, got one of {other}; put"):
        read_pair(tmp_path, "test", name=name)
    assert read_pair(tmp_path, "test", name=other) is not None
