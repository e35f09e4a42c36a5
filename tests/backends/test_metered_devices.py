"""What strategies say they cost is what a device was sent."""

import numpy as np
import pytest
import torch

from qiskit_qmu import ForgetSplit, Trainer
from qiskit_qmu.backends import metered, open_backend
from qiskit_qmu.data import dataset_from_arrays
from qiskit_qmu.models import BasicQNN, HybridQNN
from qiskit_qmu.unlearning import FineTune, GradientAscent, SelectiveDampening


@pytest.fixture
def split(generator) -> ForgetSplit:
    x = generator.normal(size=(12, 3)).astype(np.float32)
    y = np.arange(12) % 3
    return ForgetSplit.by_class(dataset_from_arrays(x, y, x[:6] + 1, y[:6]), label=1)


@pytest.mark.parametrize("gradient", ["parameter-shift", "spsa"])
@pytest.mark.parametrize(
    "strategy",
    [
        FineTune(epochs=1, learning_rate=0.01),
        GradientAscent(max_epochs=1, learning_rate=0.01),
        SelectiveDampening(),
        SelectiveDampening(parameters="classical"),
        GradientAscent(max_epochs=1, learning_rate=0.01, parameters="classical"),
    ],
    ids=repr,
)
def test_usage_is_what_was_executed(split, strategy, gradient, generator):
    with open_backend("aer", shots=10, gradient=gradient) as backend:
        model = BasicQNN(3, 3, 3, 1, seed=1, backend=backend)
        model.fit_inputs(split.train.x)
        usage = strategy(model, split, generator=generator).usage
        assert usage.circuits == backend.executed.circuits > 0
        assert usage.shots == backend.executed.shots == 10 * usage.circuits


def test_training_a_hybrid_model_on_a_device(split, generator):
    """Its classical front asks for input gradients too."""
    backend = open_backend("fake_manila", shots=20)
    model = HybridQNN(input_shape=(1, 8, 8), num_classes=3, num_qubits=3, num_layers=1,
                      backend=backend)  # fmt: skip
    x = generator.normal(size=(4, 1, 8, 8)).astype(np.float32)
    before = [p.detach().clone() for p in model.parameters()]
    with metered(model) as meter:
        Trainer(epochs=1, batch_size=2).fit(model, x, np.arange(4) % 3, generator=generator)
    assert meter.usage.circuits == backend.executed.circuits
    assert all(not torch.equal(b, p) for b, p in zip(before, model.parameters(), strict=True))
