"""Rows from a folder of images."""

import numpy as np
import pytest
from PIL import Image

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError


def write(folder, name, values, mode=None):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values)).convert(mode).save(path)


@pytest.fixture
def images(tmp_path):
    """A folder whose image i of 4 x 3 pixels is filled with the grey value i."""
    for number in range(12):
        grey = np.full((3, 4), number, dtype=np.uint8)
        write(tmp_path, f"{('dog', 'cat')[number % 2]}/{number:02d}.png", grey)
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    (tmp_path / ".hidden").mkdir()
    return tmp_path


def test_grey_images(images):
    ds = qmu.read_table(images, test=0.5)
    assert ds.class_names == ("cat", "dog")
    assert ds.input_shape == (1, 3, 4)
    for x, y, name in zip(ds.x_train, ds.y_train, ds.ids_train, strict=True):
        of_class, _, file = name.partition("/")
        assert ds.class_names[y] == of_class
        np.testing.assert_array_equal(x, np.float32(int(file[:2]) / 255))
    assert ds.column("class").tolist() == [name[:3] for name in ds.column("file")]


def test_colours_and_depths(images):
    colour = np.zeros((3, 4, 3), dtype=np.uint8)
    colour[..., 1] = 51
    write(images, "dog/a.png", colour)
    write(images, "dog/b.png", np.full((3, 4), 13107, dtype=np.uint16))
    ds = qmu.read_table(images, test=images)
    assert ds.input_shape == (3, 3, 4)
    found = dict(zip(ds.ids_train.tolist(), ds.x_train[:, :, 0, 0].tolist(), strict=True))
    np.testing.assert_allclose(found["dog/a.png"], [0, 0.2, 0])
    np.testing.assert_allclose(found["dog/b.png"], 0.2)
    np.testing.assert_allclose(found["cat/11.png"], 11 / 255, rtol=1e-6)


def test_unusable_folders_are_refused(images, tmp_path_factory):
    with pytest.raises(InputError, match="label must be left out, since"):
        qmu.read_table(images, label="class")
    write(images, "cat/odd.png", np.zeros((5, 4), dtype=np.uint8))
    with pytest.raises(InputError, match=r"of one size, got 4 x 3 in .* and 4 x 5 in .*odd.png"):
        qmu.read_table(images)
    (images / "cat" / "odd.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"cannot read an image from .*odd.png: cannot identify"):
        qmu.read_table(images)
    (images / "bird").mkdir()
    with pytest.raises(InputError, match="of images for each class, got no image in 'bird'"):
        qmu.read_table(images)
    with pytest.raises(InputError, match="got 0 subfolders"):
        qmu.read_table(tmp_path_factory.mktemp("empty"))
