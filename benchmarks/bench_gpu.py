"""On a GPU, energy and gradient of a 20-qubit Ising chain take at most TensorCircuit-NG's time.

Ten layers, single precision: the size that TensorCircuit-NG shows its JAX backend ahead of PyTorch
with. JAX has to see the GPU too (``pip install jax[cuda12]``). Without a GPU it is skipped.
"""

from statistics import median

import pytest
import torch

from benchmarks.engines import OURS, TENSORCIRCUIT
from benchmarks.ising_problem import our_step, tensorcircuit_step
from benchmarks.tables import check_ratio, times
from benchmarks.timing import seconds_of


def test_ising_chain(light: bool, peers: list[str], record) -> None:
    if not light and not torch.cuda.is_available():
        pytest.skip("no GPU: run this file on a machine that has one")
    qubits, layers, device = (4, 2, "cpu") if light else (20, 10, "cuda")
    tasks = {OURS: our_step(qubits, layers, device)}
    if "tensorcircuit" in peers:
        tasks[TENSORCIRCUIT] = tensorcircuit_step(qubits, layers)
    for task in tasks.values():
        task()
    # Seconds of the clock: a process does not count what its GPU does.
    rounds = [{name: seconds_of(task) for name, task in tasks.items()} for _ in range(7)]
    seconds = {name: median(each[name] for each in rounds) for name in tasks}
    record(times(f"Energy and gradient, {qubits} qubits, {layers} layers", seconds, OURS))
    if not light and TENSORCIRCUIT in seconds:
        check_ratio(seconds, OURS, {TENSORCIRCUIT: 1.0})
