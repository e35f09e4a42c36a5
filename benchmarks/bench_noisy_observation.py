"""A noisy observation of 500 rows of ten qubits and five layers takes at most ten minutes."""

import numpy as np

from benchmarks.tables import Table, duration
from benchmarks.timing import seconds_of
from qiskit_qmu import BasicQNN
from qiskit_qmu.backends import open_backend

LIMIT = 600


def test_noisy_observation(light: bool, record) -> None:
    """Exact noise of fake_torino on the ten qubits in use; Aer's density matrix on the same ten."""
    qubits, layers, rows = (3, 1, 10) if light else (10, 5, 500)
    x = np.random.default_rng(0).uniform(-1, 1, (rows, qubits)).astype(np.float32)
    model = BasicQNN(qubits, 10, qubits, layers)
    model.fit_inputs(x)

    def observation(count: int, **options):
        moved = model.on(open_backend("fake_torino", **options))
        moved.observe(x[:1], [0])  # transpiles, and makes the noise model
        return lambda: moved.observe(x[:count], np.zeros(count, dtype=int))

    few = 2 if light else 5
    cases = {
        "1024 shots": (rows, {"shots": 1024}),
        "exact values": (5 * few, {}),
        "Aer's density matrix": (few, {"method": "density_matrix"}),
    }
    each = {name: seconds_of(observation(n, **more)) / n for name, (n, more) in cases.items()}
    record(
        Table(
            f"Observation on fake_torino, {qubits} qubits, {layers} layers",
            ("way", "one row", f"{rows} rows"),
            [(name, duration(one), duration(rows * one)) for name, one in each.items()],
        )
    )
    if not light:
        assert rows * each["1024 shots"] <= LIMIT
