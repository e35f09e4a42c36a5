"""A step of 64 four-qubit models in one call takes at most TensorCircuit-NG's time.

In one torch.func.vmap over stacked weights, and there in one vmap or with lax.map. It takes at most
1/4 of one model after the other. At ten qubits there is little left to share: it takes at most 5/4
of that time, and 1/3 of TensorCircuit-NG's.
"""

import numpy as np
import pytest

from benchmarks.design_circuit import fast_connector, values
from benchmarks.engines import TENSORCIRCUIT
from benchmarks.steps import connector_ensemble_step, connector_step
from benchmarks.tables import check_ratio, times
from benchmarks.timing import medians

ONE_CALL, LOOP = "one call", "one model after the other"
JAX_WAYS = {f"{TENSORCIRCUIT}, vmap": True, f"{TENSORCIRCUIT}, lax.map": False}


LIMITS = {
    4: {LOOP: 4.0, **dict.fromkeys(JAX_WAYS, 1.0)},
    10: {LOOP: 0.8, **dict.fromkeys(JAX_WAYS, 3.0)},
}


@pytest.mark.parametrize(("qubits", "layers"), [(4, 2), (10, 5)])
def test_ensemble(qubits: int, layers: int, light: bool, peers: list[str], record) -> None:
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
        tasks |= {
            name: jax_ensemble_step(circuit, inputs, stacked, mapped=mapped)
            for name, mapped in JAX_WAYS.items()
        }
    seconds = medians(tasks, 1 if light else 7)
    title = f"Step of {models} models, {qubits} qubits, {layers} layers, batch {batch}"
    record(times(title, seconds, ONE_CALL))
    if not light:
        limits = LIMITS[qubits]
        check_ratio(seconds, ONE_CALL, {name: limits[name] for name in seconds if name in limits})
