"""The files in a model's folder that a deletion request is about."""

import hashlib
from pathlib import Path

from qiskit_qmu._files import read_bytes

MODEL, WEIGHTS = "model.json", "weights.safetensors"
LOG = "requests.jsonl"
REPORT, PAGE = "deletion_report.json", "deletion_report.html"
EARLIER = "earlier_reports"
AUDIT = "audit"


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
