"""Where the rows of the named datasets are drawn from."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.data.download import download
from qiskit_qmu.data.image_files import PARTS, find_folder, read_pair
from qiskit_qmu.data.quantum_phases import ground_states

DATA_VARIABLE = "QISKIT_QMU_DATA"
"""Environment variable that names the folder of the datasets' files."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """All rows that a dataset can be drawn from.

    Args:
        name: "train" or "test" for a file of that part, "all" where there is only one source.
        raw: Unscaled features, shape (n, ...).
        labels: Class labels, shape (n,), int64, or values to predict, float64.
        scale: What ``raw`` is divided by.
        feature_names: A name for each feature; None where they have none.
    """

    name: str
    raw: NDArray[Any]
    labels: NDArray[Any]
    scale: float
    feature_names: tuple[str, ...] | None = None

    def features(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the scaled features of some rows; only these are converted to float32."""
        return self.raw[positions].astype(np.float32) / np.float32(self.scale)


def digits_source() -> Source:
    """Return scikit-learn's 1,797 handwritten digits of 8 × 8 pixels with 17 grey levels."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return Source(
        name="all", raw=digits.images[:, None], labels=digits.target.astype(np.int64), scale=16
    )


def iris_source() -> Source:
    """Return Fisher's 150 iris flowers: four lengths in centimetres, not scaled."""
    from sklearn.datasets import load_iris

    iris = load_iris()
    return Source(
        name="all",
        raw=iris.data,
        labels=iris.target.astype(np.int64),
        scale=1,
        feature_names=tuple(iris.feature_names),
    )


def diabetes_source() -> Source:
    """Return 442 patients: ten features, and how far diabetes progressed within a year.

    Efron et al., Least Angle Regression, 2004, https://arxiv.org/abs/math/0406456.
    """
    from sklearn.datasets import load_diabetes

    diabetes = load_diabetes()
    lowest, highest = diabetes.target.min(), diabetes.target.max()
    return Source(
        name="all",
        raw=diabetes.data,
        labels=(2 * diabetes.target - lowest - highest) / (highest - lowest),
        scale=len(diabetes.data) ** -0.5,  # scikit-learn's columns have a sum of squares of 1
        feature_names=tuple(diabetes.feature_names),
    )


def phases_source() -> Source:
    """Return 600 ground states of a chain of eight spins, labelled by their phase."""
    states, phases = ground_states()
    return Source(name="all", raw=states, labels=phases, scale=1)


def image_sources(name: str, data_dir: str | os.PathLike[str] | None) -> tuple[Source, Source]:
    """Return the sources of the training and the test rows of MNIST or Fashion-MNIST.

    Args:
        name: "mnist" or "fashion-mnist".
        data_dir: Folder of the files; None for the folder that QISKIT_QMU_DATA names or, where that
            has none, for a download.

    Returns:
        Two sources; the same one twice where only one part of the dataset is there.

    Raises:
        InputError: If ``data_dir`` holds no file of the dataset, a file is damaged, or the download
            fails.
    """
    folder = _folder(name, data_dir)
    sources = []
    for part in PARTS:
        pair = read_pair(folder, part, name=name)
        if pair is not None:
            images, labels = pair
            sources.append(
                Source(name=part, raw=images[:, None], labels=labels.astype(np.int64), scale=255)
            )
    return sources[0], sources[-1]


def _folder(name: str, data_dir: str | os.PathLike[str] | None) -> Path:
    if data_dir is not None:
        root = Path(data_dir).expanduser()
        folder = find_folder(root, name)
        if folder is None:
            raise InputError(
                f"data_dir must hold the IDX files of {name} (t10k-images-idx3-ubyte.gz and so "
                f"on) in itself or in {name}/, got {root}"
            )
        return folder
    variable = os.environ.get(DATA_VARIABLE)
    found = find_folder(Path(variable).expanduser(), name) if variable else None
    return found or download(name)
