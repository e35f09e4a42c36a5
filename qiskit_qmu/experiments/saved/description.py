"""What a saved model is, in short: `qmu show`."""

from pathlib import Path
from typing import Any

from qiskit_qmu.backends import most_qubits
from qiskit_qmu.data import RowSource
from qiskit_qmu.experiments.saved.described_rows import bytes_of_files, described_rows
from qiskit_qmu.models import QuantumClassifier, load_model, load_provenance
from qiskit_qmu.models.encoded_inputs import inputs_in_words


def describe_model(path: str | Path) -> dict[str, Any]:
    """Return what a saved model is, which rows it was trained on, and what it has forgotten.

    Its rows are not read.

    Args:
        path: Folder of the model.

    Returns:
        JSON values. The digest of its rows is the SHA-256 of the sorted digests of all rows that it
        was trained on; it is the same for the same rows in any order.

    Raises:
        InputError: If the folder holds no saved model, or a damaged one.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import describe_model
        >>> qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1).save("new")
        >>> shown = describe_model("new")
        >>> shown["parameters"], shown["rows"]
        ({'quantum': 2, 'classical': 9}, None)
    """
    model, content = load_model(path), load_provenance(path)
    config = model.description().config
    own = {name: value for name, value in config.items() if name not in ("kind", "network")}
    recipe = content.get("experiment") or {}
    labels = model.labels if isinstance(model, QuantumClassifier) else None
    names = labels or (content.get("layout") or {}).get("class_names")
    settings = recipe.get("settings") or {}
    return {
        "model": str(path),
        "kind": type(model).__name__,
        **own,
        "num_classes": model.num_classes if isinstance(model, QuantumClassifier) else None,
        "num_qubits": most_qubits(model),
        "circuit_inputs": inputs_in_words(model),
        "class_names": names,
        "parameters": model.parameter_counts(),
        "bytes": bytes_of_files(path),
        "source": RowSource.of(recipe).to_dict() or None,
        **described_rows(content, names),
        "training": {
            name.removeprefix("trainer."): value
            for name, value in settings.items()
            if name.startswith("trainer.")
        },
        **({"privacy": content["privacy"]} if content.get("privacy") else {}),
        "backend": content.get("backend", "exact") if content else None,
        "shots": content.get("shots", recipe.get("shots")),
        "versions": content.get("versions"),
    }
