"""A training step takes at most 1/20 of PennyLane's best and 1/10,000 of stock Qiskit ML's.

Ten qubits, five layers, batch 32, forward and backward with input and weight gradients, on one
thread. The unmodified TorchConnector over our primitives takes at most 1/2,000 of stock. Stock
EstimatorQNN with StatevectorEstimator and parameter shift is measured on one row and one of the
observables, and scaled by their numbers; its forward pass, less than 1% of it, is left out.
"""

import importlib.util

import numpy as np
import pytest
from qiskit.primitives import StatevectorEstimator

from benchmarks.design_circuit import estimator_qnn, fast_connector, stock_connector, values
from benchmarks.pennylane_circuit import DEVICES, pennylane_circuit
from benchmarks.steps import connector_step, function_step, matrix_products
from benchmarks.timing import medians, table

OURS = "TorchSimulatorConnector"
OURS_STOCK_CONNECTOR = "stock TorchConnector over our primitives"
PRODUCTS = "the plan's matrix products alone"
STOCK = "stock EstimatorQNN, parameter shift, scaled from one row"


@pytest.mark.filterwarnings("default")
def test_training_step(light: bool, benchmark) -> None:
    qubits, layers, batch, rounds = (4, 2, 4, 1) if light else (10, 5, 32, 15)
    inputs, weights = values(qubits, layers, batch)
    tasks = {
        OURS: connector_step(fast_connector(qubits, layers), inputs, weights),
        PRODUCTS: matrix_products(layers, batch),
        OURS_STOCK_CONNECTOR: connector_step(stock_connector(qubits, layers), inputs, weights),
    }
    if importlib.util.find_spec("pennylane") is not None and not light:
        for device in DEVICES:
            circuit = pennylane_circuit(qubits, layers, device)
            tasks[f"PennyLane {device}"] = function_step(circuit, inputs, weights)
    seconds = medians(tasks, rounds)
    seconds[STOCK] = _stock_seconds(qubits, layers, batch)
    print(table(f"step, {qubits} qubits, {layers} layers, batch {batch}", seconds, OURS))
    benchmark.pedantic(tasks[OURS], rounds=rounds, warmup_rounds=1)
    if light:
        return
    peers = [value for name, value in seconds.items() if name.startswith("PennyLane")]
    assert not peers or seconds[OURS] <= min(peers) / 20
    assert seconds[OURS] <= seconds[STOCK] / 10_000
    assert seconds[OURS_STOCK_CONNECTOR] <= seconds[STOCK] / 2_000


def _stock_seconds(qubits: int, layers: int, batch: int) -> float:
    """Time the gradient of one observable at one row, and scale it to a whole step."""
    network = estimator_qnn(qubits, layers, StatevectorEstimator())
    point = np.concatenate([v.ravel() for v in values(qubits, layers, 1)])

    def gradient() -> None:
        network.gradient.run([network.circuit], [network.observables[0]], [point]).result()

    return medians({STOCK: gradient}, 3)[STOCK] * batch * qubits
