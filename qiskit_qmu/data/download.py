"""Downloads the MNIST and Fashion-MNIST files into a cache and checks them by hash."""

from pathlib import Path
from types import MappingProxyType
from typing import Any

from qiskit_qmu._check import InputError

MIRRORS = MappingProxyType(
    {
        "mnist": (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        "fashion-mnist": (
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            # This address is served without TLS only; the hash is what makes it safe.
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
    }
)
"""Addresses that hold the four files of a dataset, tried in this order."""

MD5 = MappingProxyType(
    {
        "mnist": {
            "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
            "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
        },
        "fashion-mnist": {
            "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
            "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
        },
    }
)
"""md5 of every file, as its publisher gives it."""


def download(name: str) -> Path:
    """Download the four files of a dataset, unless the cache holds them already.

    Args:
        name: "mnist" or "fashion-mnist".

    Returns:
        The folder in pooch's cache that holds the four files.

    Raises:
        InputError: If pooch is not installed, no mirror answers, or a file has another hash.
    """
    try:
        import pooch
    except ImportError as error:
        raise InputError(
            f"downloading {name} needs pooch: pip install 'qiskit_qmu[download]', or give the "
            "folder of its files by data_dir (--data-dir) or QISKIT_QMU_DATA"
        ) from error
    folder = Path(pooch.os_cache("qiskit_qmu")) / name
    for file, md5 in MD5[name].items():
        _download_file(pooch, file, md5, mirrors=MIRRORS[name], folder=folder)
    return folder


def _download_file(
    pooch: Any, file: str, md5: str, *, mirrors: tuple[str, ...], folder: Path
) -> None:
    failures: list[str] = []
    for mirror in mirrors:
        try:
            pooch.retrieve(mirror + file, known_hash=f"md5:{md5}", fname=file, path=folder)
        except OSError as error:
            failures.append(type(error).__name__)
        except ValueError:  # what pooch raises for a file with another hash
            failures.append("wrong hash")
        else:
            return
    raise InputError(
        f"{file} could not be downloaded ({', '.join(failures)}); put the dataset's four .gz "
        f"files into {folder}, or give their folder by data_dir (--data-dir) or the environment "
        "variable QISKIT_QMU_DATA"
    )
