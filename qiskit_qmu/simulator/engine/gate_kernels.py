"""Kernels that multiply states by matrices: shared layers, per-sample gates and dense gates.

A kernel is one step of a compiled program on a batch of states: forward, transposed, and its
derivatives. A gradient is stored as its complex conjugate, so that the backward pass needs no
conjugates: it is multiplied by the transpose of each step. The derivative of a step U by one of its
angles is Y U with a one-qubit or diagonal operator Y, and that of the result is
Re(gradientᵀ Y state) with gradient and state after the step. So a step only needs the overlap of
the two on single qubits or on basis states.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from qiskit_qmu.simulator.engine.layers import block_overlaps, multiply_block
from qiskit_qmu.simulator.engine.matrices import RunProducts, multiply, products_of_all
from qiskit_qmu.simulator.engine.sweep_arrays import Angles, Derivative, GradientTotals


@dataclass(frozen=True)
class QubitBlock:
    """The qubits of a dense block.

    Attributes:
        number: Index among the program's blocks.
        left: Dimension of the qubits above it.
        size: Dimension of the block.
    """

    number: int
    left: int
    size: int


@dataclass(frozen=True)
class LayerKernel:
    """A layer of shared gates on some blocks."""

    index: int
    blocks: tuple[QubitBlock, ...]
    has_angles: bool = True
    per_sample: bool = False

    def operand(
        self, angles: Angles, layers: Sequence[tuple[torch.Tensor, ...]]
    ) -> list[torch.Tensor]:
        """Return the matrices (M, d, d) of each block."""
        return [layers[self.index][block.number] for block in self.blocks]

    def apply(self, state: torch.Tensor, operand: list[torch.Tensor]) -> torch.Tensor:
        """Multiply by the matrices."""
        for block, matrix in zip(self.blocks, operand, strict=True):
            view = state.reshape(len(state), block.left, block.size, -1)
            state = multiply_block(matrix, view).view(state.shape)
        return state

    def transpose(self, state: torch.Tensor, operand: list[torch.Tensor]) -> torch.Tensor:
        """Multiply by the transposed matrices."""
        return self.apply(state, [matrix.mT for matrix in operand])

    def add_gradients(
        self,
        state: torch.Tensor,
        gradient: torch.Tensor,
        operand: list[torch.Tensor],
        totals: GradientTotals,
    ) -> None:
        """Write the overlaps on each block; those of all layers become slopes together."""
        models, *examples = gradient.shape[0], *gradient.shape[3:]
        if examples:
            # Examples become the outermost dimension, like additional models.
            state, gradient = (
                tensor.expand_as(gradient).flatten(3).movedim(3, 1).flatten(0, 1).contiguous()
                for tensor in (state, gradient)
            )
        for block in self.blocks:
            overlaps = block_overlaps(gradient, state, block.left, block.size)
            shape = (models, *examples, block.size, block.size)
            totals.overlaps[block.number][self.index] = overlaps.view(shape)


@dataclass(frozen=True)
class BatchKernel:
    """One-qubit gates whose matrices differ from sample to sample."""

    runs: RunProducts
    qubits: tuple[int, ...]
    has_angles: bool = True
    per_sample: bool = True

    def operand(
        self, angles: Angles, layers: Sequence[tuple[torch.Tensor, ...]]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the matrices of all gates, and their products (Q, 2, 2, M, B, …)."""
        factors = self.runs.factors(angles.all)
        return factors, products_of_all(factors)

    def apply(
        self, state: torch.Tensor, operand: tuple[torch.Tensor, torch.Tensor]
    ) -> torch.Tensor:
        """Multiply by the matrices."""
        for qubit, matrix in zip(self.qubits, operand[1], strict=True):
            state = apply_to_qubit(matrix, state, qubit)
        return state

    def transpose(
        self, state: torch.Tensor, operand: tuple[torch.Tensor, torch.Tensor]
    ) -> torch.Tensor:
        """Multiply by the transposed matrices."""
        return self.apply(state, (operand[0], operand[1].transpose(1, 2)))

    def add_gradients(
        self,
        state: torch.Tensor,
        gradient: torch.Tensor,
        operand: tuple[torch.Tensor, torch.Tensor],
        totals: GradientTotals,
    ) -> None:
        """Add the slopes of the gates' angles."""
        overlaps = []
        for qubit in self.qubits:
            rows, columns = (_split(tensor, qubit) for tensor in (gradient, state))
            own = (rows.unsqueeze(3) * columns.unsqueeze(2)).sum((1, 4))
            overlaps.append(own.movedim(0, 2))
        self.runs.add_gradients(operand[0], torch.stack(overlaps), totals.all)

    def derivatives(
        self, state: torch.Tensor, operand: tuple[torch.Tensor, torch.Tensor]
    ) -> Iterator[Derivative]:
        """Yield the derivative of the state behind the step by each of its angles."""
        for run, angle, generator in self.runs.generators(operand[0]):
            yield angle, apply_to_qubit(generator, state, self.qubits[run])


@dataclass(frozen=True)
class DenseKernel:
    """A matrix without angles on some qubits, the first the lowest bit of its indices."""

    matrix: torch.Tensor
    qubits: tuple[int, ...]
    has_angles: bool = False
    per_sample: bool = False

    def operand(self, angles: Angles, layers: Sequence[tuple[torch.Tensor, ...]]) -> torch.Tensor:
        """Return the matrix."""
        return self.matrix

    def apply(self, state: torch.Tensor, operand: torch.Tensor) -> torch.Tensor:
        """Multiply by the matrix."""
        num_qubits = state.shape[1].bit_length() - 1
        axes = [num_qubits - qubit for qubit in reversed(self.qubits)]
        front = range(1, 1 + len(axes))
        view = state.reshape(len(state), *(2,) * num_qubits, -1).movedim(axes, tuple(front))
        turned = multiply(operand, view.reshape(len(state), len(operand), -1)).view(view.shape)
        return turned.movedim(tuple(front), axes).reshape(state.shape)

    def transpose(self, state: torch.Tensor, operand: torch.Tensor) -> torch.Tensor:
        """Multiply by the transposed matrix."""
        return self.apply(state, operand.T)

    def add_gradients(
        self,
        state: torch.Tensor,
        gradient: torch.Tensor,
        operand: torch.Tensor,
        totals: GradientTotals,
    ) -> None:
        """There are no angles."""


def apply_to_qubit(matrix: torch.Tensor, state: torch.Tensor, qubit: int) -> torch.Tensor:
    """Apply matrices (2, 2, M, B, …) to one qubit of states (M, 2^n, B, …)."""
    view = _split(state, qubit)
    entry = matrix.unsqueeze(3).unsqueeze(3)
    zero = entry[0, 0] * view[:, :, 0] + entry[0, 1] * view[:, :, 1]
    one = entry[1, 0] * view[:, :, 0] + entry[1, 1] * view[:, :, 1]
    return torch.stack([zero, one], dim=2).view(state.shape)


def _split(state: torch.Tensor, qubit: int) -> torch.Tensor:
    """View states (M, 2^n, …) as (M, above, 2, below, …) of one qubit."""
    models, size, *rest = state.shape
    return state.reshape(models, size >> qubit + 1, 2, 2**qubit, *rest)
