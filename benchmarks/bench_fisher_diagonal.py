"""The per-example Fisher diagonal of 900 rows of the ten-qubit models takes under 2 seconds."""

import numpy as np

from benchmarks.tables import Table, duration
from benchmarks.timing import medians
from qiskit_qmu.data import Rows
from qiskit_qmu.models import BasicQNN, HybridQNN
from qiskit_qmu.unlearning import fisher_diagonal


def test_fisher_diagonal(light: bool, record) -> None:
    count = 20 if light else 900
    generator = np.random.default_rng(0)
    rows = Rows(
        x=generator.random((count, 1, 28, 28), dtype=np.float32),
        y=generator.integers(0, 10, count),
        indices=np.arange(count),
    )
    models = {"BasicQNN": BasicQNN(), "HybridQNN": HybridQNN()}
    for model in models.values():
        model.fit_inputs(rows.x)
    tasks = {
        name: lambda model=model: fisher_diagonal(model, rows) for name, model in models.items()
    }
    seconds = medians(tasks, 1 if light else 5)
    cells = [(name, duration(value)) for name, value in seconds.items()]
    record(Table(f"Fisher diagonal, {count} rows", ("model", "time"), cells))
    assert max(seconds.values()) < 2.0
