"""Parities from two half tables against one table over all basis states."""

import numpy as np
import pytest
import torch

from qiskit_qmu.simulator.compile.parity_masks import parity_sign
from qiskit_qmu.simulator.engine.parities import Parities


@pytest.mark.parametrize("num_qubits", [1, 2, 5, 6])
@pytest.mark.parametrize("rest", [(), (3,), (3, 2), (0,)], ids=str)
def test_spread_and_gather_are_the_table_and_its_transpose(num_qubits, rest, generator):
    masks = generator.integers(0, 2**num_qubits, 7).tolist()
    table = torch.tensor(np.array([parity_sign(num_qubits, mask) for mask in masks]))
    parities = Parities(masks, num_qubits, torch.float64, torch.device("cpu"))
    assert len(parities) == 7
    coefficients = torch.tensor(generator.normal(size=(2, 7, *rest)))
    expected = torch.einsum("ks,mk...->ms...", table, coefficients)
    torch.testing.assert_close(parities.spread(coefficients), expected)
    values = torch.tensor(generator.normal(size=(2, 2**num_qubits, *rest)))
    expected = torch.einsum("ks,ms...->mk...", table, values)
    torch.testing.assert_close(parities.gather(values), expected)
