"""Fresh weights come from the given generator, in the families that layers are made with."""

import numpy as np
import pytest
import torch
from tiny_models import StockClassifier, hybrid, same_weights, sequential, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu.models import reinitialize


@pytest.mark.parametrize("build", [hybrid, sequential, StockClassifier])
def test_the_generator_decides_every_weight(build):
    first, again, other = build(), build(), build()
    for module, seed in ((first, 1), (again, 1), (other, 2)):
        reinitialize(module, np.random.default_rng(seed))
    assert same_weights(weights_of(first), weights_of(again))
    for name, tensor in weights_of(other).items():
        assert not torch.equal(tensor, weights_of(first)[name]), name


def test_layers_are_uniform_in_the_range_of_torch(generator):
    # 8 inputs, so ±1/√8; the largest of 8,000 uniform numbers misses 1 % of the range with e^-80.
    layer = torch.nn.Linear(8, 1000)
    reinitialize(layer, generator)
    bound = 8**-0.5
    for parameter in layer.state_dict().values():
        assert 0.9 * bound < float(parameter.abs().max()) <= bound
        assert abs(float(parameter.mean())) < 0.1 * bound


def test_angles_of_a_connector_are_uniform_in_its_own_range():
    model = sequential()
    drawn = []
    for seed in range(50):
        reinitialize(model, np.random.default_rng(seed))
        drawn.append(model[1].weight.detach().clone())
    # 200 uniform numbers in ±1 all lie below 0.9 with probability 0.9^200 < 1e-9.
    assert 0.9 < float(torch.stack(drawn).abs().max()) <= 1


def test_normalising_layers_start_anew(generator):
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    module(torch.ones(4, 1, 5, 5))
    reinitialize(module, generator)
    assert torch.equal(module[1].running_mean, torch.zeros(2))
    assert torch.equal(module[1].weight, torch.ones(2))


def test_layers_of_an_unknown_kind_are_refused(generator):
    module = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.GRU(3, 3))
    with pytest.raises(InputError, match=r"initialisation of GRU layers is not known"):
        reinitialize(module, generator)
