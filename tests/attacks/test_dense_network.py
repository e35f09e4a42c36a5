"""The small network: its gradient and its steps against torch's."""

import numpy as np
import pytest
import torch

from qiskit_qmu.attacks._network import (
    DenseNetwork,
    _initial,
    _layers,
    sigmoid,
    train_network,
    write_gradients,
)

SIZES = (3, 8, 8, 1)


def torch_loss(parameters, inputs, targets, mask):
    (w1, b1), (w2, b2), (w3, b3) = parameters
    hidden = torch.relu(inputs @ w1 + b1) * mask
    log_odds = (torch.relu(hidden @ w2 + b2) @ w3 + b3)[:, 0]
    return torch.nn.functional.binary_cross_entropy_with_logits(log_odds, targets)


@pytest.fixture
def problem():
    generator = np.random.default_rng(0)
    inputs, targets = generator.normal(size=(12, 3)), generator.integers(0, 2, 12).astype(float)
    mask = (generator.random((12, 8)) >= 0.3) / 0.7
    return _initial(SIZES, generator), inputs, targets, mask


def as_torch(flat):
    return [
        [torch.tensor(part.copy(), requires_grad=True) for part in layer]
        for layer in _layers(flat, SIZES)
    ]


def test_the_gradient_is_torchs(problem):
    flat, *data = problem
    gradient = np.empty_like(flat)
    write_gradients(_layers(gradient, SIZES), _layers(flat, SIZES), *data)
    parameters = as_torch(flat)
    torch_loss(parameters, *map(torch.tensor, data)).backward()
    expected = np.concatenate([part.grad.numpy().ravel() for layer in parameters for part in layer])
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-14)


def test_training_is_torchs_adam():
    """Same weights, same order, no dropout: 20 epochs end at the same outputs."""
    generator = np.random.default_rng(1)
    inputs, targets = generator.normal(size=(30, 3)), generator.integers(0, 2, 30).astype(float)
    options = {"hidden": 8, "dropout": 0.0, "learning_rate": 0.01, "batch_size": 30, "epochs": 20}
    network = train_network(inputs, targets, **options, generator=np.random.default_rng(2))
    parameters = as_torch(_initial(SIZES, np.random.default_rng(2)))
    optimizer = torch.optim.Adam([part for layer in parameters for part in layer], lr=0.01)
    for _ in range(20):
        optimizer.zero_grad()
        torch_loss(parameters, torch.tensor(inputs), torch.tensor(targets), 1.0).backward()
        optimizer.step()
    trained = tuple(tuple(part.detach().numpy() for part in layer) for layer in parameters)
    expected = DenseNetwork(layers=trained).log_odds(inputs)
    np.testing.assert_allclose(network.log_odds(inputs), expected, rtol=1e-8)


def test_it_learns_what_no_line_can_tell():
    """XOR of two signs, 400 rows: chance is 0.5 on 400 new rows, with a deviation of 0.025."""
    generator = np.random.default_rng(3)
    inputs = generator.normal(size=(800, 2))
    targets = (inputs[:, 0] * inputs[:, 1] > 0).astype(float)
    network = train_network(
        inputs[:400], targets[:400], hidden=32, dropout=0.3, learning_rate=0.01, batch_size=20,
        epochs=30, generator=generator,
    )  # fmt: skip
    right = (network.log_odds(inputs[400:]) > 0) == targets[400:]
    assert right.mean() > 0.85


def test_sigmoid_does_not_overflow():
    np.testing.assert_allclose(sigmoid(np.array([-1e4, 0.0, 1e4])), [0.0, 0.5, 1.0])
