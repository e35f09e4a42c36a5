"""Angles of amplitudes: against Qiskit's statevector, and derivatives that stay finite."""

import numpy as np
import pytest
import torch
from qiskit.quantum_info import Statevector

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import AmplitudeEncoding, amplitude_angles, amplitudes_of_angles

PRECISIONS = [(torch.float64, 1e-12), (torch.float32, 1e-5)]


def rows_of(kind: str, num_qubits: int, generator: np.random.Generator) -> torch.Tensor:
    """Return rows of 2^n values."""
    rows = generator.normal(size=(6, 2**num_qubits))
    if kind == "sparse":
        rows[generator.random(rows.shape) < 0.7] = 0.0
        rows[:, -1] += 1e-3  # no row of zeros
    elif kind == "positive":
        rows = np.abs(rows)
    elif kind == "negative":
        rows = -np.abs(rows)
    elif kind == "one-hot":
        rows = np.concatenate((np.eye(2**num_qubits), -np.eye(2**num_qubits)))
    elif kind == "bordered":  # an image with a black border
        rows[:, : 2**num_qubits // 2] = 0.0
    return torch.tensor(rows)


def states(angles: torch.Tensor) -> np.ndarray:
    """Return what Qiskit makes of the gate's definition."""
    return np.array([Statevector(AmplitudeEncoding(r).definition).data for r in angles.tolist()])


@pytest.mark.parametrize("kind", ["any", "sparse", "positive", "negative", "one-hot", "bordered"])
@pytest.mark.parametrize("num_qubits", [1, 2, 3, 4])
def test_the_circuit_prepares_the_row_exactly_in_qiskits_order(kind, num_qubits, generator):
    """Not even a global phase is between them."""
    rows = rows_of(kind, num_qubits, generator)
    expected = (rows / rows.norm(dim=-1, keepdim=True)).numpy()
    angles = amplitude_angles(rows)
    assert angles.shape == (len(rows), 2**num_qubits - 1)
    np.testing.assert_allclose(states(angles), expected, atol=1e-12)
    np.testing.assert_allclose(amplitudes_of_angles(angles).numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("num_qubits", [1, 2, 3, 4])
def test_any_angles_give_the_state_of_the_circuit(num_qubits, generator):
    """A whole turn of RY is a sign, not the identity."""
    angles = torch.tensor(generator.uniform(-10, 10, (5, 2**num_qubits - 1)))
    np.testing.assert_allclose(amplitudes_of_angles(angles).numpy(), states(angles), atol=1e-12)


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
def test_angles_do_not_depend_on_the_norm(dtype, tolerance, generator):
    rows = torch.tensor(generator.normal(size=(4, 16)), dtype=dtype)
    expected = amplitude_angles(rows)
    assert expected.dtype == dtype
    for factor in (1e-30, 1e-3, 1e30):
        scaled = amplitude_angles(factor * rows)
        torch.testing.assert_close(scaled, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISIONS)
def test_eight_qubits_come_back(dtype, tolerance, generator):
    rows = torch.tensor(generator.normal(size=(3, 4, 256)), dtype=dtype)
    back = amplitudes_of_angles(amplitude_angles(rows))
    expected = rows / rows.norm(dim=-1, keepdim=True)
    torch.testing.assert_close(back, expected, rtol=0, atol=tolerance)


def test_derivatives_are_those_of_finite_differences(generator):
    for num_qubits in (1, 2, 3):
        rows = torch.tensor(generator.normal(size=(2, 2**num_qubits)), requires_grad=True)
        assert torch.autograd.gradcheck(amplitude_angles, rows)
        angles = torch.tensor(generator.normal(size=(2, 2**num_qubits - 1)), requires_grad=True)
        assert torch.autograd.gradcheck(amplitudes_of_angles, angles)


def test_through_both_the_derivative_is_that_of_normalisation(generator):
    row = torch.tensor(generator.normal(size=16))
    row[3] = 0.0  # a zero beside another value is like any other value
    own = torch.func.jacrev(lambda x: amplitudes_of_angles(amplitude_angles(x)))(row)
    unit = row / row.norm()
    expected = (torch.eye(16) - torch.outer(unit, unit)) / row.norm()
    torch.testing.assert_close(own, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", ["sparse", "one-hot", "bordered"])
def test_gradients_at_zeros_are_finite(kind, dtype, generator):
    rows = rows_of(kind, 4, generator).to(dtype).requires_grad_()
    weights = torch.tensor(generator.normal(size=15), dtype=dtype)
    (amplitude_angles(rows) @ weights).sum().backward()
    assert bool(torch.isfinite(rows.grad).all())
    amplitudes_of_angles(amplitude_angles(rows)).sum().backward()
    assert bool(torch.isfinite(rows.grad).all())


def test_values_too_small_to_square_count_as_zeros():
    row = torch.tensor([1.0, 1.0, 1e-25, -1e-25], requires_grad=True)
    angles = amplitude_angles(row)
    angles.sum().backward()
    expected = amplitude_angles(torch.tensor([1.0, 1.0, 0.0, 0.0]))
    torch.testing.assert_close(angles, expected, rtol=0, atol=1e-7)
    assert bool(torch.isfinite(row.grad).all())
    assert row.grad[2:].tolist() == [0.0, 0.0]


def test_transforms_of_torch_func(generator):
    rows = torch.tensor(generator.normal(size=(5, 8)))
    angles = amplitude_angles(rows)
    for function, inputs, outputs in (
        (amplitude_angles, rows, angles),
        (amplitudes_of_angles, angles, amplitudes_of_angles(angles)),
    ):
        assert torch.equal(torch.func.vmap(function)(inputs), outputs)
        across = torch.func.vmap(function, in_dims=1)(inputs.T)
        torch.testing.assert_close(across, outputs, rtol=0, atol=1e-14)
        by_row = torch.func.vmap(torch.func.jacrev(function))(inputs)
        whole = torch.func.jacrev(function)(inputs)
        for i in range(len(inputs)):
            torch.testing.assert_close(by_row[i], whole[i, :, i], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        amplitude_angles,
        torch.func.vmap(amplitude_angles),
        torch.func.vmap(torch.func.grad(lambda row: amplitude_angles(row).sum())),
        lambda rows: torch.func.vmap(amplitude_angles, in_dims=1)(rows.T),
    ],
    ids=["plain", "vmap", "vmap of grad", "vmap over columns"],
)
def test_a_row_of_zeros_is_refused_mapped_over_or_not(function):
    rows = torch.ones(3, 4)
    rows[1] = 0.0
    with pytest.raises(InputError, match="1 rows of amplitudes are all zeros"):
        function(rows)


def test_no_rows_are_no_error():
    assert amplitude_angles(torch.zeros(0, 8)).shape == (0, 7)
    assert amplitudes_of_angles(torch.zeros(0, 7)).shape == (0, 8)


def test_whole_numbers_are_taken():
    torch.testing.assert_close(
        amplitude_angles(torch.tensor([3, 0, -4, 0])),
        amplitude_angles(torch.tensor([3.0, 0.0, -4.0, 0.0])),
    )


@pytest.mark.parametrize("size", [1, 3, 6, 12])
def test_sizes_that_are_no_power_of_two_are_refused(size):
    with pytest.raises(InputError, match=rf"must be a power of two of at least 2, got {size}"):
        amplitude_angles(torch.ones(2, size))
    with pytest.raises(InputError, match=rf"must be a power of two of at least 2, got {size}"):
        amplitudes_of_angles(torch.ones(2, size - 1))
