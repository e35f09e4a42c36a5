"""The datasets that can be had by name."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import final

from qiskit_qmu import _check
from qiskit_qmu._seeds import stream
from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.quantum_phases import CLASSES
from qiskit_qmu.data.rows import strata_of
from qiskit_qmu.data.sampling import draw_train_and_test
from qiskit_qmu.data.sources import (
    Source,
    diabetes_source,
    digits_source,
    image_sources,
    iris_source,
    phases_source,
)


@final
@dataclass(frozen=True, kw_only=True)
class _Named:
    sources: Callable[[str | os.PathLike[str] | None], tuple[Source, Source]]
    input_shape: tuple[int, ...] = (1, 28, 28)
    num_classes: int | None = 10
    class_names: tuple[str, ...] | None = None
    train_size: int = 1000
    test_size: int = 500


_CLOTHES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
"""As their publishers number them, https://github.com/zalandoresearch/fashion-mnist."""

_DATASETS = MappingProxyType(
    {
        "digits": _Named(sources=lambda _: (digits_source(),) * 2, input_shape=(1, 8, 8)),
        "iris": _Named(
            sources=lambda _: (iris_source(),) * 2,
            input_shape=(4,),
            num_classes=3,
            class_names=("setosa", "versicolor", "virginica"),
            train_size=105,
            test_size=45,
        ),
        "diabetes": _Named(
            sources=lambda _: (diabetes_source(),) * 2,
            input_shape=(10,),
            num_classes=None,
            train_size=300,
            test_size=142,
        ),
        "phases": _Named(
            sources=lambda _: (phases_source(),) * 2,
            input_shape=(256,),
            num_classes=3,
            class_names=CLASSES,
            train_size=300,
            test_size=200,
        ),
        "mnist": _Named(sources=lambda data_dir: image_sources("mnist", data_dir)),
        "fashion-mnist": _Named(
            sources=lambda data_dir: image_sources("fashion-mnist", data_dir),
            class_names=_CLOTHES,
        ),
    }
)

DATASET_NAMES = tuple(_DATASETS)
"""The names that `load_dataset` knows."""


CLASS_DATASET_NAMES = tuple(name for name, row in _DATASETS.items() if row.num_classes is not None)
"""Those of them whose rows have classes; the others have values to predict."""


def input_shape_of(name: str) -> tuple[int, ...]:
    """Return the shape of one row of a dataset, without reading it.

    Args:
        name: One of `DATASET_NAMES`.

    Example:
        >>> from qiskit_qmu.data import input_shape_of
        >>> input_shape_of("mnist"), input_shape_of("iris")
        ((1, 28, 28), (4,))
    """
    _check.one_of(DATASET_NAMES, dataset=name)
    return _DATASETS[name].input_shape


def classes_of(name: str) -> tuple[str, ...] | None:
    """Return what the classes of a dataset are called, without reading it; None without classes.

    Args:
        name: One of `DATASET_NAMES`.

    Example:
        >>> from qiskit_qmu.data.named_datasets import classes_of
        >>> classes_of("iris"), classes_of("digits")[:3]
        (('setosa', 'versicolor', 'virginica'), ('0', '1', '2'))
    """
    _check.one_of(DATASET_NAMES, dataset=name)
    named = _DATASETS[name]
    if named.num_classes is None:
        return None
    return named.class_names or tuple(map(str, range(named.num_classes)))


def load_dataset(
    name: str,
    *,
    train_size: int | None = None,
    test_size: int | None = None,
    seed: int = 0,
    data_dir: str | os.PathLike[str] | None = None,
) -> Dataset:
    """Load a dataset by name and draw its training and test rows.

    Rows are drawn at random without replacement; every class, where there are classes, keeps the
    share that it has in the source. With training and test files of MNIST or Fashion-MNIST, each
    part is drawn from its own file; with files of one part only, both are drawn from it without
    overlap.

    Args:
        name: One of `DATASET_NAMES`.
        train_size: Training rows, at least one per class. Default 1000, for iris 105, for diabetes
            and phases 300.
        test_size: Test rows. Default 500, for iris 45, for diabetes 142, for phases 200.
        seed: Seed of the draw, zero or more.
        data_dir: Folder of the IDX files of MNIST or Fashion-MNIST. Default: the folder that the
            environment variable QISKIT_QMU_DATA names; where that has no file of the dataset, the
            files are downloaded. The others come with scikit-learn and do not use it.

    Returns:
        The dataset: pixels scaled to [0, 1], iris in centimetres as published (two of its 150
        flowers have identical rows). Diabetes has ten features of 442 patients in standard
        deviations, as scikit-learn standardises them over the whole published table, and the
        progression of the disease, published as 25 to 346, mapped to -1 to 1, the range of an
        expectation value: it is 185.5 + 160.5 y. Phases are ground states of a chain of eight
        spins as 256 amplitudes, see ``qiskit_qmu.data.quantum_phases``. None of these depends on
        which rows are drawn.

    Raises:
        InputError: If the name is unknown, there are too few rows or too few for every class,
            ``data_dir`` holds no file of the dataset, a file is damaged, or the download fails.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.data import load_dataset
        >>> iris = load_dataset("iris", train_size=30, test_size=15, seed=1)
        >>> np.bincount(iris.y_train), np.bincount(iris.y_test)  # equal shares, as in the source
        (array([10, 10, 10]), array([5, 5, 5]))
    """
    _check.one_of(DATASET_NAMES, name=name)
    _check.at_least(0, seed=seed)
    named = _DATASETS[name]
    train_size = named.train_size if train_size is None else train_size
    test_size = named.test_size if test_size is None else test_size
    _check.at_least(1, train_size=train_size, test_size=test_size)
    train, test = named.sources(data_dir)
    train_rows, test_rows = draw_train_and_test(
        strata_of(train.labels),
        None if train is test else strata_of(test.labels),
        train_size=train_size,
        test_size=test_size,
        generator=stream(seed, "data"),
    )
    return Dataset(
        name=name,
        x_train=train.features(train_rows),
        y_train=train.labels[train_rows],
        x_test=test.features(test_rows),
        y_test=test.labels[test_rows],
        num_classes=named.num_classes,
        train_indices=train_rows,
        test_indices=test_rows,
        train_source=train.name,
        test_source=test.name,
        feature_names=train.feature_names,
        class_names=named.class_names,
        origin={"dataset": name, "train_size": train_size, "test_size": test_size, "seed": seed},
    )
