"""Angles to final states as one differentiable function, with the adjoint method as its gradient.

Jones and Gacon, Efficient calculation of gradients in classical simulations of variational quantum
algorithms, https://arxiv.org/abs/2009.02823. States of the forward pass are kept while they fit a
fixed amount of memory; beyond it they are recomputed by the inverse of each step, so that memory
does not grow with depth.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from qiskit_qmu.simulator.kernels import Angles, Totals
from qiskit_qmu.simulator.matrices import with_dims
from qiskit_qmu.simulator.plan import Plan

LARGEST_TAPE = 2**28
"""Bytes of states that one forward pass may keep for its gradient."""

Mapped = tuple[tuple[torch.Tensor, ...], tuple[int, ...]]
"""Outputs, and where the mapped dimension is in each."""


def evolve(plan: Plan, shared: torch.Tensor, batched: torch.Tensor) -> torch.Tensor:
    """Return the final states (2^n, B), differentiable once.

    Args:
        plan: What to run.
        shared: Angles that all samples share, (A,), in radians.
        batched: Per-sample angles (A', B), in radians.
    """
    keeps = torch.is_grad_enabled() and (shared.requires_grad or batched.requires_grad)
    final: torch.Tensor = _Evolve.apply(plan, keeps, shared, batched)[0]
    return final


class _Evolve(torch.autograd.Function):
    """Angles to the final states and, if they are to be kept, those behind steps with angles."""

    @staticmethod
    def forward(
        plan: Plan, keeps: bool, shared: torch.Tensor, batched: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """Apply all kernels."""
        angles = _join(shared, batched)
        state = plan.product.state(angles)
        keeps = keeps and plan.num_kept * state.nbytes <= LARGEST_TAPE
        kept = []
        for kernel, operand in zip(plan.kernels, plan.operands(angles), strict=True):
            state = kernel.apply(state, operand)
            if keeps and kernel.has_angles and kernel is not plan.kernels[-1]:
                kept.append(state)
        return (state, *kept)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
        """Keep angles and states."""
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
        info: Any, in_dims: tuple[int | None, ...], plan: Plan, keeps: bool, *angles: torch.Tensor
    ) -> Mapped:
        """Put a mapped dimension behind the samples; loop where shared angles are mapped."""
        dims = in_dims[2:]
        if dims[0] is not None:
            return _loop(lambda *own: _Evolve.apply(plan, keeps, *own), info, dims, angles)
        shared, batched = angles
        states = _Evolve.apply(plan, keeps, shared, _last(batched, dims[1]))
        return states, tuple(state.dim() - 1 for state in states)


class _Adjoint(torch.autograd.Function):
    """Gradients of the final states to gradients of the angles."""

    @staticmethod
    def forward(
        plan: Plan,
        needs_shared: bool,
        gradient: torch.Tensor,
        shared: torch.Tensor,
        batched: torch.Tensor,
        *states: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Sweep back through all kernels."""
        angles = _join(shared, batched)
        samples, examples = gradient.shape[1:], gradient.shape[2:]
        totals = Totals(
            shared=shared.new_zeros(len(angles.shared), *examples),
            all=shared.new_zeros(len(angles.all), *samples),
            layers=gradient.new_zeros(*plan.layers.shape, 2, 2, *examples),
        )
        state, *kept = states
        recomputes = len(kept) < plan.num_kept
        gradient = _conjugate(gradient).contiguous()
        kernels = zip(plan.kernels, plan.operands(angles), strict=True)
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
        plan.layers.add_gradients(angles.shared, totals.layers, totals.shared)
        common, per_sample = totals.all.tensor_split([len(angles.shared)])
        return (totals.shared + common.sum(1))[1:], per_sample

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Nothing to keep: the sweep is not differentiated again."""

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        """Refuse: second derivatives need the slopes of every state."""
        raise NotImplementedError("the adjoint sweep has no second derivative")

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        plan: Plan,
        needs_shared: bool,
        *tensors: torch.Tensor,
    ) -> Mapped:
        """Put a mapped dimension behind the samples; loop where shared angles are mapped."""
        dims = in_dims[2:]
        if dims[1] is not None:
            return _loop(lambda *own: _Adjoint.apply(plan, needs_shared, *own), info, dims, tensors)
        gradient, shared, *others = tensors
        results = _Adjoint.apply(
            plan,
            needs_shared,
            _last(gradient, dims[0], info.batch_size),
            shared,
            *(_last(other, dim) for other, dim in zip(others, dims[2:], strict=True)),
        )
        return results, tuple(result.dim() - 1 for result in results)


def _join(shared: torch.Tensor, batched: torch.Tensor) -> Angles:
    """Join shared (A,) and per-sample (A', B, …) angles."""
    padded = torch.cat([shared.new_zeros(1), shared])
    spread = with_dims(padded, batched.dim() - 1).expand(-1, *batched.shape[1:])
    return Angles(padded, torch.cat([spread, batched]))


def _conjugate(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.conj().resolve_conj()


def _last(tensor: torch.Tensor, dim: int | None, size: int = 1) -> torch.Tensor:
    """Return a tensor with a mapped dimension at its end, of ``size`` where it is not mapped."""
    if dim is not None:
        return tensor.movedim(dim, -1).contiguous()
    return tensor.unsqueeze(-1).expand(*tensor.shape, size).contiguous()


def _loop(
    function: Callable[..., tuple[torch.Tensor, ...]],
    info: Any,
    dims: Sequence[int | None],
    tensors: Sequence[torch.Tensor],
) -> Mapped:
    pairs = list(zip(tensors, dims, strict=True))
    results = [
        function(*(t if dim is None else t.select(dim, i) for t, dim in pairs))
        for i in range(info.batch_size)
    ]
    return tuple(map(torch.stack, zip(*results, strict=True))), (0,) * len(results[0])
