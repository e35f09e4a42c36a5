"""Layers of shared one-qubit gates as dense blocks, and the gradients of their angles."""

from itertools import groupby

import torch

from qiskit_qmu.simulator.matrices import (
    RunProducts,
    kronecker_matrices,
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
        """Return the matrices (2^size, 2^size) of each block, for each layer.

        Args:
            angles: A zero and all shared angles (A,), in radians.
        """
        matrices = products_of_all(self._runs.factors(angles)).view(*self.shape, 2, 2)
        dense: list[torch.Tensor] = []
        for size, equal in groupby(self._blocks, lambda block: block[1]):
            starts = [start for start, _ in equal]
            own = matrices[:, starts[0] : starts[-1] + size].unflatten(1, (len(starts), size))
            dense.extend(kronecker_matrices(own).unbind(1))
        return list(zip(*dense, strict=True))

    def add_gradients(
        self, angles: torch.Tensor, overlaps: torch.Tensor, gradients: torch.Tensor
    ) -> None:
        """Add the slopes of all layers' angles to gradients.

        Args:
            angles: A zero and all shared angles (A,), in radians.
            overlaps: Overlaps (layers, n, 2, 2, …) of gradient and state behind each layer.
            gradients: Gradients (A, …) of the angles.
        """
        factors = self._runs.factors(with_dims(angles, overlaps.dim() - 4))
        self._runs.add_gradients(factors, overlaps.flatten(0, 1), gradients)


def block_overlaps(
    gradient: torch.Tensor, state: torch.Tensor, left: int, size: int
) -> torch.Tensor:
    """Sum gradient times state over everything but a block, for each example.

    Args:
        gradient: (2^n, B), or (E, 2^n, B) for E examples.
        state: Of the same shape.
        left: Size of what stands above the block.
        size: Size of the block.

    Returns:
        (size, size), or (E, size, size).
    """
    rest = gradient.shape[-2] * gradient.shape[-1] // (left * size)
    if gradient.dim() == 3:
        shape = (len(gradient), left, size, rest)
        return torch.einsum("elia,elja->eij", gradient.view(shape), state.view(shape))
    rows, columns = gradient.view(left, size, rest), state.view(left, size, rest)
    return torch.mm(rows[0], columns[0].T) if left == 1 else torch.bmm(rows, columns.mT).sum(0)


def partial_traces(num_qubits: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return the table (4^n, 4 n) that takes matrices to the partial traces onto each qubit."""
    identity = torch.eye(2, dtype=dtype, device=device)
    factors = identity.expand(num_qubits, 4, num_qubits, 2, 2).clone()
    for qubit in range(num_qubits):
        factors[qubit, :, qubit] = torch.eye(4, dtype=dtype, device=device).view(4, 2, 2)
    return kronecker_matrices(factors).flatten(2).flatten(0, 1).T.contiguous()
