"""Layers of shared one-qubit gates as dense blocks, and the gradients of their angles."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import torch

from qiskit_qmu.simulator.compile.program import Program
from qiskit_qmu.simulator.engine.matrices import (
    RunProducts,
    kronecker_matrices,
    multiply,
    products_of_all,
    with_dims,
)


class SharedLayers:
    """Angles to the dense matrices of every layer and block of a program.

    Args:
        program: The compiled circuit.
        dtype: Complex type of the matrices.
        device: Their device.
    """

    def __init__(self, program: Program, dtype: torch.dtype, device: torch.device) -> None:
        self.shape = (len(program.layers), program.num_qubits)
        self._blocks = program.blocks
        runs = [run for layer in program.layers for run in layer]
        self._runs = RunProducts(runs, program.num_shared_angles, dtype, device)
        sizes = {size for _, size in self._blocks}
        self._traces = {size: partial_traces(size, dtype, device) for size in sizes}

    @property
    def num_stacks(self) -> int:
        """Number of different sizes of blocks."""
        return len(self._traces)

    def dense(self, angles: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the matrices (M, layers, blocks, d, d) of all blocks of each size.

        Args:
            angles: A zero and all shared angles (1 + A, M), in radians.
        """
        matrices = products_of_all(self._runs.factors(angles)).movedim(-1, 0)
        matrices = matrices.reshape(angles.shape[1], *self.shape, 2, 2)
        stacks = []
        for size, equal in groupby(self._blocks, lambda block: block[1]):
            starts = [start for start, _ in equal]
            own = matrices[:, :, starts[0] : starts[-1] + size].unflatten(2, (len(starts), size))
            stacks.append(kronecker_matrices(own))
        return tuple(stacks)

    @staticmethod
    def blocks(stacks: Sequence[torch.Tensor]) -> list[tuple[torch.Tensor, ...]]:
        """Return the matrices (M, d, d) of each block, for each layer, from those of `dense`."""
        blocks = [block for stack in stacks for block in stack.unbind(2)]
        return list(zip(*(block.unbind(1) for block in blocks), strict=True))

    def overlaps(self, models: int, examples: Sequence[int]) -> list[torch.Tensor]:
        """Return, per block, a buffer for the overlaps (layers, M, …, d, d) after each layer."""
        return [
            traces.new_zeros(self.shape[0], models, *examples, 2**size, 2**size)
            for traces, size in ((self._traces[size], size) for _, size in self._blocks)
        ]

    def generators(self, angles: torch.Tensor) -> Iterator[tuple[int, int, int, torch.Tensor]]:
        """Yield layer, qubit, angle and Y (2, 2, M) of every angle; Y turns the layer's result.

        Args:
            angles: A zero and all shared angles (1 + A, M), in radians.
        """
        for run, angle, generator in self._runs.generators(self._runs.factors(angles)):
            yield *divmod(run, self.shape[1]), angle, generator

    def add_gradients(
        self, angles: torch.Tensor, overlaps: list[torch.Tensor], gradients: torch.Tensor
    ) -> None:
        """Add the slopes of all layers' angles to gradients.

        Args:
            angles: A zero and all shared angles (1 + A, M), in radians.
            overlaps: For each block, overlaps (layers, M, …, d, d) of gradient and state behind
                each layer.
            gradients: Gradients (1 + A, M, …) of the angles.
        """
        parts = []
        for (_, size), own in zip(self._blocks, overlaps, strict=True):
            traces = own.flatten(-2) @ self._traces[size]
            parts.append(traces.unflatten(-1, (size, 2, 2)).movedim((-3, -2, -1), (1, 2, 3)))
        factors = self._runs.factors(with_dims(angles, gradients.dim() - 2))
        self._runs.add_gradients(factors, torch.cat(parts, dim=1).flatten(0, 1), gradients)


def multiply_block(matrix: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
    """Multiply states (M, left, d, X) by the matrix (d, d) of each model, or by one (1, d, d)."""
    models, left, size, _ = states.shape
    if len(matrix) == 1:
        return multiply(matrix[0], states.reshape(models * left, size, -1)).view(states.shape)
    repeated = matrix.unsqueeze(1).expand(models, left, size, size)
    flat = torch.bmm(repeated.reshape(-1, size, size), states.reshape(models * left, size, -1))
    return flat.view(states.shape)


def block_overlaps(
    gradient: torch.Tensor, state: torch.Tensor, left: int, size: int
) -> torch.Tensor:
    """Sum gradient times state over everything but a block.

    Args:
        gradient: (N, 2^n, B), contiguous.
        state: Of the same shape.
        left: Dimension of the qubits above the block.
        size: Size of the block.

    Returns:
        (N, size, size).
    """
    count, dimension, samples = gradient.shape
    rest = dimension // (left * size) * samples
    if rest < left:
        # With few columns behind the block, the product should also sum over the qubits above it.
        rows, columns = (
            tensor.view(count, left, size, rest).transpose(1, 2).reshape(count, size, left * rest)
            for tensor in (gradient, state)
        )
        return torch.bmm(rows, columns.mT)
    rows, columns = (tensor.view(count * left, size, rest) for tensor in (gradient, state))
    if len(rows) == 1:
        return torch.mm(rows[0], columns[0].T).unsqueeze(0)
    return torch.bmm(rows, columns.mT).view(count, left, size, size).sum(1)


def partial_traces(num_qubits: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return the table (4^n, 4 n) that maps matrices to the partial traces onto each qubit."""
    identity = torch.eye(2, dtype=dtype, device=device)
    factors = identity.expand(num_qubits, 4, num_qubits, 2, 2).clone()
    for qubit in range(num_qubits):
        factors[qubit, :, qubit] = torch.eye(4, dtype=dtype, device=device).view(4, 2, 2)
    return kronecker_matrices(factors).flatten(2).flatten(0, 1).T.contiguous()
