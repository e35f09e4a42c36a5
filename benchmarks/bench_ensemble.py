"""A step of 64 four-qubit models in one call takes at most 1/10 of one model after the other.

One torch.func.vmap over stacked weights. At ten qubits there is little left to share, and it takes
at most as long. At both sizes TensorCircuit-NG's vmap over models is no faster.
"""

import numpy as np
import pytest

from benchmarks.design_circuit import fast_connector, values
from benchmarks.engines import TENSORCIRCUIT
from benchmarks.steps import connector_ensemble_step, connector_step
from benchmarks.tables import check_ratio, times
from benchmarks.timing import medians

ONE_CALL, LOOP = "one call", "one model after the other"


@pytest.mark.parametrize(("qubits", "layers", "gain"), [(4, 2, 10.0), (10, 5, 1.0)])
def test_ensemble(
    qubits: int, layers: int, gain: float, light: bool, peers: list[str], record
) -> None:
    models, batch = (3, 2) if light else (64, 32)
    inputs, weights = values(qubits, layers, batch)
    stacked = np.random.default_rng(1).uniform(-3, 3, (models, len(weights)))
    connectors = [fast_connector(qubits, layers) for _ in range(models)]
    pairs = zip(connectors, stacked, strict=True)
    steps = [connector_step(connector, inputs, own) for connector, own in pairs]
    tasks = {
        ONE_CALL: connector_ensemble_step(connectors[0], inputs, stacked),
        LOOP: lambda: [step() for step in steps],
    }
    if "tensorcircuit" in peers:
        from benchmarks.jax_steps import jax_ensemble_step
        from benchmarks.tensorcircuit_circuit import tensorcircuit_batch

        circuit = tensorcircuit_batch(qubits, layers)
        tasks[TENSORCIRCUIT] = jax_ensemble_step(circuit, inputs, stacked)
    seconds = medians(tasks, 1 if light else 7)
    title = f"Step of {models} models, {qubits} qubits, {layers} layers, batch {batch}"
    record(times(title, seconds, ONE_CALL))
    if not light:
        limits = {LOOP: gain, TENSORCIRCUIT: 1.0}
        check_ratio(seconds, ONE_CALL, {name: limits[name] for name in seconds if name in limits})
