"""Which parameters are quantum, and copies of any module."""

import numpy as np
import pytest
import torch
from tiny_models import StockClassifier, basic, hybrid, sequential

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import metered
from qiskit_qmu.models import (
    clone_module,
    largest_change,
    named_parameters,
    parameter_counts,
)


def test_parts_of_our_models():
    model = hybrid()
    assert list(named_parameters(model, "quantum")) == ["quantum.weight"]
    classical = named_parameters(model, "classical")
    assert {name.split(".")[0] for name in classical} == {"front", "head"}
    assert named_parameters(model).keys() == classical.keys() | {"quantum.weight"}


def test_parts_of_a_users_modules():
    assert list(named_parameters(StockClassifier(), "quantum")) == ["circuit.weight"]
    assert list(named_parameters(sequential(), "quantum")) == ["1.weight"]
    assert list(named_parameters(sequential()[1])) == ["weight"]
    assert parameter_counts(sequential()) == {"quantum": 4, "classical": 10 + 9}


def test_parameters_without_gradient_are_no_part():
    model = basic()
    model.head.requires_grad_(False)
    assert list(named_parameters(model)) == ["quantum.weight"]
    with pytest.raises(InputError, match="the model has no trainable classical parameters"):
        named_parameters(model, "classical")
    with pytest.raises(InputError, match="parameters must be one of all, quantum, classical"):
        named_parameters(model, "head")


@pytest.mark.parametrize("build", [StockClassifier, sequential])
def test_a_copy_shares_the_network_and_nothing_else(build):
    model = build()
    copy = clone_module(model)
    ours, theirs = dict(model.named_parameters()), dict(copy.named_parameters())
    for name, parameter in ours.items():
        assert torch.equal(parameter, theirs[name])
        assert parameter is not theirs[name]
    for one, other in zip(model.modules(), copy.modules(), strict=True):
        if hasattr(one, "neural_network"):
            assert one.neural_network is other.neural_network


def test_a_meter_does_not_count_what_a_copy_does():
    model = sequential()
    with metered(model) as meter:
        copy = clone_module(model)
        copy(torch.zeros(3, 4))
        assert meter.usage.forward_evaluations == 0
        model(torch.zeros(2, 4))
    assert meter.usage.forward_evaluations == 2


def test_a_copy_computes_the_same():
    model, x = sequential(), torch.tensor(np.eye(4), dtype=torch.float32)
    assert torch.equal(model(x), clone_module(model)(x))


def test_the_largest_change_is_of_weights_and_buffers_and_of_no_counter():
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(4), sequential())
    torch.nn.init.zeros_(model[1][1].weight)
    other = clone_module(model)
    other[0].num_batches_tracked += 5
    assert largest_change(model, other) == 0.0
    with torch.no_grad():
        other[1][1].weight[2] -= 0.25
        assert largest_change(model, other) == 0.25
        other[0].running_var[1] = 3.0
    assert largest_change(model, other) == 2.0
    assert largest_change(model, sequential()) == float("inf")
    assert largest_change(torch.nn.ReLU(), torch.nn.ReLU()) == 0.0
