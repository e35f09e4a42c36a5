"""The files in a model's folder that a deletion request is about."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from qiskit_qmu._check import InputError
from qiskit_qmu._files import read_bytes, read_sealed_json

MODEL, WEIGHTS = "model.json", "weights.safetensors"
ARRAYS = "arrays.npz"
"""What a model that deletes rows by itself has in place of weights."""
EXACT_MODELS = ("kernel-ridge", "kernel-svm", "certified")
"""Kinds of models that delete rows by themselves: exactly, or with a certificate."""
LOG = "requests.jsonl"
REPORT, PAGE = "deletion_report.json", "deletion_report.html"
EARLIER = "earlier_reports"
AUDIT = "audit"


_File = TypeVar("_File")


def weights_of(files: Mapping[str, _File]) -> _File | None:
    """Return the file that holds a model's weights, of its files by name; None if there is none."""
    return files.get(WEIGHTS, files.get(ARRAYS))


def are_exact(folders: Iterable[str | Path]) -> bool:
    """Return whether folders hold models that delete rows by themselves.

    Raises:
        InputError: If a folder holds no model, or only some of them do.
    """
    kinds = {"exact" in read_sealed_json(Path(own) / MODEL, "a saved model") for own in folders}
    if len(kinds) > 1:
        raise InputError(
            "both networks and models that delete rows by themselves were given; make a request of "
            "each"
        )
    return True in kinds


def earlier_report(number: int, name: str) -> Path:
    """Return where the report of an earlier request lies, below the model's folder.

    Args:
        number: Number of the request.
        name: Name of the file when that request was the last one.

    Example:
        >>> from qiskit_qmu.deletions.model_folder import REPORT, earlier_report
        >>> earlier_report(1, REPORT).as_posix()
        'earlier_reports/1/deletion_report.json'
    """
    return Path(EARLIER) / str(number) / name


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(read_bytes(path, "a file of a model")).hexdigest()
