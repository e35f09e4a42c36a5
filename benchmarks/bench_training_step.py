"""A training step takes 1/5 of TensorCircuit's, 1/20 of PennyLane's, 1/10,000 of stock Qiskit ML's.

Ten qubits, five layers, batch 32, forward and backward with input and weight gradients; of
PennyLane the best with the torch interface. The unmodified TorchConnector over our primitives takes
at most 1/2,000 of stock. Stock is measured on one row and one observable, and scaled.
"""

from benchmarks.design_circuit import stock_connector, values
from benchmarks.engines import DEVICES, OURS, PENNYLANE_JAX, TENSORCIRCUIT, engines, training_step
from benchmarks.steps import connector_step, matrix_products
from benchmarks.stock_qiskit import ESTIMATORS, stock_seconds
from benchmarks.tables import check_ratio, times
from benchmarks.timing import medians

OUR_PRIMITIVES = "stock TorchConnector over our primitives"
PRODUCTS = "the plan's matrix products alone"


def test_training_step(light: bool, peers: list[str], record) -> None:
    size = qubits, layers, batch = (4, 2, 4) if light else (10, 5, 32)
    names = engines(peers, qubits) + [PENNYLANE_JAX] * ("pennylane" in peers)
    tasks = {name: training_step(name, *size) for name in names}
    tasks[OUR_PRIMITIVES] = connector_step(
        stock_connector(qubits, layers), *values(qubits, layers, batch)
    )
    tasks[PRODUCTS] = matrix_products(layers, batch)
    seconds = medians(tasks, 1 if light else 15)
    stock = {f"stock EstimatorQNN, {name}, scaled": name for name in ESTIMATORS}
    seconds |= {row: stock_seconds(name, *size) for row, name in stock.items()}
    record(times(f"Step, {qubits} qubits, {layers} layers, batch {batch}", seconds, OURS))
    if light:
        return
    limits = {TENSORCIRCUIT: 5, **dict.fromkeys(DEVICES, 20), **dict.fromkeys(stock, 10_000)}
    check_ratio(seconds, OURS, {row: limit for row, limit in limits.items() if row in seconds})
    check_ratio(seconds, OUR_PRIMITIVES, dict.fromkeys(stock, 2_000))
