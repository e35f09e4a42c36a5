"""Made-up models: outputs that leak nothing, or exactly what a test wants them to."""

from collections.abc import Callable

import numpy as np
import pytest

from qiskit_qmu.observation import Observations

MakeObservations = Callable[..., Observations]


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(2024)


@pytest.fixture
def make() -> MakeObservations:
    """Return a maker of the outputs of a fair classifier; ``leak`` raises the true logit."""

    def observe(
        generator: np.random.Generator,
        rows: int,
        classes: int = 10,
        leak: float = 0.0,
        label: int | None = None,
    ) -> Observations:
        labels = generator.integers(0, classes, rows) if label is None else np.full(rows, label)
        logits = generator.normal(scale=2.0, size=(rows, classes))
        logits[np.arange(rows), labels] += 2.0 + leak
        expectations = np.tanh(logits[:, :4])
        counts = np.rint(50 * (1 + expectations)).astype(int) + 1
        return Observations(
            logits, labels, expectations=expectations, counts=counts, inputs=logits[:, 1:3]
        )

    return observe
