"""HybridQNN: shapes of rows, and angles that stay in their range."""

import math

import pytest
import torch
from tiny_models import hybrid

from qiskit_qmu._check import InputError
from qiskit_qmu.models import HybridQNN


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 9, 6), (1, 28, 28), (5,)])
def test_rows_of_any_image_or_vector_shape(shape):
    model = HybridQNN(input_shape=shape, num_classes=4, num_qubits=2, num_layers=1)
    assert model(torch.zeros(2, *shape)).shape == (2, 4)


@pytest.mark.parametrize("shape", [(5,), (1, 4), (4, 1), (1, 2, 2)])
def test_rows_of_another_shape_are_refused(shape):
    with pytest.raises(InputError, match=r"rows must have shape \(4,\), got"):
        hybrid()(torch.zeros(2, *shape))


@pytest.mark.parametrize("shape", [(), (2, 2), (1, 3, 8), (0,), (1, 8, 8, 1), (-1, 8, 8)])
def test_impossible_input_shapes_are_refused(shape):
    with pytest.raises(InputError):
        HybridQNN(input_shape=shape)


@pytest.mark.parametrize(("encoding", "centre"), [("ry", math.pi / 2), ("zz", 0.0)])
def test_angles_stay_within_a_quarter_turn_of_their_centre(encoding, centre):
    model = hybrid(encoding=encoding)
    with torch.no_grad():
        angles = model.angles(1e3 * torch.randn(50, 4, generator=torch.Generator().manual_seed(0)))
    assert float((angles - centre).abs().max()) <= math.pi / 2 + 1e-6


def test_nothing_is_fitted_to_rows(generator):
    model = hybrid()
    model.fit_inputs(generator.normal(size=(9, 4)))
    assert not list(model.buffers())
