"""Angles to the 2 x 2 matrices of one-qubit runs, and their Kronecker products."""

import math
from collections.abc import Sequence

import numpy as np
import torch

from qiskit_qmu.simulator.program import Factor, Run

# exp(-i a P / 2) = cos(a / 2) I + sin(a / 2) (-i P)
_GENERATORS = {
    "x": [[0, -1j], [-1j, 0]],
    "y": [[0, -1], [1, 0]],
    "z": [[-1j, 0], [0, 1j]],
}


class RunProducts:
    """Multiplies the gates of many one-qubit runs at once.

    Args:
        runs: The runs; the result has one matrix for each.
        dtype: Complex type of the matrices.
        device: Where they live.
    """

    def __init__(self, runs: Sequence[Run], dtype: torch.dtype, device: torch.device) -> None:
        constants: list[object] = [np.eye(2)]
        shared: list[Factor] = []
        batched: list[Factor] = []
        for factor in (factor for run in runs for factor in run):
            if factor.matrix is not None:
                constants.append(factor.matrix)
            else:
                (batched if factor.batched else shared).append(factor)
        position = {id(f): len(constants) + i for i, f in enumerate([*shared, *batched])}
        self.depth = max([1, *(len(run) for run in runs)])
        slots = np.zeros((self.depth, len(runs)), dtype=np.int64)
        constant = iter(range(1, len(constants)))
        for column, run in enumerate(runs):
            for row, factor in enumerate(run):
                slots[row, column] = position.get(id(factor)) or next(constant)
        self._slots = torch.as_tensor(slots, device=device)
        self._constants = torch.as_tensor(np.array(constants), dtype=dtype, device=device)
        self._shared = _Rotations(shared, dtype, device)
        self._batched = _Rotations(batched, dtype, device)

    def shared(self, shared_angles: torch.Tensor) -> torch.Tensor:
        """Return the matrices (N, 2, 2) of runs without per-sample angles.

        Args:
            shared_angles: All shared angles (A,), in radians.
        """
        bank = torch.cat([self._constants, self._shared(shared_angles)])
        product = bank[self._slots[0]]
        for row in self._slots[1:]:
            product = bank[row] @ product
        return product

    def derivatives(self, shared_angles: torch.Tensor) -> torch.Tensor:
        """Return the derivatives (depth, N, 2, 2) of the products by the angle in each slot.

        The derivative of a rotation is half the rotation by π more; a slot that holds a constant
        gives values that mean nothing.

        Args:
            shared_angles: All shared angles (A,), in radians.
        """
        bank = torch.cat([self._constants, self._shared(shared_angles)])
        turned = torch.cat([self._constants, self._shared(shared_angles + math.pi)]) / 2
        slopes = []
        for varied in range(self.depth):
            product = (turned if varied == 0 else bank)[self._slots[0]]
            for slot in range(1, self.depth):
                product = (turned if varied == slot else bank)[self._slots[slot]] @ product
            slopes.append(product)
        return torch.stack(slopes)

    def per_sample(self, shared_angles: torch.Tensor, batched_angles: torch.Tensor) -> torch.Tensor:
        """Return the matrices (N, 2, 2, B) for each sample.

        Args:
            shared_angles: All shared angles (A,), in radians.
            batched_angles: All per-sample angles (A', B), in radians.
        """
        bank = self._bank(shared_angles, batched_angles)
        product = bank[self._slots[0]]
        for row in self._slots[1:]:
            product = (bank[row].unsqueeze(3) * product.unsqueeze(1)).sum(2)
        return product

    def columns(self, shared_angles: torch.Tensor, batched_angles: torch.Tensor) -> torch.Tensor:
        """Return what each run makes of |0>, (N, 2, B), for each sample.

        Args:
            shared_angles: All shared angles (A,), in radians.
            batched_angles: All per-sample angles (A', B), in radians.
        """
        bank = self._bank(shared_angles, batched_angles)
        column = bank[self._slots[0]][:, :, 0]
        for row in self._slots[1:]:
            column = (bank[row] * column.unsqueeze(1)).sum(2)
        return column

    def _bank(self, shared_angles: torch.Tensor, batched_angles: torch.Tensor) -> torch.Tensor:
        static = torch.cat([self._constants, self._shared(shared_angles)])
        batch = batched_angles.shape[1]
        spread = static.unsqueeze(3).expand(*static.shape, batch)
        return torch.cat([spread, self._batched(batched_angles)])


class _Rotations:
    """Rotation matrices of chosen angles about fixed axes."""

    def __init__(self, factors: Sequence[Factor], dtype: torch.dtype, device: torch.device) -> None:
        generators = [_GENERATORS[factor.axis] for factor in factors]
        self._generators = torch.as_tensor(
            np.array(generators, dtype=complex).reshape(-1, 2, 2), dtype=dtype, device=device
        )
        self._identity = torch.eye(2, dtype=dtype, device=device)
        angles = np.array([factor.angle for factor in factors], dtype=np.int64)
        self._angles = torch.as_tensor(angles, device=device)

    def __call__(self, angles: torch.Tensor) -> torch.Tensor:
        """Return (A, 2, 2) for angles (all,), or (A, 2, 2, B) for angles (all, B)."""
        half = angles[self._angles] / 2
        trailing = half.shape[1:]
        half = half.reshape(len(self._angles), 1, 1, *trailing)
        identity = self._identity.reshape(1, 2, 2, *(1 for _ in trailing))
        generators = self._generators.reshape(-1, 2, 2, *(1 for _ in trailing))
        return half.cos() * identity + half.sin() * generators


def kronecker_vectors(vectors: torch.Tensor) -> torch.Tensor:
    """Return the product state (2^n, B) of one-qubit states (n, 2, B), qubit 0 the lowest bit."""
    if len(vectors) == 1:
        return vectors[0]
    even = len(vectors) // 2 * 2
    high, low = vectors[1:even:2], vectors[0:even:2]
    paired = (high.unsqueeze(2) * low.unsqueeze(1)).flatten(1, 2)
    rest = kronecker_vectors(paired)
    if even == len(vectors):
        return rest
    return (vectors[-1].unsqueeze(1) * rest.unsqueeze(0)).flatten(0, 1)


def kronecker_matrices(matrices: torch.Tensor) -> torch.Tensor:
    """Return the Kronecker products (…, 2^n, 2^n) of matrices (…, n, 2, 2), the first the lowest."""
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
