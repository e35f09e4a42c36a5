"""Evolution from angles to final states, differentiated by the adjoint method.

Jones and Gacon, Efficient calculation of gradients in classical simulations of variational quantum
algorithms, https://arxiv.org/abs/2009.02823. States of the forward pass are kept as long as they
fit a fixed amount of memory; beyond it they are recomputed by the inverse of each step, so that
memory does not grow with depth.
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from qiskit_qmu.simulator.engine.execution_plan import ExecutionPlan
from qiskit_qmu.simulator.engine.sweep_arrays import GradientTotals, join_angles
from qiskit_qmu.simulator.memory import CACHE_BYTES

Mapped = tuple[tuple[torch.Tensor, ...], tuple[int | None, ...]]
"""Outputs, and the position of the mapped dimension in each."""


def evolve(
    plan: ExecutionPlan, shared: torch.Tensor, batched: torch.Tensor, largest_tape: int
) -> torch.Tensor:
    """Return the final states (2^n, B), differentiable any number of times.

    Args:
        plan: The plan to run.
        shared: Angles that all samples share, (A,), in radians.
        batched: Per-sample angles (A', B), in radians.
        largest_tape: Bytes of states that may be kept for the gradient.
    """
    differentiates = torch.is_grad_enabled() and (shared.requires_grad or batched.requires_grad)
    tape = largest_tape if differentiates else 0
    final: torch.Tensor = _Evolve.apply(plan, tape, shared.unsqueeze(1), batched.unsqueeze(1))[0]
    return final[0]


def evolve_by_steps(
    plan: ExecutionPlan, shared: torch.Tensor, batched: torch.Tensor
) -> torch.Tensor:
    """Return the final states (M, 2^n, B, …), differentiable by autograd any number of times.

    Args:
        plan: The plan to run.
        shared: Angles that all samples share, (A, M), in radians.
        batched: Per-sample angles (A', M, B, …), in radians.
    """
    angles = join_angles(shared, batched)
    state = plan.product.state(angles)
    operands = plan.operands(angles, plan.layers.dense(angles.shared))
    for kernel, operand in zip(plan.kernels, operands, strict=True):
        state = kernel.apply(state, operand)
    return state


class _Evolve(torch.autograd.Function):
    """Angles to the final states, the layers' matrices and, if kept, states behind steps."""

    @staticmethod
    def forward(
        plan: ExecutionPlan, largest_tape: int, shared: torch.Tensor, batched: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """Apply all kernels."""
        angles = join_angles(shared, batched)
        state = plan.product.state(angles)
        keeps = plan.num_kept * state.nbytes <= largest_tape
        kept = []
        dense = plan.layers.dense(angles.shared)
        for kernel, operand in zip(plan.kernels, plan.operands(angles, dense), strict=True):
            state = kernel.apply(state, operand)
            if keeps and kernel.has_angles and kernel is not plan.kernels[-1]:
                kept.append(state)
        return (state, *dense, *kept)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
        """Keep angles, matrices and states."""
        ctx.plan, _, *angles = inputs
        ctx.mark_non_differentiable(*output[1:])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*angles, *output)

    @staticmethod
    def backward(
        ctx: Any, gradient: torch.Tensor | None, *_: None
    ) -> tuple[torch.Tensor | None, ...]:
        """Run the adjoint sweep."""
        if gradient is None:
            return None, None, None, None
        needs = ctx.needs_input_grad[2:]
        gradients = _Adjoint.apply(ctx.plan, needs[0], gradient, *ctx.saved_tensors)
        kept = (g if need else None for g, need in zip(gradients, needs, strict=True))
        return (None, None, *kept)

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        plan: ExecutionPlan,
        largest_tape: int,
        *angles: torch.Tensor,
    ) -> Mapped:
        """Take mapped shared angles as models; put another mapped dimension last."""
        dims = in_dims[2:]
        size = info.batch_size
        if dims[0] is not None:
            _, *samples = (n for dim, n in enumerate(angles[1].shape) if dim != dims[1])
            groups = _groups(size, math.prod(samples) * plan.state_bytes)
            parts = [
                _Evolve.apply(
                    plan,
                    largest_tape * (group.stop - group.start) // size,
                    *(_fold(*pair, 1, group) for pair in zip(angles, dims, strict=True)),
                )
                for group in groups
            ]
            return _joined(parts, 0, size)
        shared, batched = angles
        outputs = _Evolve.apply(plan, largest_tape, shared, _last(batched, dims[1]))
        of_matrices = range(1, 1 + plan.layers.num_stacks)
        return outputs, tuple(
            None if place in of_matrices else output.dim() - 1
            for place, output in enumerate(outputs)
        )


class _Adjoint(torch.autograd.Function):
    """Gradients of the final states to gradients of the angles."""

    @staticmethod
    def forward(
        plan: ExecutionPlan,
        needs_shared: bool,
        gradient: torch.Tensor,
        shared: torch.Tensor,
        batched: torch.Tensor,
        state: torch.Tensor,
        *others: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Sweep back through all kernels."""
        angles = join_angles(shared, batched)
        models, _, samples, *examples = gradient.shape
        totals = GradientTotals(
            shared=shared.new_zeros(len(angles.shared), models, *examples),
            all=shared.new_zeros(len(angles.all), models, samples, *examples),
            overlaps=plan.layers.overlaps(models, examples),
        )
        dense, kept = _split_at(others, plan.layers.num_stacks)
        recomputes = len(kept) < plan.num_kept
        gradient = _conjugate(gradient).contiguous()
        kernels = zip(plan.kernels, plan.operands(angles, dense), strict=True)
        for kernel, operand in reversed(list(kernels)):
            if kernel.has_angles:
                if kept and kernel is not plan.kernels[-1]:
                    state = kept.pop()
                if needs_shared or kernel.per_sample:
                    kernel.add_gradients(state, gradient, operand, totals)
            gradient = kernel.transpose(gradient, operand)
            if recomputes:
                # The inverse of a unitary step is the conjugate of its transpose.
                state = _conjugate(kernel.transpose(_conjugate(state), operand))
        plan.product.add_gradients(gradient, angles, totals)
        plan.layers.add_gradients(angles.shared, totals.overlaps, totals.shared)
        common, per_sample = totals.all.tensor_split([len(angles.shared)])
        return (totals.shared + common.sum(2))[1:], per_sample

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Save the inputs of the sweep; states follow from the angles."""
        ctx.plan, _, gradient, shared, batched, *states = inputs
        ctx.num_states = len(states)
        ctx.save_for_backward(gradient, shared, batched)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Differentiate the sweep, written as a vector–Jacobian product of plain steps."""

        def sweep(
            gradient: torch.Tensor, shared: torch.Tensor, batched: torch.Tensor
        ) -> tuple[torch.Tensor, ...]:
            pull_back = torch.func.vjp(partial(evolve_by_steps, ctx.plan), shared, batched)[1]
            slopes: tuple[torch.Tensor, ...] = pull_back(gradient)
            return slopes

        pull_back = torch.func.vjp(sweep, *ctx.saved_tensors)[1]
        return (None, None, *pull_back(gradients), *(None,) * ctx.num_states)

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        plan: ExecutionPlan,
        needs_shared: bool,
        *tensors: torch.Tensor,
    ) -> Mapped:
        """Take mapped shared angles as models; put another mapped dimension last."""
        dims = in_dims[2:]
        size = info.batch_size
        if dims[1] is not None:
            places = (0, 1, 1, *(0 for _ in tensors[3:]))
            groups = _groups(size, tensors[0].nbytes // (1 if dims[0] is None else size))
            parts = [
                _Adjoint.apply(
                    plan,
                    needs_shared,
                    *(_fold(*own, group) for own in zip(tensors, dims, places, strict=True)),
                )
                for group in groups
            ]
            return _joined(parts, 1, size)
        gradient, shared, batched, state, *others = tensors
        dense, kept = _split_at(others, plan.layers.num_stacks)
        results = _Adjoint.apply(
            plan,
            needs_shared,
            _last(gradient, dims[0], size),
            shared,
            _last(batched, dims[2]),
            _last(state, dims[3]),
            *dense,
            *(_last(other, dim) for other, dim in zip(kept, dims[4 + len(dense) :], strict=True)),
        )
        return results, tuple(result.dim() - 1 for result in results)


def _conjugate(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.conj().resolve_conj()


def _split_at(
    tensors: Sequence[torch.Tensor], place: int
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    return list(tensors[:place]), list(tensors[place:])


def _groups(size: int, bytes_of_one: int) -> list[slice]:
    """Split mapped models into groups whose states fit the processor's cache."""
    at_once = max(1, CACHE_BYTES // max(1, bytes_of_one))
    return [slice(start, min(start + at_once, size)) for start in range(0, size, at_once)]


def _fold(tensor: torch.Tensor, dim: int | None, place: int, group: slice) -> torch.Tensor:
    """Merge a group of mapped models into those at ``place``; repeat what is not mapped."""
    count = group.stop - group.start
    if dim is None:
        shape = (*tensor.shape[:place], count, *tensor.shape[place:])
        return tensor.unsqueeze(place).expand(shape).flatten(place, place + 1)
    own = tensor.movedim(dim, place).narrow(place, group.start, count)
    return own.flatten(place, place + 1).contiguous()


def _joined(parts: list[tuple[torch.Tensor, ...]], place: int, size: int) -> Mapped:
    """Join the groups' results, and separate the mapped dimension from the models again."""
    joined = (
        parts[0]
        if len(parts) == 1
        else tuple(torch.cat(group, dim=place) for group in zip(*parts, strict=True))
    )
    unfolded = tuple(tensor.unflatten(place, (size, -1)) for tensor in joined)
    return unfolded, (place,) * len(unfolded)


def _last(tensor: torch.Tensor, dim: int | None, size: int = 1) -> torch.Tensor:
    """Return a tensor with the mapped dimension last, of size ``size`` if it is not mapped."""
    if dim is not None:
        return tensor.movedim(dim, -1).contiguous()
    return tensor.unsqueeze(-1).expand(*tensor.shape, size).contiguous()
