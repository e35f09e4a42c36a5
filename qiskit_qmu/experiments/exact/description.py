"""describe_exact: what a model that deletes rows by itself is, in short: `qmu show`."""

from pathlib import Path
from typing import Any

from qiskit_qmu.certified import CertifiedClassifier
from qiskit_qmu.data import RowSource
from qiskit_qmu.experiments.exact.model_folder import ExactFolder
from qiskit_qmu.experiments.saved.described_rows import bytes_of_files, described_rows


def describe_exact(path: str | Path) -> dict[str, Any]:
    """Return what a model is, which rows it was trained on and holds, and what it has forgotten.

    What `describe_model` does for networks. The rows of its data are not read.

    Args:
        path: Folder of a model that `train_exact` or a deletion request wrote.

    Returns:
        JSON values. "budget" is the (ε, δ) of a certified model and what was spent of it; None for
        kernel models, which delete exactly.

    Raises:
        InputError: If the folder holds another model, or a file is missing or was changed.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import describe_exact, train_exact
        >>> kept = train_exact(qmu.Experiment(dataset="iris"), "kernel-ridge", "exact")
        >>> shown = describe_exact("exact")
        >>> shown["kind"], shown["num_qubits"], shown["settings"]["alpha"], shown["forgotten"]
        ('KernelRidgeClassifier', 4, 0.1, [])
    """
    own = ExactFolder.read(Path(path))
    content, model = own.provenance.content, own.model
    names = own.provenance.layout.class_names
    certified = isinstance(model, CertifiedClassifier)
    return {
        "model": str(path),
        "kind": type(model).__name__,
        "exact": own.kind,
        "num_features": model.n_features_in_,
        "num_qubits": int(content["settings"]["num_qubits"]) if certified else model.n_features_in_,
        "num_classes": len(model.classes_),
        "class_names": None if names is None else list(names),
        "settings": content["settings"],
        "budget": _budget(model) if isinstance(model, CertifiedClassifier) else None,
        "scores": content.get("scores"),
        "bytes": bytes_of_files(path),
        "source": RowSource.of(content["experiment"]).to_dict() or None,
        **described_rows(content, names),
        "versions": content.get("versions"),
    }


def _budget(model: CertifiedClassifier) -> dict[str, float]:
    ledger = model.ledger_
    return {"epsilon": ledger.epsilon, "delta": ledger.delta, "spent": ledger.spent}
