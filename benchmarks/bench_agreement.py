"""All engines compute the same gradients, to 1e-4 of the largest in single precision.

So what the other files compare is the same work. Stock Qiskit ML's parameter shift is one of them.
"""

import numpy as np

from benchmarks.engines import PENNYLANE_JAX, engines, training_step
from benchmarks.stock_qiskit import ESTIMATORS, stock_gradient
from benchmarks.tables import Table

QUBITS, LAYERS, BATCH = 3, 2, 4


def test_engines(light: bool, peers: list[str], record) -> None:
    names = engines(peers, QUBITS) + [PENNYLANE_JAX] * ("pennylane" in peers)
    ours, *others = (training_step(name, QUBITS, LAYERS, BATCH)() for name in names)
    errors = {name: _error(other, ours) for name, other in zip(names[1:], others, strict=True)}
    rows = [(name, f"{error:.1e}") for name, error in errors.items()]
    record(Table("Largest difference over largest gradient", ("engine", "error"), rows))
    assert all(error < 1e-4 for error in errors.values()), errors


def test_stock(light: bool, record) -> None:
    gradients = [stock_gradient(name, QUBITS, LAYERS)() for name in ESTIMATORS]
    assert _error([gradients[0]], [gradients[1]]) < 1e-4


def _error(other, reference) -> float:
    pairs = zip(other, reference, strict=True)
    differences = [(np.asarray(a) - np.asarray(b), b) for a, b in pairs]
    return max(float(abs(d).max() / abs(np.asarray(b)).max()) for d, b in differences)
