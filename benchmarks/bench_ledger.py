"""Writing every job down takes at most 30 ms a job, and a resumed run costs no circuits again."""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.tables import Table, duration
from benchmarks.timing import seconds_of
from qiskit_qmu import BasicQNN
from qiskit_qmu.backends import open_backend

LIMIT = 0.03


def test_ledger(light: bool, record) -> None:
    """Observations of a four-qubit model on fake_manila, one job each."""
    jobs, rows = (2, 8) if light else (50, 32)
    x = np.random.default_rng(0).uniform(-1, 1, (rows, 4)).astype(np.float32)
    model = BasicQNN(4, 3, 4, 2)
    model.fit_inputs(x)

    def observe(**options) -> None:
        with open_backend("fake_manila", shots=1024, **options) as backend:
            moved = model.on(backend)
            for _ in range(jobs):
                moved.observe(x, np.zeros(rows, dtype=int))

    with tempfile.TemporaryDirectory() as folder:
        observe()  # loads all that is needed
        times = {
            "without a ledger": seconds_of(observe),
            "with a ledger": seconds_of(lambda: observe(ledger=Path(folder) / "run")),
            "the same run, resumed": seconds_of(lambda: observe(ledger=Path(folder) / "run")),
        }
    record(
        Table(
            f"{jobs} jobs of {rows} circuits with 1024 shots on fake_manila",
            ("run", "time", "a job"),
            [(name, duration(time), duration(time / jobs)) for name, time in times.items()],
        )
    )
    if not light:
        more = times["with a ledger"] - times["without a ledger"]
        assert more / jobs <= LIMIT, f"the ledger takes {duration(more / jobs)} a job"
        assert times["the same run, resumed"] < times["with a ledger"]
