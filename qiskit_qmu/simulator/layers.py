"""Layers of shared one-qubit gates as dense blocks, and the gradients of their angles."""

from collections.abc import Iterator
from itertools import groupby

import torch

from qiskit_qmu.simulator.matrices import (
    RunProducts,
    kronecker_matrices,
    multiply,
    products_of_all,
    with_dims,
)
from qiskit_qmu.simulator.program import Program


class SharedLayers:
    """Angles to the dense matrices of every layer and block of a program.

    Args:
        program: The compiled circuit.
        dtype: Complex type of the matrices.
        device: Where they live.
    """

    def __init__(self, program: Program, dtype: torch.dtype, device: torch.device) -> None:
        self.shape = (len(program.layers), program.num_qubits)
        self._blocks = program.blocks
        runs = [run for layer in program.layers for run in layer]
        self._runs = RunProducts(runs, program.num_shared_angles, dtype, device)

    def blocks(self, angles: torch.Tensor) -> list[tuple[torch.Tensor, ...]]:
        """Return the matrices (M, 2^size, 2^size) of each block, for each layer.

        Args:
            angles: A zero and all shared angles (1 + A, M), in radians.
        """
        matrices = products_of_all(self._runs.factors(angles)).movedim(-1, 0)
        matrices = matrices.reshape(angles.shape[1], *self.shape, 2, 2)
        dense: list[torch.Tensor] = []
        for size, equal in groupby(self._blocks, lambda block: block[1]):
            starts = [start for start, _ in equal]
            own = matrices[:, :, starts[0] : starts[-1] + size].unflatten(2, (len(starts), size))
            dense.extend(kronecker_matrices(own).unbind(2))
        return list(zip(*(block.unbind(1) for block in dense), strict=True))

    def generators(self, angles: torch.Tensor) -> Iterator[tuple[int, int, int, torch.Tensor]]:
        """Yield layer, qubit, angle and Y (2, 2, M) of every angle; Y turns the layer's result.

        Args:
            angles: A zero and all shared angles (1 + A, M), in radians.
        """
        for run, angle, generator in self._runs.generators(self._runs.factors(angles)):
            yield *divmod(run, self.shape[1]), angle, generator

    def add_gradients(
        self, angles: torch.Tensor, overlaps: torch.Tensor, gradients: torch.Tensor
    ) -> None:
        """Add the slopes of all layers' angles to gradients.

        Args:
            angles: A zero and all shared angles (1 + A, M), in radians.
            overlaps: Overlaps (layers, n, 2, 2, M, …) of gradient and state behind each layer.
            gradients: Gradients (1 + A, M, …) of the angles.
        """
        factors = self._runs.factors(with_dims(angles, overlaps.dim() - 5))
        self._runs.add_gradients(factors, overlaps.flatten(0, 1), gradients)


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
    """Sum gradient times state over everything but a block, for each model and example.

    Args:
        gradient: (M, 2^n, B), or (M, 2^n, B, E) for E examples.
        state: Of the same shape.
        left: Size of what stands above the block.
        size: Size of the block.

    Returns:
        (M, size, size), or (M, E, size, size).
    """
    models, examples = len(gradient), gradient.shape[3:]
    if examples:
        shape = (models, left, size, -1, *examples)
        return torch.einsum("mlias,mljas->msij", gradient.view(shape), state.view(shape))
    rows, columns = (tensor.view(models * left, size, -1) for tensor in (gradient, state))
    if models * left == 1:
        return torch.mm(rows[0], columns[0].T).unsqueeze(0)
    return torch.bmm(rows, columns.mT).view(models, left, size, size).sum(1)


def partial_traces(num_qubits: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return the table (4^n, 4 n) that takes matrices to the partial traces onto each qubit."""
    identity = torch.eye(2, dtype=dtype, device=device)
    factors = identity.expand(num_qubits, 4, num_qubits, 2, 2).clone()
    for qubit in range(num_qubits):
        factors[qubit, :, qubit] = torch.eye(4, dtype=dtype, device=device).view(4, 2, 2)
    return kronecker_matrices(factors).flatten(2).flatten(0, 1).T.contiguous()
