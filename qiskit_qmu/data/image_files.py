"""Finds the IDX files of MNIST and Fashion-MNIST in a folder and reads them as pairs."""

from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.data.idx import read_idx

PARTS = MappingProxyType({"train": "train", "test": "t10k"})
"""Source name of each part of a dataset, and how its files' names begin."""

_ENDINGS = MappingProxyType({"images": "idx3-ubyte", "labels": "idx1-ubyte"})

# Both datasets use the same file names, so a folder says nothing; the first labels do.
_FIRST_LABELS = MappingProxyType(
    {
        "mnist": ("5041921314", "7210414959"),
        "fashion-mnist": ("9003027255", "9211614657"),
    }
)


def find_folder(root: Path, name: str) -> Path | None:
    """Return the folder that holds files of a dataset: ``root/name``, else ``root``, else None.

    Args:
        root: Folder to look in.
        name: "mnist" or "fashion-mnist".

    Returns:
        A folder that holds at least one file with a standard name, or None.

    Raises:
        InputError: If a folder cannot be read.
    """
    try:
        for folder in (root / name, root):
            if any(_find(folder, prefix, kind) for prefix in PARTS.values() for kind in _ENDINGS):
                return folder
    except OSError as error:
        raise InputError(f"cannot read {root}: {error.strerror}") from error
    return None


def read_pair(
    folder: Path, part: str, *, name: str
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Read images and labels of one part of a dataset.

    Args:
        folder: Folder that holds the files.
        part: "train" or "test".
        name: "mnist" or "fashion-mnist".

    Returns:
        Images (n, 28, 28) and labels (n,), or None if the folder holds neither file.

    Raises:
        InputError: If one file of the pair is missing or cannot be read, the counts disagree, the
            images are not 28 × 28, a label is not in 0–9, or the files are the other dataset's.
    """
    images_path, labels_path = (_find(folder, PARTS[part], kind) for kind in _ENDINGS)
    if images_path is None and labels_path is None:
        return None
    if images_path is None or labels_path is None:
        only = images_path or labels_path
        raise InputError(f"{name} needs images and labels of its {part} part, got only {only}")
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        raise InputError(f"{images_path} must hold images of 28 × 28, got shape {images.shape}")
    if labels.ndim != 1:
        raise InputError(f"{labels_path} must hold one label per image, got shape {labels.shape}")
    if len(images) != len(labels):
        raise InputError(
            f"{images_path} and {labels_path.name} must hold the same number of rows, got "
            f"{len(images)} and {len(labels)}"
        )
    if labels.size and labels.max() > 9:
        raise InputError(f"{labels_path} must hold labels from 0 to 9, got {labels.max()}")
    _check_dataset(labels, labels_path, name)
    return images, labels


def _find(folder: Path, prefix: str, kind: str) -> Path | None:
    candidates = (
        folder / f"{prefix}-{kind}{separator}{_ENDINGS[kind]}{suffix}"
        for separator in ("-", ".")
        for suffix in ("", ".gz")
    )
    return next((path for path in candidates if path.is_file()), None)


def _check_dataset(labels: NDArray[np.uint8], path: Path, name: str) -> None:
    first = "".join(map(str, labels[:10]))
    for other, beginnings in _FIRST_LABELS.items():
        if other != name and first in beginnings:
            raise InputError(
                f"{path} must be a file of {name}, got one of {other}; put the files of each "
                f"dataset into a subfolder named after it"
            )
