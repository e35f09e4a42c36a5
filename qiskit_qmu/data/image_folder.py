"""Reads a folder that has a subfolder of images for each class."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._files import FileError, one_line, reading
from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.tables.drawing import draw_rows

IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
_LARGEST = 2**32
_GREY = ("1", "L", "LA")
_GREY_16 = ("I;16", "I;16B", "I;16L")
_COLOURS = ("RGB", "RGBA", "P", "CMYK", "YCbCr")


def read_image_folder(
    folder: Path, *, test: float | Path, train_size: int | None, test_size: int | None, seed: int
) -> Dataset:
    """Read images: a class is what its subfolder is called, and an id the path of the file.

    Args:
        folder: The folder. Hidden files, and files of other kinds, are passed over.
        test: Share of the images to draw as test rows, or a second folder.
        train_size: Training rows to draw; all where None.
        test_size: Test rows, likewise.
        seed: Seed of the draw.

    Returns:
        Rows of shape (channels, height, width) in [0, 1]; one channel where all images are grey,
        else three. Transparency is not read.

    Raises:
        InputError: If a file is no image, images are of different sizes, there are fewer than two
            classes, or all together take more than 4 GiB.
    """
    share = test if isinstance(test, float) else None
    root = folder if isinstance(test, float) else test
    files, labels, names = _images(folder)
    tested, tested_labels = files, labels
    if root is not folder:
        tested, numbers, of_test = _images(root)
        unknown = sorted(set(of_test) - set(names))
        if unknown:
            raise InputError(f"{root} must have subfolders as {folder} has, got {unknown[0]!r}")
        tested_labels = np.array([names.index(name) for name in of_test])[numbers]
    rows, test_rows = draw_rows(
        labels, tested_labels, share=share, train_size=train_size, test_size=test_size, seed=seed
    )
    of_train, of_tested = [files[row] for row in rows], [tested[row] for row in test_rows]
    shape = _shape([*of_train, *of_tested])
    return Dataset(
        name=folder.name,
        x_train=_pixels(of_train, shape),
        y_train=labels[rows],
        x_test=_pixels(of_tested, shape),
        y_test=tested_labels[test_rows],
        num_classes=len(names),
        train_indices=rows,
        test_indices=test_rows,
        train_source="train" if share is None else "all",
        test_source="test" if share is None else "all",
        class_names=tuple(names),
        ids_train=np.array([file.relative_to(folder).as_posix() for file in of_train]),
        ids_test=np.array([file.relative_to(root).as_posix() for file in of_tested]),
        label_name="class",
        id_name="file",
    )


def _images(folder: Path) -> tuple[list[Path], NDArray[np.int64], list[str]]:
    """Return the files in order, the number of each one's class, and the classes' names."""
    try:
        classes = sorted(p for p in folder.iterdir() if p.is_dir() and p.name[0] not in "._")
        found = [
            [
                file
                for file in sorted(of_class.iterdir())
                if file.suffix.lower() in IMAGE_ENDINGS and not file.name.startswith(".")
            ]
            for of_class in classes
        ]
    except OSError as error:
        raise FileError(f"cannot read {folder}: {one_line(error)}") from error
    empty = [of_class.name for of_class, files in zip(classes, found, strict=True) if not files]
    if len(classes) < 2 or empty:
        got = f"no image in {empty[0]!r}" if empty else f"{len(classes)} subfolders"
        raise InputError(f"{folder} must have a subfolder of images for each class, got {got}")
    labels = np.repeat(np.arange(len(classes)), [len(files) for files in found])
    return [f for files in found for f in files], labels, [of_class.name for of_class in classes]


def _shape(files: list[Path]) -> tuple[int, int, int]:
    """Return channels, height and width, by the files' headers alone."""
    from PIL import Image

    first, channels = None, 1
    for file in files:
        with reading(file, "an image"), Image.open(file) as image:
            mode, size = image.mode, image.size
        if mode not in (*_GREY, *_GREY_16, *_COLOURS):
            raise InputError(f"{file} must be an image in grey or in colours, got mode {mode}")
        channels = 3 if mode in _COLOURS else channels
        if first is not None and size != first:
            raise InputError(
                f"images must all be of one size, got {first[0]} x {first[1]} in {files[0]} and "
                f"{size[0]} x {size[1]} in {file}"
            )
        first = size
    assert first is not None
    if 4 * channels * first[0] * first[1] * len(files) > _LARGEST:
        raise InputError(
            f"images must fit into {_LARGEST:,} bytes, got {len(files):,} of {channels} x "
            f"{first[1]} x {first[0]}; choose fewer by train_size and test_size"
        )
    return channels, first[1], first[0]


def _pixels(files: list[Path], shape: tuple[int, int, int]) -> NDArray[np.float32]:
    from PIL import Image

    pixels = np.empty((len(files), *shape), dtype=np.float32)
    for row, file in zip(pixels, files, strict=True):
        with reading(file, "an image"), warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                row[:] = _scaled(image, shape[0])
    return pixels


def _scaled(image: Any, channels: int) -> NDArray[np.float32]:
    """Return an image's values in [0, 1], shape (channels, height, width) or (1, height, width)."""
    if image.mode in _GREY_16:
        return np.asarray(image, dtype=np.float32)[None] / np.float32(65535)
    values = np.asarray(image.convert("L" if channels == 1 else "RGB"), dtype=np.float32)
    return (values[None] if channels == 1 else values.transpose(2, 0, 1)) / np.float32(255)
