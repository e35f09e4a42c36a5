"""Expectation values and outcome probabilities against dense matrices."""

import numpy as np
import pytest
import torch
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp, random_hermitian
from random_circuits import random_observable

from qiskit_qmu.simulator.readout.observables import PauliSums, as_pauli_sum, basis_probabilities

CPU = torch.device("cpu")


def random_states(generator: np.random.Generator, num_qubits: int, count: int) -> np.ndarray:
    states = generator.normal(size=(2, 2**num_qubits, count))
    states = states[0] + 1j * states[1]
    return states / np.linalg.norm(states, axis=0)


def slow(observables: list[SparsePauliOp], states: np.ndarray) -> np.ndarray:
    return np.array(
        [
            np.einsum("sb,st,tb->b", states.conj(), observable.to_matrix(), states).real
            for observable in observables
        ]
    )


@pytest.mark.parametrize("num_qubits", range(1, 6))
def test_random_pauli_sums(num_qubits, generator):
    observables = [random_observable(generator, num_qubits) for _ in range(8)]
    states = random_states(generator, num_qubits, 3)
    values = PauliSums(observables, torch.complex128, CPU)(torch.tensor(states))
    np.testing.assert_allclose(values, slow(observables, states), rtol=0, atol=1e-12)


@pytest.mark.parametrize("label", ["I", "X", "Y", "Z", "YY", "XYZ", "YIYY"])
def test_pauli_strings(label, generator):
    """Each power of i that a Pauli string's flips of sign and bit can give."""
    states = random_states(generator, len(label), 2)
    observables = [SparsePauliOp(label), SparsePauliOp(label, -0.5)]
    values = PauliSums(observables, torch.complex128, CPU)(torch.tensor(states))
    np.testing.assert_allclose(values, slow(observables, states), rtol=0, atol=1e-13)


def test_every_hermitian_matrix(generator):
    matrix = random_hermitian(8, seed=generator)
    observable = as_pauli_sum(matrix)
    states = random_states(generator, 3, 4)
    values = PauliSums([observable], torch.complex128, CPU)(torch.tensor(states))
    expected = np.einsum("sb,st,tb->b", states.conj(), matrix.data, states).real
    np.testing.assert_allclose(values[0], expected, rtol=0, atol=1e-12)


def test_single_precision_is_kept(generator):
    states = random_states(generator, 4, 2)
    observables = [random_observable(generator, 4) for _ in range(3)]
    values = PauliSums(observables, torch.complex64, CPU)(
        torch.tensor(states, dtype=torch.complex64)
    )
    assert values.dtype == torch.float32
    np.testing.assert_allclose(values, slow(observables, states), rtol=0, atol=1e-5)


def test_values_are_differentiable(generator):
    """d<O>/dψ* is O ψ; torch's convention for a real value is twice that."""
    states = random_states(generator, 3, 2)
    observable = random_observable(generator, 3)
    tensor = torch.tensor(states, requires_grad=True)
    PauliSums([observable], torch.complex128, CPU)(tensor).sum().backward()
    np.testing.assert_allclose(tensor.grad, 2 * observable.to_matrix() @ states, rtol=0, atol=1e-12)


def test_no_observables_and_no_states():
    assert PauliSums([], torch.complex128, CPU)(torch.ones(2, 3) + 0j).shape == (0, 3)
    one = PauliSums([SparsePauliOp("Z")], torch.complex128, CPU)
    assert one(torch.zeros(2, 0, dtype=torch.complex128)).shape == (1, 0)


def test_observables_of_other_classes_become_pauli_sums():
    pauli = Pauli("-XY")
    for observable in (pauli, Operator(pauli), SparsePauliOp(pauli)):
        np.testing.assert_allclose(as_pauli_sum(observable).to_matrix(), pauli.to_matrix())


def test_probabilities_are_squared_moduli(generator):
    states = random_states(generator, 3, 2)
    weights = basis_probabilities(torch.tensor(states))
    np.testing.assert_allclose(weights, np.abs(states) ** 2, rtol=1e-14)
