"""The folder of a model that deletes rows by itself: its own files, and a record of its rows.

``model.json`` holds the record and the checksums of the files that the model's ``save`` wrote.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._files import entry, read_bytes, read_set, reading, write_set
from qiskit_qmu.certified import CertifiedClassifier
from qiskit_qmu.deletions.model_folder import EXACT_MODELS, MODEL
from qiskit_qmu.experiments.exact.scaling import Scaling
from qiskit_qmu.experiments.saved.provenance import Provenance
from qiskit_qmu.kernels import KernelClassifier, load_kernel_model

_WHAT = "a saved model"
_FORMAT = 1
_FILES = ("kernel_model.json", "feature_map.qpy", "certified_classifier.json", "arrays.npz")

ExactModel = KernelClassifier | CertifiedClassifier


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ExactFolder:
    """What a folder holds.

    Attributes:
        path: The folder.
        kind: The kind of model, of `EXACT_MODELS`.
        model: The model.
        provenance: The record of its rows.
    """

    path: Path
    kind: str
    model: ExactModel
    provenance: Provenance

    def scaled(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """Return rows (n, …) of its dataset as the model takes them, (n, features)."""
        content = self.provenance.content
        width = float(content["settings"].get("bandwidth", 1.0))  # (a certified model has none)
        return Scaling.from_dict(content["scaling"])(rows) * width

    @staticmethod
    def read(path: Path) -> "ExactFolder":
        """Read a folder.

        Raises:
            InputError: If it holds another model, or a file is missing or was changed.
        """
        content, _ = read_set(path, MODEL, _WHAT)
        with reading(path / MODEL, _WHAT):
            kind = content.get("exact")
            if kind not in EXACT_MODELS:
                raise InputError(f"it is none of {', '.join(EXACT_MODELS)}")
            if content.get("format") != _FORMAT:
                raise InputError(
                    f"unsupported format {content.get('format')}, this version requires {_FORMAT}"
                )
            provenance = Provenance.from_dict(entry(content, "provenance", dict))
        own = kind == "certified"
        model = CertifiedClassifier.load(path) if own else load_kernel_model(path)
        if not isinstance(model, ExactModel):
            raise InputError(f"{path} holds a {type(model).__name__}, which has no classes")
        return ExactFolder(path=path, kind=kind, model=model, provenance=provenance)

    @staticmethod
    def write(path: Path, kind: str, model: ExactModel, provenance: dict[str, Any]) -> None:
        """Write a folder.

        Raises:
            InputError: If it cannot be written.
        """
        model.save(path, overwrite=True)
        files = {name: read_bytes(path / name, _WHAT) for name in _FILES if (path / name).exists()}
        content = {"format": _FORMAT, "exact": kind, "provenance": provenance}
        write_set(path, MODEL, content, files)
