"""The steps of a compiled program on a batch of states: forward, transposed, and their gradients.

States are complex tensors of shape (2^n, B, …): the samples come last, so that permutations copy
whole rows and a block on the highest qubits is a single matrix product. Dimensions behind B are
those that torch.func.vmap adds; tensors broadcast over them.

A gradient is carried as its complex conjugate, so that the way back needs no conjugates: it is
multiplied by the transpose of each step. The slope of a step U by one of its angles is Y U with a
one-qubit or diagonal operator Y, and that of the result is Re(gradientᵀ Y state) with gradient and
state behind the step. So all that a step needs is how the two overlap on single qubits or on basis
states.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from qiskit_qmu.simulator.layers import block_overlaps
from qiskit_qmu.simulator.matrices import (
    RunProducts,
    columns_of_all,
    kronecker_contractions,
    kronecker_vectors,
    products_of_all,
    with_dims,
)


@dataclass(frozen=True)
class Angles:
    """All angles of a batch, in radians.

    Attributes:
        shared: A zero and the angles that all samples share, (1 + A,).
        all: The same for each sample, and the per-sample angles, (1 + A + A', B, …).
    """

    shared: torch.Tensor
    all: torch.Tensor


@dataclass(frozen=True)
class Totals:
    """What one sweep adds up.

    Attributes:
        shared: Gradients of ``Angles.shared``, (1 + A, …).
        all: Gradients of ``Angles.all``, (1 + A + A', B, …).
        layers: Overlaps (layers, n, 2, 2, …) of gradient and state behind each layer.
    """

    shared: torch.Tensor
    all: torch.Tensor
    layers: torch.Tensor


@dataclass(frozen=True)
class Product:
    """The product state that a circuit starts from, one run for each qubit."""

    runs: RunProducts

    def state(self, angles: Angles) -> torch.Tensor:
        """Return the states (2^n, B, …)."""
        return kronecker_vectors(columns_of_all(self.runs.factors(angles.all)))

    def add_gradients(self, gradient: torch.Tensor, angles: Angles, totals: Totals) -> None:
        """Add the slopes of the runs' angles."""
        factors = self.runs.factors(angles.all)
        columns = columns_of_all(factors)
        rows = kronecker_contractions(columns, gradient)
        self.runs.add_gradients(factors, rows.unsqueeze(2) * columns.unsqueeze(1), totals.all)


@dataclass(frozen=True)
class Block:
    """The qubits of a dense block.

    Attributes:
        number: Which of the program's blocks it is.
        start: Its first qubit.
        left: Dimension of what stands above it.
        size: Its own dimension.
        traces: The table of `layers.partial_traces`.
    """

    number: int
    start: int
    left: int
    size: int
    traces: torch.Tensor


@dataclass(frozen=True)
class Layer:
    """A layer of shared gates on some blocks."""

    index: int
    blocks: tuple[Block, ...]
    has_angles: bool = True
    per_sample: bool = False

    def operand(
        self, angles: Angles, layers: Sequence[tuple[torch.Tensor, ...]]
    ) -> list[torch.Tensor]:
        """Return the matrix of each block."""
        return [layers[self.index][block.number] for block in self.blocks]

    def apply(self, state: torch.Tensor, operand: list[torch.Tensor]) -> torch.Tensor:
        """Multiply by the matrices."""
        for block, matrix in zip(self.blocks, operand, strict=True):
            rest = state.numel() // (block.left * block.size)
            view = state.view(block.left, block.size, rest)
            state = _multiply(matrix, view).view(state.shape)
        return state

    def transpose(self, state: torch.Tensor, operand: list[torch.Tensor]) -> torch.Tensor:
        """Multiply by the transposed matrices."""
        return self.apply(state, [matrix.T for matrix in operand])

    def add_gradients(
        self,
        state: torch.Tensor,
        gradient: torch.Tensor,
        operand: list[torch.Tensor],
        totals: Totals,
    ) -> None:
        """Write the overlaps on each qubit; those of all layers become slopes together."""
        examples = gradient.shape[2:]
        if examples:
            state, gradient = (
                tensor.expand_as(gradient).flatten(2).movedim(-1, 0).contiguous()
                for tensor in (state, gradient)
            )
        for block in self.blocks:
            overlaps = block_overlaps(gradient, state, block.left, block.size).flatten(-2)
            traces = (overlaps @ block.traces).movedim(-1, 0).view(-1, 2, 2, *examples)
            totals.layers[self.index, block.start : block.start + len(traces)] = traces


@dataclass(frozen=True)
class Batch:
    """One-qubit gates whose matrices differ from sample to sample."""

    runs: RunProducts
    qubits: tuple[int, ...]
    has_angles: bool = True
    per_sample: bool = True

    def operand(
        self, angles: Angles, layers: Sequence[tuple[torch.Tensor, ...]]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the matrices of all gates, and their products (Q, 2, 2, B, …)."""
        factors = self.runs.factors(angles.all)
        return factors, products_of_all(factors)

    def apply(
        self, state: torch.Tensor, operand: tuple[torch.Tensor, torch.Tensor]
    ) -> torch.Tensor:
        """Multiply by the matrices."""
        for qubit, matrix in zip(self.qubits, operand[1], strict=True):
            state = _apply_per_sample(matrix, state, qubit)
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
        totals: Totals,
    ) -> None:
        """Add the slopes of the gates' angles."""
        overlaps = []
        for qubit in self.qubits:
            rows, columns = (_split(tensor, qubit) for tensor in (gradient, state))
            overlaps.append((rows.unsqueeze(2) * columns.unsqueeze(1)).sum((0, 3)))
        self.runs.add_gradients(operand[0], torch.stack(overlaps), totals.all)


@dataclass(frozen=True)
class Phase:
    """A permutation, then phases: constant ones, and exp(i φ) with φ = table times angles."""

    source: torch.Tensor | None
    inverse: torch.Tensor | None
    constant: torch.Tensor | None
    table: torch.Tensor
    index: torch.Tensor
    per_sample: bool

    @property
    def has_angles(self) -> bool:
        """Whether there are phases that depend on angles."""
        return len(self.index) > 0

    def operand(
        self, angles: Angles, layers: Sequence[tuple[torch.Tensor, ...]]
    ) -> torch.Tensor | None:
        """Return the phases (2^n, 1 or B, …)."""
        dims = angles.all.dim() - 1
        constant = None if self.constant is None else with_dims(self.constant, dims)
        if not self.has_angles:
            return constant
        own = angles.all if self.per_sample else with_dims(angles.shared, dims)
        own = own.index_select(0, self.index)
        exponent = (self.table @ own.flatten(1)).view(len(self.table), *own.shape[1:])
        phases = torch.polar(torch.ones_like(exponent), exponent)
        return phases if constant is None else phases * constant

    def apply(self, state: torch.Tensor, operand: torch.Tensor | None) -> torch.Tensor:
        """Permute, then multiply."""
        if self.source is not None:
            state = state.index_select(0, self.source)
        return state if operand is None else state * operand

    def transpose(self, state: torch.Tensor, operand: torch.Tensor | None) -> torch.Tensor:
        """Multiply, then permute back."""
        if operand is not None:
            state = state * operand
        return state if self.inverse is None else state.index_select(0, self.inverse)

    def add_gradients(
        self,
        state: torch.Tensor,
        gradient: torch.Tensor,
        operand: torch.Tensor | None,
        totals: Totals,
    ) -> None:
        """Add the slopes of the angles in the exponents."""
        # Re(gradient i exp(iφ) state), where the state already has its phase.
        slope = (gradient * state).imag.neg()
        slope = slope if self.per_sample else slope.sum(1)
        gradients = totals.all if self.per_sample else totals.shared
        by_angle = self.table.T @ slope.unsqueeze(1).flatten(1)
        gradients.index_add_(0, self.index, by_angle.view(len(self.index), *slope.shape[1:]))


Kernel = Layer | Batch | Phase


def _multiply(block: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
    """Multiply states (N, d, M) by one matrix (d, d).

    Not torch.matmul, which copies the states where the matrix is the one that is repeated.
    """
    if len(states) == 1:
        return torch.mm(block, states[0])
    return torch.bmm(block.expand(len(states), *block.shape), states)


def _apply_per_sample(matrix: torch.Tensor, state: torch.Tensor, qubit: int) -> torch.Tensor:
    """Apply matrices (2, 2, B, …) to one qubit of states (2^n, B, …)."""
    view = _split(state, qubit)
    entry = matrix.unsqueeze(2)
    zero = entry[0, 0] * view[:, 0] + entry[0, 1] * view[:, 1]
    one = entry[1, 0] * view[:, 0] + entry[1, 1] * view[:, 1]
    return torch.stack([zero, one], dim=1).view(state.shape)


def _split(state: torch.Tensor, qubit: int) -> torch.Tensor:
    """View states (2^n, …) as (above, 2, below, …) of one qubit."""
    return state.view(len(state) >> qubit + 1, 2, 2**qubit, *state.shape[1:])
