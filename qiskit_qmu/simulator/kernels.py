"""Runs a compiled program on a batch of states, and its adjoint for the gradient.

States are complex tensors of shape (2^n, B): the sample is the fastest dimension, so that
permutations copy whole rows and a block on the highest qubits is a single matrix product.

The backward pass is the adjoint method (Jones and Gacon, Efficient calculation of gradients in
classical simulations of variational quantum algorithms, https://arxiv.org/abs/2009.02823): states
are recomputed by the inverse of each step, so memory does not grow with depth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from qiskit_qmu.simulator.program import BatchStep, LayerStep, PhaseStep


@dataclass(frozen=True)
class Layer:
    """A layer of shared gates: operand ``operand[b][index]`` acts on block b of the state."""

    index: int
    blocks: tuple[tuple[int, int, int, int], ...]  # operand, left, size, right

    def apply(self, state: torch.Tensor, operands: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return the state (D, B) after the layer."""
        for operand, left, size, _ in self.blocks:
            view = state.view(left, size, -1)
            state = _multiply(operands[operand][self.index], view).view(state.shape)
        return state

    def adjoint(self, pair: torch.Tensor, sweep: "Sweep") -> torch.Tensor:
        """Take (state, gradient) back through the layer; add the gradient of its matrices."""
        for operand, left, size, right in reversed(self.blocks):
            after = pair[1]
            inverse = sweep.inverses[operand][self.index]
            pair = _multiply(inverse, pair.view(2 * left, size, -1)).view(pair.shape)
            if sweep.needs[operand]:
                shape = (left, size, right)
                outer = _outer(after, pair[0], shape, sweep.examples)
                sweep.gradients[operand][..., self.index, :, :] = outer
        return pair


