"""Tests of qiskit_qmu.data.named_datasets: the contract of every named dataset, and its facts."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits, load_iris

from qiskit_qmu._check import InputError
from qiskit_qmu.data import (
    DATASET_NAMES,
    Dataset,
    dataset_from_arrays,
    input_shape_of,
    load_dataset,
)

SHAPES = {
    "digits": (1, 8, 8),
    "iris": (4,),
    "diabetes": (10,),
    "phases": (256,),
    "mnist": (1, 28, 28),
    "fashion-mnist": (1, 28, 28),
}


@pytest.fixture
def data_dir(tmp_path, write_pair):
    """Both image datasets, with train and test files."""
    for shift, name in enumerate(("mnist", "fashion-mnist")):
        write_pair(tmp_path / name, "train", rows=80, shift=shift)
        write_pair(tmp_path / name, "t10k", rows=60, shift=shift)
    return tmp_path


def test_the_table_of_shapes_is_complete():
    assert tuple(SHAPES) == DATASET_NAMES


@pytest.mark.parametrize("name", DATASET_NAMES)
def test_contract(data_dir, name):
    dataset = load_dataset(name, train_size=33, test_size=21, seed=4, data_dir=data_dir)
    again = load_dataset(name, train_size=33, test_size=21, seed=4, data_dir=data_dir)
    other = load_dataset(name, train_size=33, test_size=21, seed=5, data_dir=data_dir)
    assert dataset.name == name
    assert dataset.x_train.shape == (33, *SHAPES[name])
    assert dataset.x_test.shape == (21, *SHAPES[name])
    assert dataset.input_shape == input_shape_of(name) == SHAPES[name]
    assert dataset.x_train.dtype == np.float32
    if dataset.num_classes is None:
        assert dataset.y_train.dtype == np.float64
        assert -1 <= dataset.y_train.min() < dataset.y_train.max() <= 1
    else:
        assert dataset.y_train.dtype == np.int64
        assert set(dataset.y_train) == set(dataset.y_test) == set(range(dataset.num_classes))
    assert len(set(dataset.train_indices)) == 33
    if dataset.train_source == dataset.test_source:
        assert not set(dataset.train_indices) & set(dataset.test_indices)
    assert again.train.digest() == dataset.train.digest()
    assert again.test.digest() == dataset.test.digest()
    assert other.train.digest() != dataset.train.digest()


@pytest.mark.parametrize("name", ["digits", "mnist", "fashion-mnist"])
def test_pixels_lie_between_zero_and_one(data_dir, name):
    dataset = load_dataset(name, train_size=80, test_size=60, data_dir=data_dir)
    assert dataset.x_train.min() >= 0
    assert dataset.x_train.max() <= 1


def test_digits_are_those_of_scikit_learn_by_index():
    dataset, source = load_dataset("digits"), load_digits()
    assert (len(dataset.train), len(dataset.test)) == (1000, 500)
    for part in ("train", "test"):
        indices = getattr(dataset, f"{part}_indices")
        x, y = getattr(dataset, f"x_{part}"), getattr(dataset, f"y_{part}")
        np.testing.assert_array_equal(x[:, 0], source.images[indices] / 16)
        np.testing.assert_array_equal(y, source.target[indices])
    assert dataset.train_source == dataset.test_source == "all"


def test_diabetes_is_standardised_and_its_target_is_in_the_range_of_an_expectation():
    dataset = load_dataset("diabetes", train_size=150, seed=1)
    raw = load_diabetes(scaled=False)
    assert (dataset.num_classes, dataset.x_train.shape, len(dataset.test)) == (None, (150, 10), 142)
    np.testing.assert_allclose(
        185.5 + 160.5 * dataset.y_train, raw.target[dataset.train_indices], rtol=1e-12
    )
    z = (raw.data - raw.data.mean(0)) / raw.data.std(0)
    np.testing.assert_allclose(dataset.x_test, z[dataset.test_indices], atol=1e-5)
    assert not set(dataset.train_indices) & set(dataset.test_indices)


def test_iris_is_raw_and_balanced_and_uses_all_rows_by_default():
    dataset, source = load_dataset("iris"), load_iris()
    np.testing.assert_array_equal(np.bincount(dataset.y_train), [35, 35, 35])
    np.testing.assert_array_equal(np.bincount(dataset.y_test), [15, 15, 15])
    np.testing.assert_array_equal(dataset.x_train, np.float32(source.data[dataset.train_indices]))
    together = np.union1d(dataset.train_indices, dataset.test_indices)
    np.testing.assert_array_equal(together, np.arange(150))


def test_images_are_those_of_their_file_by_index(data_dir):
    """Image i of a file is filled with the grey value i and has the label i mod 10."""
    dataset = load_dataset("mnist", train_size=80, test_size=20, data_dir=str(data_dir))
    for x, y, indices in (
        (dataset.x_train, dataset.y_train, dataset.train_indices),
        (dataset.x_test, dataset.y_test, dataset.test_indices),
    ):
        expected = np.broadcast_to(np.float32(indices / 255)[:, None, None, None], x.shape)
        np.testing.assert_array_equal(x, expected)
        np.testing.assert_array_equal(y, indices % 10)
    assert (dataset.train_source, dataset.test_source) == ("train", "test")
    assert set(dataset.train_indices) & set(dataset.test_indices)  # rows of different files


@pytest.mark.parametrize(("prefix", "source"), [("t10k", "test"), ("train", "train")])
def test_with_files_of_one_part_both_are_drawn_from_it(tmp_path, write_pair, prefix, source):
    write_pair(tmp_path, prefix, rows=60, suffix="")
    dataset = load_dataset("mnist", train_size=40, test_size=20, data_dir=tmp_path)
    together = np.concatenate([dataset.train_indices, dataset.test_indices])
    np.testing.assert_array_equal(np.sort(together), np.arange(60))
    assert dataset.train_source == dataset.test_source == source


def test_the_environment_variable_names_the_folder(data_dir, monkeypatch):
    monkeypatch.setenv("QISKIT_QMU_DATA", str(data_dir))
    by_variable = load_dataset("fashion-mnist", train_size=30, test_size=20)
    by_argument = load_dataset("fashion-mnist", train_size=30, test_size=20, data_dir=data_dir)
    assert by_variable.train.digest() == by_argument.train.digest()


@pytest.mark.parametrize("variable", [None, "", "folder"])
def test_without_files_they_are_downloaded(data_dir, tmp_path, monkeypatch, variable):
    asked = []

    def download(name):
        asked.append(name)
        return data_dir / name

    monkeypatch.setattr("qiskit_qmu.data.sources.download", download)
    monkeypatch.delenv("QISKIT_QMU_DATA", raising=False)
    if variable is not None:
        monkeypatch.setenv("QISKIT_QMU_DATA", variable and str(tmp_path / variable))
    load_dataset("mnist", train_size=30, test_size=20)
    assert asked == ["mnist"]


def test_a_given_folder_without_files_is_an_error_not_a_download(tmp_path, monkeypatch):
    monkeypatch.setattr("qiskit_qmu.data.sources.download", lambda _: pytest.fail("downloaded"))
    with pytest.raises(InputError, match=r"data_dir must hold the IDX files of mnist .* got /"):
        load_dataset("mnist", data_dir=tmp_path / "nowhere")


def test_a_folder_in_the_home_folder(data_dir, monkeypatch):
    monkeypatch.setenv("HOME", str(data_dir.parent))
    dataset = load_dataset("mnist", train_size=30, test_size=20, data_dir=f"~/{data_dir.name}")
    assert len(dataset.train) == 30


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "cifar",
            {},
            "name must be one of digits, iris, diabetes, phases, mnist, fashion-mnist; got",
        ),
        ("digits", {"train_size": 0}, "train_size must be an integer of at least 1, got 0"),
        ("digits", {"test_size": 2.5}, "test_size must be an integer of at least 1, got 2.5"),
        ("digits", {"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ("digits", {"train_size": 1300}, r"\+ test_size must be at most 1797, .* got 1800"),
        ("iris", {"train_size": 106}, r"\+ test_size must be at most 150, .* got 151"),
        ("iris", {"train_size": 2}, "train_size must be at least 3 so that each of 3 classes"),
        ("digits", {"train_size": 9}, "train_size must be at least 10 so that each of 10"),
    ],
)
def test_unusable_requests_are_refused(name, options, message):
    with pytest.raises(InputError, match=message):
        load_dataset(name, **options)


def test_the_smallest_training_set_holds_one_row_of_each_class():
    assert sorted(load_dataset("digits", train_size=10).y_train) == list(range(10))


def make(**changes) -> Dataset:
    x, y = np.zeros((4, 2)), np.arange(4) % 2
    return dataclasses.replace(dataset_from_arrays(x, y, x, y), **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": np.zeros((4, 2))}, "x_train must be float32, got float64"),
        ({"y_test": np.zeros(4, np.int32)}, "y_test must be int64, got int32"),
        ({"y_test": np.zeros((4, 1), np.int64)}, "y_test must be one-dimensional"),
        ({"x_test": np.full((4, 2), np.nan, np.float32)}, "x_test must be finite"),
        ({"train_indices": np.arange(3)}, "x_train and y_train and train_indices must have the"),
        ({"y_train": np.array([0, 1, 2, 0])}, "y_train must lie between 0 and 1, got 2"),
        (
            {"train_source": "all", "test_source": "all"},
            "training and test rows must not overlap, got row 0 of the source in both",
        ),
    ],
)
def test_a_dataset_checks_itself(changes, message):
    with pytest.raises(InputError, match=message):
        make(**changes)


def test_an_empty_part_is_refused():
    with pytest.raises(InputError, match="x_test must not be empty"):
        make(x_test=np.zeros((0, 2), np.float32), y_test=np.arange(0), test_indices=np.arange(0))


def test_train_and_test_rows_point_into_the_dataset():
    dataset = load_dataset("iris")
    np.testing.assert_array_equal(dataset.train.indices, np.arange(105))
    np.testing.assert_array_equal(dataset.test.y, dataset.y_test)
    assert "num_classes=3" in repr(dataset)
    assert "array" not in repr(dataset)


@pytest.mark.skipif(
    not os.environ.get("QISKIT_QMU_DATA"),
    reason="QISKIT_QMU_DATA names no folder with MNIST and Fashion-MNIST files",
)
class TestRealFiles:
    @pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
    def test_the_default_draw(self, name):
        dataset = load_dataset(name, seed=1)
        assert dataset.x_train.shape == (1000, 1, 28, 28)
        assert dataset.x_test.shape == (500, 1, 28, 28)
        assert dataset.x_train.min() == 0
        assert dataset.x_train.max() == 1
        # The rarest digit, 5, has 9 % of MNIST; Fashion-MNIST's classes have 10 % each.
        assert np.bincount(dataset.y_train).min() >= 85

    @pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
    def test_classes_can_be_told_apart(self, name):
        """Nearest class mean reaches about 80 % on MNIST and 68 % on Fashion-MNIST.

        A pair of files that are shifted against each other would give 10 %.
        """
        dataset = load_dataset(name)
        x_train, x_test = (x.reshape(len(x), -1) for x in (dataset.x_train, dataset.x_test))
        means = np.stack([x_train[dataset.y_train == label].mean(0) for label in range(10)])
        distances = ((x_test[:, None] - means) ** 2).sum(-1)
        assert (distances.argmin(1) == dataset.y_test).mean() > 0.6

    def test_one_dataset_s_folder_is_not_taken_for_the_other(self):
        folder = Path(os.environ["QISKIT_QMU_DATA"]) / "mnist"
        if not folder.is_dir():
            pytest.skip("QISKIT_QMU_DATA has no subfolder mnist")
        with pytest.raises(InputError, match="must be a file of fashion-mnist, got one of mnist"):
            load_dataset("fashion-mnist", data_dir=folder)
