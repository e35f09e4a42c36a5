"""Files of certified classifiers: JSON and arrays, with checksums."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._files import (
    arrays_from_bytes,
    arrays_to_bytes,
    make_folder,
    read_set,
    reading,
    write_set,
)
from qiskit_qmu.certified.frozen_circuit import FrozenCircuit

FORMAT = 1
INDEX = "certified_classifier.json"
_ARRAYS = "arrays.npz"
_WHAT = "a saved certified classifier"

Features = Callable[[Any], Any] | None
Arrays = Mapping[str, NDArray[Any]]


def write_classifier(
    path: str | Path,
    content: Mapping[str, Any],
    arrays: Arrays,
    features: Features,
    *,
    overwrite: bool,
) -> None:
    """Write a classifier to a folder.

    Args:
        path: The folder; made if missing.
        content: JSON values.
        arrays: Arrays by name.
        features: What turns rows into features; of a function other than a `FrozenCircuit`, only
            that there is one is kept.
        overwrite: Whether a saved one that the folder holds is replaced.

    Raises:
        InputError: If the folder holds one, or cannot be written.
    """
    if (Path(path) / INDEX).exists() and not overwrite:
        raise InputError(f"{path} holds {_WHAT} already; save to another folder, or overwrite=True")
    circuit = asdict(features) if isinstance(features, FrozenCircuit) else None
    own = {
        "format": FORMAT,
        "circuit": circuit,
        "own_features": features is not None and circuit is None,
        **content,
    }
    write_set(make_folder(path), INDEX, own, {_ARRAYS: arrays_to_bytes(arrays)})


def read_classifier(
    path: str | Path, features: Features
) -> tuple[dict[str, Any], dict[str, NDArray[Any]], Features]:
    """Return content, arrays and features that `write_classifier` wrote.

    Args:
        path: The folder.
        features: What turns rows into features; None for what was saved.

    Raises:
        InputError: If a file is missing, was changed or is of another version, or a function is
            needed and was not given.
    """
    folder = Path(path)
    content, files = read_set(folder, INDEX, _WHAT)
    with reading(folder / INDEX, _WHAT):
        if content.get("format") != FORMAT:
            raise InputError(
                f"unsupported format {content.get('format')}, this version requires {FORMAT}"
            )
        circuit = content["circuit"]
        saved = None if circuit is None else FrozenCircuit(**circuit)
        arrays = arrays_from_bytes(files[_ARRAYS], texts=True)
    if content["own_features"] and features is None:
        raise InputError(f"{path} has features of a function of yours; give it as features=…")
    return content, arrays, saved if features is None else features
