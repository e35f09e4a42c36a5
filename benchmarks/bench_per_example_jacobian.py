"""The Jacobian of every row by the weights takes at most 2/3 of what JAX's vmap(jacrev) takes.

Ten outputs by a hundred weights for each of 32 rows, through torch.func; the same in
TensorCircuit-NG, jitted.
"""

from benchmarks.design_circuit import fast_connector, values
from benchmarks.engines import OURS, TENSORCIRCUIT
from benchmarks.steps import connector_jacobian
from benchmarks.tables import check_ratio, times
from benchmarks.timing import medians


def test_per_example_jacobian(light: bool, peers: list[str], record) -> None:
    qubits, layers, batch = (4, 2, 4) if light else (10, 5, 32)
    point = values(qubits, layers, batch)
    tasks = {OURS: connector_jacobian(fast_connector(qubits, layers), *point)}
    if "tensorcircuit" in peers:
        from benchmarks.jax_steps import jax_jacobian
        from benchmarks.tensorcircuit_circuit import tensorcircuit_row

        tasks[TENSORCIRCUIT] = jax_jacobian(tensorcircuit_row(qubits, layers), *point)
    seconds = medians(tasks, 1 if light else 15)
    record(times(f"Jacobians, {qubits} qubits, {layers} layers, {batch} rows", seconds, OURS))
    check_ratio(seconds, OURS, {name: 1.5 for name in seconds if name == TENSORCIRCUIT})
