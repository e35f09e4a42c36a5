"""A step takes at most 3 times its matrix products alone at batch 32, and twice at batch 128.

They are what no plan with dense layers can do without. Ten qubits, five layers, on one thread; the
fastest of many rounds, because a difference this small drowns in what else the machine does.
"""

import pytest

from benchmarks.design_circuit import fast_connector, values
from benchmarks.steps import connector_step, matrix_products
from benchmarks.timing import minima, table

OURS, PRODUCTS = "TorchSimulatorConnector", "the plan's matrix products alone"


@pytest.mark.parametrize(("batch", "limit"), [(32, 3.0), (128, 2.0)])
def test_matrix_products(batch: int, limit: float, light: bool, benchmark) -> None:
    qubits, layers, rounds = (4, 2, 1) if light else (10, 5, 300)
    step = connector_step(fast_connector(qubits, layers), *values(qubits, layers, batch))
    tasks = {OURS: step, PRODUCTS: matrix_products(layers, batch)}
    seconds = minima(tasks, rounds)
    benchmark.pedantic(step, rounds=rounds, warmup_rounds=1)
    print(table(f"step, {qubits} qubits, {layers} layers, batch {batch}", seconds, PRODUCTS))
    if not light:
        assert seconds[OURS] <= limit * seconds[PRODUCTS]
