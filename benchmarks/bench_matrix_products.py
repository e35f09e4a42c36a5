"""A step takes at most 3 times its matrix products alone at batch 32, and twice at batch 128.

They are what no plan with dense layers can do without. Ten qubits, five layers; the fastest of many
rounds, because a difference this small drowns in what else the machine does.
"""

import pytest

from benchmarks.engines import OURS, training_step
from benchmarks.steps import matrix_products
from benchmarks.tables import number, times
from benchmarks.timing import minima

PRODUCTS = "the plan's matrix products alone"


@pytest.mark.parametrize(("batch", "limit"), [(32, 3.0), (128, 2.0)])
def test_matrix_products(batch: int, limit: float, light: bool, record) -> None:
    qubits, layers, rounds = (4, 2, 1) if light else (10, 5, 30)
    tasks = {
        OURS: training_step(OURS, qubits, layers, batch),
        PRODUCTS: matrix_products(layers, batch),
    }
    seconds = minima(tasks, rounds)
    record(times(f"Step, {qubits} qubits, {layers} layers, batch {batch}", seconds, PRODUCTS))
    if not light:
        ratio = seconds[OURS] / seconds[PRODUCTS]
        assert ratio <= limit, f"batch {batch}: {number(ratio)} times the products, not {limit}"
