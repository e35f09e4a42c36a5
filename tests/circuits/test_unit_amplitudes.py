"""Rows of any norm as amplitudes."""

import pytest
import torch

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import unit_amplitudes


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_rows_have_norm_one_whatever_their_own(scale):
    x = scale * torch.tensor([[3.0, -4.0], [0.0, 2.0]], dtype=torch.float64)
    expected = torch.tensor([[0.6, -0.8], [0.0, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(unit_amplitudes(x), expected)


def test_derivatives(generator):
    x = torch.tensor(generator.normal(size=(3, 4)), requires_grad=True)
    assert torch.autograd.gradcheck(unit_amplitudes, x)


def test_a_row_of_zeros_is_refused():
    with pytest.raises(InputError, match="1 rows of amplitudes are all zeros"):
        unit_amplitudes(torch.tensor([[0.0, 0.0], [1.0, 0.0]]))
