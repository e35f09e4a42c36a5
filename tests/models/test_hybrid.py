"""HybridQNN: shapes of rows, and angles that stay in their range."""

import math

import pytest
import torch
from tiny_models import hybrid

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import amplitudes_of_angles
from qiskit_qmu.models import HybridQNN


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 9, 6), (1, 28, 28), (5,)])
def test_rows_of_any_image_or_vector_shape(shape):
    model = HybridQNN(input_shape=shape, num_classes=4, num_qubits=2, num_layers=1)
    assert model(torch.zeros(2, *shape)).shape == (2, 4)


@pytest.mark.parametrize("shape", [(5,), (1, 4), (4, 1), (1, 2, 2)])
def test_rows_of_another_shape_are_refused(shape):
    with pytest.raises(InputError, match=r"rows must have the shape \(4,\), got"):
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


def test_with_amplitude_encoding_the_front_makes_the_amplitudes():
    model = hybrid(encoding="amplitude")
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = model.front(x)
        amplitudes = amplitudes_of_angles(model.angles(x))
    assert features.shape == (5, 8)
    expected = features / features.norm(dim=1, keepdim=True)
    torch.testing.assert_close(amplitudes, expected, rtol=0, atol=1e-6)


def test_the_front_is_trained_through_the_amplitudes():
    """Central differences of the loss, in double precision, for every weight of a small front."""
    model = HybridQNN((2,), 2, 2, 1, encoding="amplitude", seed=4).double()
    model.front = torch.nn.Linear(2, 4).double()
    x = torch.tensor([[0.3, -1.0], [2.0, 0.5], [-0.7, 0.1]], dtype=torch.float64)
    y = torch.tensor([0, 1, 1])

    def loss() -> torch.Tensor:
        return torch.nn.functional.cross_entropy(model(x), y)

    loss().backward()
    step = 1e-5
    for parameter in (*model.front.parameters(), model.quantum.weight):
        values = parameter.data.view(-1)
        for i, slope in enumerate(parameter.grad.view(-1).tolist()):
            ends = []
            for shift in (step, -2 * step):
                values[i] += shift
                ends.append(float(loss().detach()))
            values[i] += step
            assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-8)
        assert float(parameter.grad.abs().max()) > 1e-4


def test_nothing_is_fitted_to_rows(generator):
    model = hybrid()
    model.fit_inputs(generator.normal(size=(9, 4)))
    assert not list(model.buffers())
