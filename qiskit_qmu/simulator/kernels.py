"""The steps of a compiled program on a batch of states: forward, transposed, and their derivatives.

States are complex tensors of shape (M, 2^n, B, …): models, basis states, samples. The samples come
last, so that permutations copy whole rows and a block on the highest qubits is a single matrix
product. M counts sets of shared angles; what all share has M = 1 and is broadcast. Dimensions
behind B are examples that torch.func.vmap adds; they are broadcast too.

A gradient is carried as its complex conjugate, so that the way back needs no conjugates: it is
multiplied by the transpose of each step. The derivative of a step U by one of its angles is Y U
with a one-qubit or diagonal operator Y, and that of the result is Re(gradientᵀ Y state) with
gradient and state behind the step. So all that a step needs is how the two overlap on single qubits
or on basis states.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from qiskit_qmu.simulator.layers import block_overlaps, multiply_block
from qiskit_qmu.simulator.matrices import RunProducts, multiply, products_of_all, with_dims
from qiskit_qmu.simulator.parities import Parities

Derivative = tuple[int, torch.Tensor]
"""An angle's place in ``Angles.all``, and the derivative of a state by it."""


@dataclass(frozen=True)
class Angles:
    """All angles of a batch, in radians.

    Attributes:
        shared: A zero and the angles that all samples share, (1 + A, M).
        all: The same for each sample, and the per-sample angles, (1 + A + A', M, B, …).
    """

    shared: torch.Tensor
    all: torch.Tensor


@dataclass(frozen=True)
class Totals:
    """What one sweep adds up.

    Attributes:
        shared: Gradients of ``Angles.shared``, (1 + A, M, …).
        all: Gradients of ``Angles.all``, (1 + A + A', M, B, …).
        overlaps: For each block, overlaps (layers, M, …, d, d) of gradient and state behind each
            layer.
    """

    shared: torch.Tensor
    all: torch.Tensor
    overlaps: list[torch.Tensor]


@dataclass(frozen=True)
class Block:
    """The qubits of a dense block.

    Attributes:
        number: Which of the program's blocks it is.
        left: Dimension of what stands above it.
        size: Its own dimension.
    """

    number: int
    left: int
    size: int


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
        totals: Totals,
    ) -> None:
        """Write the overlaps on each block; those of all layers become slopes together."""
        models, *examples = gradient.shape[0], *gradient.shape[3:]
        if examples:
            # Examples become the outermost dimension, as more models would be.
            state, gradient = (
                tensor.expand_as(gradient).flatten(3).movedim(3, 1).flatten(0, 1).contiguous()
                for tensor in (state, gradient)
            )
        for block in self.blocks:
            overlaps = block_overlaps(gradient, state, block.left, block.size)
            shape = (models, *examples, block.size, block.size)
            totals.overlaps[block.number][self.index] = overlaps.view(shape)


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
        """Return the matrices of all gates, and their products (Q, 2, 2, M, B, …)."""
        factors = self.runs.factors(angles.all)
        return factors, products_of_all(factors)

    def apply(
        self, state: torch.Tensor, operand: tuple[torch.Tensor, torch.Tensor]
    ) -> torch.Tensor:
        """Multiply by the matrices."""
        for qubit, matrix in zip(self.qubits, operand[1], strict=True):
            state = turn_qubit(matrix, state, qubit)
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
            own = (rows.unsqueeze(3) * columns.unsqueeze(2)).sum((1, 4))
            overlaps.append(own.movedim(0, 2))
        self.runs.add_gradients(operand[0], torch.stack(overlaps), totals.all)

    def derivatives(
        self, state: torch.Tensor, operand: tuple[torch.Tensor, torch.Tensor]
    ) -> Iterator[Derivative]:
        """Yield the derivative of the state behind the step by each of its angles."""
        for run, angle, generator in self.runs.generators(operand[0]):
            yield angle, turn_qubit(generator, state, self.qubits[run])