@dataclass(frozen=True)
class Batch:
    """Per-sample 2 x 2 matrices (Q, 2, 2, B), operand ``operand``, on the given qubits."""

    operand: int
    qubits: tuple[int, ...]

    def apply(self, state: torch.Tensor, operands: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return the state (D, B) after the gates."""
        for matrix, qubit in zip(operands[self.operand], self.qubits, strict=True):
            state = _apply_per_sample(matrix, state.unsqueeze(0), qubit)[0]
        return state

    def adjoint(self, pair: torch.Tensor, sweep: "Sweep") -> torch.Tensor:
        """Take (state, gradient) back through the gates; add the gradient of their matrices."""
        matrices = sweep.operands[self.operand]
        for position in reversed(range(len(self.qubits))):
            qubit, matrix = self.qubits[position], matrices[position]
            after = pair[1]
            pair = _apply_per_sample(matrix.transpose(0, 1).conj(), pair, qubit)
            if sweep.needs[self.operand]:
                shape = (len(after) >> qubit + 1, 2, 2**qubit, after.shape[-1])
                outer = after.view(shape).unsqueeze(2) * pair[0].view(shape).unsqueeze(1).conj()
                sweep.gradients[self.operand][position] = outer.sum((0, 3))
        return pair


@dataclass(frozen=True)
class Phase:
    """A permutation, then phases: constant ones, and exp(i φ) of up to two operands."""

    source: torch.Tensor | None
    inverse: torch.Tensor | None
    constant: torch.Tensor | None
    shared: int | None
    batched: int | None

    def apply(self, state: torch.Tensor, operands: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return the state (D, B) after the step."""
        if self.source is not None:
            state = state.index_select(0, self.source)
        phases = self._phases(operands)
        return state if phases is None else state * phases

    def adjoint(self, pair: torch.Tensor, sweep: "Sweep") -> torch.Tensor:
        """Take (state, gradient) back through the step; add the gradient of its exponents."""
        shared = self.shared is not None and sweep.needs[self.shared]
        batched = self.batched is not None and sweep.needs[self.batched]
        if shared or batched:
            # d/dφ of exp(iφ) ψ is i exp(iφ) ψ.
            slope = (pair[1] * pair[0].conj()).imag
            if self.shared is not None and shared:
                sweep.gradients[self.shared].copy_(_sum_over_samples(slope, sweep.examples))
            if self.batched is not None and batched:
                sweep.gradients[self.batched].copy_(slope)
        phases = self._phases(sweep.operands)
        if phases is not None:
            pair = pair * phases.conj()
        return pair if self.inverse is None else pair.index_select(1, self.inverse)

    def _phases(self, operands: Sequence[torch.Tensor]) -> torch.Tensor | None:
        phases = self.constant
        for operand in (self.shared, self.batched):
            if operand is not None:
                exponent = operands[operand]
                factor = torch.polar(torch.ones_like(exponent), exponent)
                factor = factor if factor.dim() == 2 else factor.unsqueeze(1)
                phases = factor if phases is None else phases * factor
        return phases


Kernel = Layer | Batch | Phase


@dataclass(frozen=True)
class Sweep:
    """What one adjoint sweep reads and fills.

    ``examples`` is None where the gradients of shared operands are summed over the batch, otherwise
    the batch is (B, examples) and they are kept for each example, in a leading dimension.
    """

    operands: Sequence[torch.Tensor]
    inverses: Sequence[torch.Tensor]
    needs: Sequence[bool]
    gradients: list[torch.Tensor]
    examples: int | None


def build_kernels(
    steps: Sequence[LayerStep | BatchStep | PhaseStep],
    blocks: Sequence[tuple[int, int]],
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[Kernel, ...]:
    """Turn a program's steps into kernels on one device and in one precision.

    Operands are numbered: one per dense block, then, in the order of the steps, the matrices or the
    shared and per-sample exponents that a step reads.
    """
    num_qubits = sum(size for _, size in blocks)
    kernels: list[Kernel] = []
    operand = len(blocks)
    for step in steps:
        if isinstance(step, LayerStep):
            sizes = [(b, *blocks[b]) for b in step.blocks]
            shapes = tuple(
                (b, 2 ** (num_qubits - start - size), 2**size, 2**start) for b, start, size in sizes
            )
            kernels.append(Layer(step.index, shapes))
        elif isinstance(step, BatchStep):
            kernels.append(Batch(operand, tuple(sorted(step.runs))))
            operand += 1
        else:
            shared = batched = None
            if step.shared is not None:
                shared, operand = operand, operand + 1
            if step.batched is not None:
                batched, operand = operand, operand + 1
            kernels.append(_phase(step, shared, batched, dtype, device))
    return tuple(kernels)


def _phase(
    step: PhaseStep,
    shared: int | None,
    batched: int | None,
    dtype: torch.dtype,
    device: torch.device,
) -> Phase:
    source = None if step.source is None else torch.as_tensor(step.source, device=device)
    constant = None
    if step.constant is not None:
        constant = torch.as_tensor(step.constant, dtype=dtype, device=device).unsqueeze(1)
    inverse = None if source is None else torch.argsort(source)
    return Phase(source, inverse, constant, shared, batched)


class Evolve(torch.autograd.Function):
    """Product states (D, B) to final states (D, B), differentiable in state and operands.

    ``per_sample[i]`` says that operand i has the batch as its last dimension.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        kernels: tuple[Kernel, ...],
        per_sample: tuple[bool, ...],
        state: torch.Tensor,
        *operands: torch.Tensor,
    ) -> torch.Tensor:
        """Apply all kernels."""
        for kernel in kernels:
            state = kernel.apply(state, operands)
        return state

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        """Keep the final state: the sweep starts from it."""
        ctx.kernels, ctx.per_sample, _, *operands = inputs
        ctx.save_for_backward(output, *operands)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # type: ignore[override]
        """Run the adjoint sweep."""
        final, *operands = ctx.saved_tensors
        needs = tuple(ctx.needs_input_grad[3:])
        gradients = Adjoint.apply(
            ctx.kernels, ctx.per_sample, needs, None, final, gradient, *operands
        )
        wanted = (ctx.needs_input_grad[2], *needs)
        kept = (g if need else None for g, need in zip(gradients, wanted, strict=True))
        return (None, None, *kept)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *args: Any) -> tuple[torch.Tensor, int]:
        """Fold a mapped dimension into the batch; loop where shared operands are mapped."""
        kernels, per_sample, *tensors = args
        dims = in_dims[2:]
        folds = (True, *per_sample)
        if _maps_shared(folds, dims):
            states = [
                Evolve.apply(kernels, per_sample, *_select(tensors, dims, i))
                for i in range(info.batch_size)
            ]
            return torch.stack(states), 0
        folded = _fold_all(folds, tensors, dims, info.batch_size)
        final = Evolve.apply(kernels, per_sample, *folded)
        return final.unflatten(-1, (-1, info.batch_size)), 2


class Adjoint(torch.autograd.Function):
    """Final states and their gradients to the gradients of the initial states and operands."""

    @staticmethod
    def forward(  # type: ignore[override]
        kernels: tuple[Kernel, ...],
        per_sample: tuple[bool, ...],
        needs: tuple[bool, ...],
        examples: int | None,
        final: torch.Tensor,
        gradient: torch.Tensor,
        *operands: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        """Sweep back through all kernels."""
        gradients = [
            torch.zeros(
                operand.shape if batched or examples is None else (examples, *operand.shape),
                dtype=operand.dtype,
                device=operand.device,
            )
            for operand, batched in zip(operands, per_sample, strict=True)
        ]
        num_blocks = next((i for i, operand in enumerate(operands) if operand.dim() != 3), None)
        inverses = [operand.mH.resolve_conj() for operand in operands[:num_blocks]]
        sweep = Sweep(operands, inverses, needs, gradients, examples)
        pair = torch.stack([final, gradient])
        for kernel in reversed(kernels):
            pair = kernel.adjoint(pair, sweep)
        return (pair[1], *gradients)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Nothing to keep: the sweep is not differentiated again."""

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        """Refuse: second derivatives need the states of every step."""
        raise NotImplementedError("the adjoint sweep has no second derivative")

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *args: Any
    ) -> tuple[tuple[torch.Tensor, ...], tuple[int, ...]]:
        """Fold a mapped dimension into the batch and keep shared gradients for each example."""
        kernels, per_sample, needs, examples, *tensors = args
        dims, size = in_dims[4:], info.batch_size
        folds = (True, True, *per_sample)
        if _maps_shared(folds, dims):
            results = [
                Adjoint.apply(kernels, per_sample, needs, examples, *_select(tensors, dims, i))
                for i in range(size)
            ]
            return tuple(map(torch.stack, zip(*results, strict=True))), (0,) * (1 + len(per_sample))
        folded = _fold_all(folds, tensors, dims, size)
        inner = examples or 1
        results = Adjoint.apply(kernels, per_sample, needs, inner * size, *folded)
        outputs, out_dims = [], []
        for result, batched in zip(results, (True, *per_sample), strict=True):
            if batched:
                outputs.append(result.unflatten(-1, (-1, size)))
                out_dims.append(result.dim())
            else:
                shape = (size,) if examples is None else (inner, size)
                outputs.append(result.unflatten(0, shape))
                out_dims.append(len(shape) - 1)
        return tuple(outputs), tuple(out_dims)


def _multiply(block: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
    """Multiply states (N, d, M) by one matrix (d, d).

    Not torch.matmul, which copies the states where the matrix is the one that is repeated.
    """
    if len(states) == 1:
        return torch.mm(block, states[0])
    return torch.bmm(block.expand(len(states), *block.shape), states)


def _outer(
    after: torch.Tensor, before: torch.Tensor, shape: tuple[int, int, int], examples: int | None
) -> torch.Tensor:
    """Sum gradient times conjugate state over everything but the block (and the example)."""
    left, size, right = shape
    if examples is None:
        conjugate = before.conj().resolve_conj()
        if left == 1:
            return torch.mm(after.view(size, -1), conjugate.view(size, -1).T)
        return torch.bmm(after.view(left, size, -1), conjugate.view(left, size, -1).mT).sum(0)
    view = (left, size, right, -1, examples)
    return torch.einsum("liabe,ljabe->eij", after.view(view), before.view(view).conj())


def _apply_per_sample(matrix: torch.Tensor, states: torch.Tensor, qubit: int) -> torch.Tensor:
    """Apply a (2, 2, B) matrix to one qubit of states (S, D, B)."""
    copies, size, samples = states.shape
    view = states.view(copies * size >> qubit + 1, 2, 2**qubit, samples)
    entry = matrix.unsqueeze(2)
    zero = entry[0, 0] * view[:, 0] + entry[0, 1] * view[:, 1]
    one = entry[1, 0] * view[:, 0] + entry[1, 1] * view[:, 1]
    return torch.stack([zero, one], dim=1).view(states.shape)


def _sum_over_samples(values: torch.Tensor, examples: int | None) -> torch.Tensor:
    if examples is None:
        return values.sum(1)
    return values.unflatten(1, (-1, examples)).sum(1).T


def _maps_shared(folds: Sequence[bool], dims: Sequence[int | None]) -> bool:
    return any(dim is not None and not fold for fold, dim in zip(folds, dims, strict=True))


def _select(
    tensors: Sequence[torch.Tensor], dims: Sequence[int | None], index: int
) -> list[torch.Tensor]:
    pairs = zip(tensors, dims, strict=True)
    return [t if dim is None else t.select(dim, index) for t, dim in pairs]


def _fold_all(
    folds: Sequence[bool],
    tensors: Sequence[torch.Tensor],
    dims: Sequence[int | None],
    size: int,
) -> list[torch.Tensor]:
    """Make a mapped dimension part of the batch, the last dimension of what has one."""
    folded = []
    for fold, tensor, dim in zip(folds, tensors, dims, strict=True):
        if not fold:
            folded.append(tensor)
        elif dim is None:
            spread = tensor.unsqueeze(-1).expand(*tensor.shape, size)
            folded.append(spread.flatten(-2).contiguous())
        else:
            folded.append(tensor.movedim(dim, -1).flatten(-2).contiguous())
    return folded
