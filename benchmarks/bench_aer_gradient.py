"""A gradient of ten qubits through Aer takes at most 1/50 of stock Qiskit ML's on the same Aer."""

from benchmarks.design_circuit import estimator_qnn, values
from benchmarks.stock_qiskit import stock_seconds
from benchmarks.tables import check_ratio, times
from benchmarks.timing import medians
from qiskit_qmu.backends import open_backend

EXACT, SHOTS = "open_backend('aer')", "open_backend('aer', shots=1024)"
STOCK = "Aer EstimatorV2, stock gradient"


def test_gradient(light: bool, record) -> None:
    """Parameter shift by inputs and weights, ⟨Z⟩ of every qubit; ours merges what stock sends."""
    qubits, layers, batch = (3, 1, 2) if light else (10, 5, 4)
    inputs, weights = values(qubits, layers, batch)
    tasks = {}
    for name, shots in ((EXACT, None), (SHOTS, 1024)):
        backend = open_backend("aer", shots=shots)
        network = estimator_qnn(qubits, layers, backend.estimator, backend.estimator_gradient)
        tasks[name] = lambda network=network: network.backward(inputs, weights)
    seconds = medians(tasks, 1 if light else 3)
    if not light:
        seconds[STOCK] = stock_seconds("Aer EstimatorV2", qubits, layers, batch)
    title = f"Gradient by inputs and weights, {qubits} qubits, {layers} layers, batch {batch}"
    record(times(title, seconds, EXACT))
    if not light:
        check_ratio(seconds, EXACT, {STOCK: 50})
        check_ratio(seconds, SHOTS, {STOCK: 50})