@dataclass(frozen=True)
class Rotations:
    """Rotations about parities: their angles' places and what the angles multiply."""

    index: torch.Tensor
    parities: Parities

    def exponents(self, angles: torch.Tensor) -> torch.Tensor:
        """Return Σ a χ(s), (M, 2^n, …), of angles (A, M, …)."""
        return self.parities.spread(angles.index_select(0, self.index).movedim(1, 0))

    def add_gradients(self, slopes: torch.Tensor, gradients: torch.Tensor) -> None:
        """Add Σ χ(s) slopes(s), of slopes (M, 2^n, …), to gradients (A, M, …)."""
        gradients.index_add_(0, self.index, self.parities.gather(slopes).movedim(1, 0))


@dataclass(frozen=True)
class Phase:
    """A permutation, then phases: constant ones, and rotations about parities."""

    source: torch.Tensor | None
    inverse: torch.Tensor | None
    constant: torch.Tensor | None
    shared: Rotations | None
    batched: Rotations | None

    @property
    def has_angles(self) -> bool:
        """Whether there are phases that depend on angles."""
        return self.shared is not None or self.batched is not None

    @property
    def per_sample(self) -> bool:
        """Whether there are phases that differ from sample to sample."""
        return self.batched is not None

    def operand(
        self, angles: Angles, layers: Sequence[tuple[torch.Tensor, ...]]
    ) -> torch.Tensor | None:
        """Return the phases (M, 2^n, 1 or B, …)."""
        dims = angles.all.dim() - 2
        constant = None if self.constant is None else with_dims(self.constant, dims)
        exponents = []
        if self.shared is not None:
            exponents.append(with_dims(self.shared.exponents(angles.shared), dims))
        if self.batched is not None:
            exponents.append(self.batched.exponents(angles.all))
        if not exponents:
            return constant
        exponent = -0.5 * sum(exponents[1:], exponents[0])
        phases = torch.polar(torch.ones_like(exponent), exponent)
        return phases if constant is None else phases * constant

    def apply(self, state: torch.Tensor, operand: torch.Tensor | None) -> torch.Tensor:
        """Permute, then multiply."""
        if self.source is not None:
            state = state.index_select(1, self.source)
        return state if operand is None else state * operand

    def transpose(self, state: torch.Tensor, operand: torch.Tensor | None) -> torch.Tensor:
        """Multiply, then permute back."""
        if operand is not None:
            state = state * operand
        return state if self.inverse is None else state.index_select(1, self.inverse)

    def add_gradients(
        self,
        state: torch.Tensor,
        gradient: torch.Tensor,
        operand: torch.Tensor | None,
        totals: Totals,
    ) -> None:
        """Add the slopes of the angles in the exponents."""
        # Re(gradient (-i χ / 2) state), where the state already has its phase.
        slopes = (gradient * state).imag / 2
        if self.batched is not None:
            self.batched.add_gradients(slopes, totals.all)
        if self.shared is not None:
            self.shared.add_gradients(slopes.sum(2), totals.shared)

    def derivatives(
        self, state: torch.Tensor, operand: torch.Tensor | None
    ) -> Iterator[Derivative]:
        """Yield the derivative of the state behind the step by each of its angles."""
        for rotations in (self.shared, self.batched):
            if rotations is not None:
                count = len(rotations.parities)
                one = torch.eye(count, dtype=state.real.dtype, device=state.device)
                signs = rotations.parities.spread(one.unsqueeze(2))
                for angle, sign in zip(rotations.index.tolist(), signs, strict=True):
                    yield angle, state * (-0.5j * sign)


@dataclass(frozen=True)
class DenseGate:
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
        totals: Totals,
    ) -> None:
        """There are no angles."""


Kernel = Layer | Batch | Phase | DenseGate


def turn_qubit(matrix: torch.Tensor, state: torch.Tensor, qubit: int) -> torch.Tensor:
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
