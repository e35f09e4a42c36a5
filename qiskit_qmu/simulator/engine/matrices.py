"""Angles to the 2 x 2 matrices of one-qubit runs and back, and Kronecker products.

Matrices have shape (N, 2, 2, …) and vectors (N, 2, …), with the samples in the dimensions behind.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from qiskit_qmu.simulator.compile.program import GateRun

# -i P, so that exp(-i a P / 2) = cos(a / 2) I + sin(a / 2) (-i P).
_GENERATORS = {
    "x": [[0, -1j], [-1j, 0]],
    "y": [[0, -1], [1, 0]],
    "z": [[-1j, 0], [0, 1j]],
}


class RunProducts:
    """Multiplies the gates of many one-qubit runs at once.

    Args:
        runs: N runs, padded with identities to the ``depth`` of the longest.
        num_shared: Number of shared angles.
        dtype: Complex type of the matrices.
        device: Their device.
    """

    def __init__(
        self, runs: Sequence[GateRun], num_shared: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        shape = (max([1, *map(len, runs)]), len(runs))
        # The factor in a slot is cos(a / 2) times one matrix plus sin(a / 2) times the other.
        cosine = np.tile(np.eye(2, dtype=complex), (*shape, 1, 1))
        sine = np.zeros_like(cosine)
        index = np.zeros(shape, dtype=np.int64)
        for column, run in enumerate(runs):
            for row, factor in enumerate(run):
                if factor.matrix is not None:
                    cosine[row, column] = factor.matrix
                else:
                    sine[row, column] = _GENERATORS[factor.axis]
                    index[row, column] = 1 + factor.angle + num_shared * factor.batched
        self._cosine = torch.as_tensor(cosine, dtype=dtype, device=device)
        self._sine = torch.as_tensor(sine, dtype=dtype, device=device)
        self._index = torch.as_tensor(index.ravel(), device=device)

    def factors(self, angles: torch.Tensor) -> torch.Tensor:
        """Return the matrices (depth, N, 2, 2, …) in all slots.

        Args:
            angles: A zero, all shared angles, and all per-sample angles if runs have any; in
                radians, of shape (A, …).
        """
        samples = angles.shape[1:]
        half = angles.index_select(0, self._index) / 2
        half = half.view(*self._sine.shape[:2], 1, 1, *samples)
        cosine, sine = (with_dims(table, len(samples)) for table in (self._cosine, self._sine))
        return half.cos() * cosine + half.sin() * sine

    def add_gradients(
        self, factors: torch.Tensor, overlaps: torch.Tensor, gradients: torch.Tensor
    ) -> None:
        """Add the slopes of the angles in all slots to gradients.

        Args:
            factors: The matrices in all slots, from ``factors``.
            overlaps: Overlaps (N, 2, 2, …) of gradient and state behind the products.
            gradients: Gradients (A, …) of the angles of the factors.
        """
        generators = with_dims(self._sine, factors.dim() - self._sine.dim())
        slopes = []
        last = len(factors) - 1
        for slot in range(last, -1, -1):
            if slot < last:
                # Overlaps in front of a factor F are Fᵀ times those behind it times conj(F).
                factor = factors[slot + 1]
                overlaps = products(products(factor.transpose(1, 2), overlaps), factor.conj())
            # The slope of exp(-i a P / 2) is -i P / 2 times the factor itself.
            slopes.append((overlaps * generators[slot]).real.sum((1, 2)))
        gradients.index_add_(0, self._index, torch.cat(slopes[::-1]), alpha=0.5)

    def generators(self, factors: torch.Tensor) -> Iterator[tuple[int, int, torch.Tensor]]:
        """Yield run, angle and Y for each angle, where Y times the product is its derivative.

        Args:
            factors: The matrices in all slots, from ``factors``.
        """
        dims = factors.dim() - self._sine.dim()
        behind = with_dims(torch.eye(2, dtype=factors.dtype, device=factors.device), dims)
        behind = behind.expand(factors.shape[1:])
        index = self._index.view(factors.shape[:2]).tolist()
        for slot in range(len(factors) - 1, -1, -1):
            own = with_dims(self._sine[slot], dims) / 2
            turned = products(products(behind, own), behind.transpose(1, 2).conj())
            for run, angle in enumerate(index[slot]):
                if angle:
                    yield run, angle, turned[run]
            behind = products(behind, factors[slot])


def products_of_all(factors: torch.Tensor) -> torch.Tensor:
    """Return the products (N, 2, 2, …) of matrices (depth, N, 2, 2, …), first applied first."""
    result = factors[0]
    for factor in factors[1:]:
        result = products(factor, result)
    return result


def products(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the matrix products of (N, 2, 2, …) and (N, 2, 2, …)."""
    return (first.unsqueeze(3) * second.unsqueeze(1)).sum(2)


