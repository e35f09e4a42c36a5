"""Optimisers against torch's."""

import pytest
import torch

from qiskit_qmu.training import optimizers


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Adam", {"lr": 0.1}),
        ("Adam", {"lr": 0.1, "weight_decay": 0.01}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
    ],
)
def test_steps_are_those_of_torch(name, options):
    ends = []
    for kind in (getattr(torch.optim, name), getattr(optimizers, name)):
        weights = torch.nn.Parameter(torch.linspace(-1.0, 1.0, 7))
        optimizer = kind([weights], **options)
        for _ in range(5):
            optimizer.zero_grad()
            weights.pow(4).sum().backward()
            optimizer.step()
        assert optimizer.state[weights]
        ends.append(weights.detach())
    assert torch.equal(*ends)
