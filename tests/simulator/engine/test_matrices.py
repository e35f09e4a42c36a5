"""Kronecker products against NumPy's."""

import functools

import numpy as np
import pytest
import torch

from qiskit_qmu.simulator.engine.matrices import kronecker_matrices, kronecker_vectors


def random_complex(generator: np.random.Generator, *shape: int) -> np.ndarray:
    return generator.normal(size=shape) + 1j * generator.normal(size=shape)


@pytest.mark.parametrize("num_qubits", range(1, 8))
def test_product_states(num_qubits, generator):
    vectors = random_complex(generator, num_qubits, 2, 3)
    product = kronecker_vectors(torch.tensor(vectors))
    for sample in range(3):
        expected = functools.reduce(np.kron, vectors[::-1, :, sample])
        np.testing.assert_allclose(product[:, sample], expected, rtol=1e-13)


@pytest.mark.parametrize("num_qubits", range(1, 6))
def test_dense_blocks(num_qubits, generator):
    matrices = random_complex(generator, 2, 3, num_qubits, 2, 2)
    product = kronecker_matrices(torch.tensor(matrices))
    for i in range(2):
        for j in range(3):
            expected = functools.reduce(np.kron, matrices[i, j, ::-1])
            np.testing.assert_allclose(product[i, j], expected, rtol=1e-13)
