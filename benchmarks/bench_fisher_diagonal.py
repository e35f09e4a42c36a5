"""The per-example Fisher diagonal of 900 rows of the ten-qubit models takes under 2 seconds."""

import numpy as np
import pytest

from qiskit_qmu.data import Rows
from qiskit_qmu.models import BasicQNN, HybridQNN
from qiskit_qmu.unlearning import fisher_diagonal


@pytest.mark.parametrize("kind", ["basic", "hybrid"])
def test_fisher_diagonal(kind: str, light: bool, benchmark) -> None:
    count, rounds = (20, 1) if light else (900, 5)
    generator = np.random.default_rng(0)
    rows = Rows(
        x=generator.random((count, 1, 28, 28), dtype=np.float32),
        y=generator.integers(0, 10, count),
        indices=np.arange(count),
    )
    model = BasicQNN() if kind == "basic" else HybridQNN()
    model.fit_inputs(rows.x)
    benchmark.pedantic(lambda: fisher_diagonal(model, rows), rounds=rounds, warmup_rounds=1)
    if not light:
        assert benchmark.stats.stats.median < 2.0
