"""load_model: a model of either kind from its folder."""

from pathlib import Path

from qiskit_qmu.backends import Backend
from qiskit_qmu.models.basic import BasicQNN
from qiskit_qmu.models.classifier import QuantumClassifier
from qiskit_qmu.models.files import read_model
from qiskit_qmu.models.hybrid import HybridQNN

_KINDS: dict[str, type[QuantumClassifier]] = {"basic": BasicQNN, "hybrid": HybridQNN}


def load_model(path: str | Path, *, backend: Backend | None = None) -> QuantumClassifier:
    """Read a model from a folder.

    Args:
        path: The folder.
        backend: Where its circuits run; the exact simulator where None.

    Returns:
        A BasicQNN or HybridQNN.

    Raises:
        InputError: If files are missing, damaged or do not fit each other.

    Example:
        >>> import qiskit_qmu as qmu
        >>> qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1).save("model")
        >>> model = qmu.load_model("model", backend=qmu.open_backend("exact", shots=100, seed=0))
        >>> type(model).__name__, model.backend.shots
        ('BasicQNN', 100)
    """
    saved = read_model(path)
    kind = _KINDS[saved.config.kind]
    model = saved.build(lambda: kind.of_config(saved.config, None, saved.qnn))
    # That a model does not fit a backend is no fault of its files.
    return model if backend is None else model.on(backend)