def columns_of_all(factors: torch.Tensor) -> torch.Tensor:
    """Return products of matrices (depth, N, 2, 2, …) applied to |0>, (N, 2, …)."""
    result = factors[0, :, :, 0]
    for factor in factors[1:]:
        result = (factor * result.unsqueeze(1)).sum(2)
    return result


def kronecker_vectors(vectors: torch.Tensor) -> torch.Tensor:
    """Return the Kronecker product (d^n, …) of vectors (n, d, …), the first the lowest."""
    if len(vectors) == 1:
        return vectors[0]
    rest = kronecker_vectors(_pairs(vectors))
    if len(vectors) % 2 == 0:
        return rest
    return (vectors[-1].unsqueeze(1) * rest.unsqueeze(0)).flatten(0, 1)


def kronecker_contractions(vectors: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Contract a tensor (d^n, …) with all but one of n vectors (n, d, …), for each of them.

    Returns:
        Contractions (n, d, …): the derivatives by each vector of the sum of the product of
        ``gradient`` and the Kronecker product of the vectors.
    """
    count, size = vectors.shape[:2]
    if count == 1:
        return gradient.unsqueeze(0)
    paired = _pairs(vectors)
    if count % 2 == 1:
        view = gradient.unflatten(0, (size, -1))
        last = (view * kronecker_vectors(paired)).sum(1).unsqueeze(0)
        gradient = (view * vectors[-1].unsqueeze(1)).sum(0)
        return torch.cat([kronecker_contractions(vectors[:-1], gradient), last])
    pairs = kronecker_contractions(paired, gradient).unflatten(1, (size, size))
    of_low = (pairs * vectors[1::2].unsqueeze(2)).sum(1)
    of_high = (pairs * vectors[::2].unsqueeze(1)).sum(2)
    return torch.stack([of_low, of_high], dim=1).flatten(0, 1)


def _pairs(vectors: torch.Tensor) -> torch.Tensor:
    """Return the products (n // 2, d * d, …) of neighbours."""
    high, low = vectors[1::2], vectors[0 : len(vectors) // 2 * 2 : 2]
    return (high.unsqueeze(2) * low.unsqueeze(1)).flatten(1, 2)


def kronecker_matrices(matrices: torch.Tensor) -> torch.Tensor:
    """Return Kronecker products (…, 2^n, 2^n) of matrices (…, n, 2, 2), the first the lowest."""
    count = matrices.shape[-3]
    if count == 1:
        return matrices[..., 0, :, :]
    even = count // 2 * 2
    high, low = matrices[..., 1:even:2, :, :], matrices[..., 0:even:2, :, :]
    rest = kronecker_matrices(_kronecker(high, low))
    return rest if even == count else _kronecker(matrices[..., -1, :, :], rest)


def _kronecker(high: torch.Tensor, low: torch.Tensor) -> torch.Tensor:
    product = high[..., :, None, :, None] * low[..., None, :, None, :]
    return product.flatten(-4, -3).flatten(-2, -1)


def with_dims(tensor: torch.Tensor, count: int) -> torch.Tensor:
    """Return a tensor with ``count`` more dimensions of size 1 at its end."""
    return tensor.reshape(*tensor.shape, *(1 for _ in range(count)))


def multiply(matrix: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
    """Multiply states (N, d, X) by one matrix (e, d).

    torch.matmul would copy the states if the matrix is the operand that is repeated.
    """
    if len(states) == 1:
        return torch.mm(matrix, states[0]).unsqueeze(0)
    return torch.bmm(matrix.expand(len(states), *matrix.shape), states)
