"""A compiled circuit with its readout as a torch function, differentiable any number of times.

First derivatives are the kernels'. A second derivative differentiates the torch engine's step.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from qiskit_qmu.simulator.compiled.blocks import BlockRunner, Real, Turns
from qiskit_qmu.simulator.engine.adjoint import evolve_by_steps
from qiskit_qmu.simulator.engine.execution_plan import ExecutionPlan
from qiskit_qmu.simulator.engine.simulation import StateReadout
from qiskit_qmu.simulator.engine.sweep_arrays import GradientTotals, join_angles

Mapped = tuple[tuple[torch.Tensor, ...], tuple[int | None, ...]]


@dataclass(frozen=True)
class CompiledStep:
    """Angles to readouts of one circuit, in one precision.

    Attributes:
        runner: The kernels with the circuit's tables.
        plan: The torch engine's plan of the same circuit.
        readout: The torch engine's readout.
    """

    runner: BlockRunner
    plan: ExecutionPlan
    readout: StateReadout

    def __call__(self, shared: torch.Tensor, batched: torch.Tensor) -> torch.Tensor:
        """Return readouts (O, B) of shared angles (A,) and per-sample angles (A', B)."""
        # Transforms need a function with rules for them, which takes longer to call.
        mapped = torch._C._are_functorch_transforms_active()  # noqa: SLF001  (no public way)
        function = _MappedValues if mapped else _Values
        values: torch.Tensor = function.apply(self, shared.unsqueeze(1), batched.unsqueeze(1))[0]
        return values[:, 0]

    def by_torch(self, shared: torch.Tensor, batched: torch.Tensor) -> torch.Tensor:
        """Return readouts (O, M, B) by the torch engine, from (A, M) and (A', M, B)."""
        spread = batched.expand(-1, shared.shape[1], -1)
        states = evolve_by_steps(self.plan, shared, spread)
        values = self.readout(states.movedim(0, 1).flatten(1))
        unfolded: torch.Tensor = values.unflatten(1, (states.shape[0], states.shape[2]))
        return unfolded

    def values(
        self, shared: torch.Tensor, batched: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return readouts (O, M, B), and the final states of all blocks."""
        starts = self._starts(shared, batched) if self.runner.prepared else None
        values, states = self.runner.forward(self._turns(shared, batched), starts)
        return torch.from_numpy(values), states

    def slopes(
        self,
        parts: int,
        gradient: torch.Tensor,
        shared: torch.Tensor,
        batched: torch.Tensor,
        states: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return gradients (A, M, parts) and (A', M, B); each part of the samples has its own."""
        turns = self._turns(shared, batched)
        # A tensor inside a transform has an array, but no address of its own.
        finals = torch.from_numpy(states.numpy())
        found, starts = self.runner.backward(turns, finals, gradient.detach().numpy())
        rows = torch.from_numpy(found)
        if starts is not None:
            rows = rows + self._start_slopes(starts, shared, batched)
        by_shared, by_sample = rows.tensor_split([len(shared)])
        return by_shared.unflatten(2, (parts, turns.samples // parts)).sum(3), by_sample

    def _turns(self, shared: torch.Tensor, batched: torch.Tensor) -> Turns:
        return self.runner.turns(shared.detach().numpy(), batched.detach().numpy())

    def _starts(self, shared: torch.Tensor, batched: torch.Tensor) -> Real:
        """Return initial states (M · blocks, 2^n, 2, W), zero for samples that fill up a block."""
        spread = batched.expand(-1, shared.shape[1], -1)
        states = self.plan.product.state(join_angles(shared, spread)).numpy()
        models, size, samples = states.shape
        width = self.runner.width
        blocks = -(-samples // width)
        padded = np.zeros((models, size, blocks * width), states.dtype)
        padded[:, :, :samples] = states
        blocked = padded.reshape(models, size, blocks, width).transpose(0, 2, 1, 3)
        parts = np.stack([blocked.real, blocked.imag], axis=3)
        return np.ascontiguousarray(parts).reshape(-1, size, 2, width)

    def _start_slopes(
        self, starts: Real, shared: torch.Tensor, batched: torch.Tensor
    ) -> torch.Tensor:
        """Return gradients (A + A', M, B) by the angles of the initial states."""
        models, samples = shared.shape[1], batched.shape[2]
        blocked = starts.reshape(models, -1, *starts.shape[1:]).transpose(0, 2, 1, 4, 3)
        pairs = np.ascontiguousarray(blocked).reshape(models, starts.shape[1], -1, 2)
        # The torch engine's gradients are conjugate.
        gradient = torch.view_as_complex(torch.from_numpy(2 * pairs[:, :, :samples])).conj()
        angles = join_angles(shared, batched.expand(-1, models, -1))
        totals = GradientTotals(
            shared=shared.new_zeros(len(angles.shared), models),
            all=torch.zeros_like(angles.all),
            overlaps=[],
        )
        self.plan.product.add_gradients(gradient.resolve_conj().contiguous(), angles, totals)
        return totals.all[1:]


class _Values(torch.autograd.Function):
    """Angles (A, M) and (A', M or 1, B) to readouts (O, M, B), and the final states."""

    @staticmethod
    def forward(
        ctx: Any, step: CompiledStep, shared: torch.Tensor, batched: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run the forward kernel."""
        output = _MappedValues.forward(step, shared, batched)
        _MappedValues.setup_context(ctx, (step, shared, batched), output)
        return output

    @staticmethod
    def backward(
        ctx: Any, gradient: torch.Tensor | None, *_: None
    ) -> tuple[torch.Tensor | None, ...]:
        """Run the backward kernel."""
        if gradient is None:
            return None, None, None
        # Gradients that will be differentiated are a function of their own.
        slopes = _Slopes.apply if torch.is_grad_enabled() else _Slopes.forward
        by_shared, by_sample = slopes(ctx.step, 1, gradient, *ctx.saved_tensors)
        if ctx.saved_tensors[1].shape[1] < by_sample.shape[1]:
            by_sample = by_sample.sum(1, keepdim=True)
        of_shared, of_samples = ctx.needs_input_grad[1:]
        return None, by_shared[:, :, 0] if of_shared else None, by_sample if of_samples else None


class _MappedValues(torch.autograd.Function):
    """The same under transforms of ``torch.func``."""

    @staticmethod
    def forward(
        step: CompiledStep, shared: torch.Tensor, batched: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run the forward kernel."""
        return step.values(shared, batched)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
        """Keep angles and states."""
        ctx.step, *angles = inputs
        ctx.mark_non_differentiable(output[1])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*angles, output[1])

    @staticmethod
    def backward(
        ctx: Any, gradient: torch.Tensor | None, *rest: None
    ) -> tuple[torch.Tensor | None, ...]:
        """Run the backward kernel."""
        return _Values.backward(ctx, gradient, *rest)

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        step: CompiledStep,
        shared: torch.Tensor,
        batched: torch.Tensor,
    ) -> Mapped:
        """Take mapped shared angles as models, and other mapped values as samples."""
        _, dim, own_dim = in_dims
        size = info.batch_size
        if dim is not None:
            models = _models(shared, dim, size, 1)
            values, states = _MappedValues.apply(step, models, _own(batched, own_dim, size))
            return (values.unflatten(1, (size, -1)), states.unflatten(0, (size, -1))), (1, 0)
        values, _ = _MappedValues.apply(step, shared, _samples(batched, own_dim, size))
        # Blocks do not end where the mapped samples do: the states are computed again.
        return (values.unflatten(2, (size, -1)), values.new_zeros(0)), (2, None)


class _Slopes(torch.autograd.Function):
    """Gradients of the readouts to gradients (A, M, parts) and (A', M, B) of the angles."""

    @staticmethod
    def forward(
        step: CompiledStep,
        parts: int,
        gradient: torch.Tensor,
        shared: torch.Tensor,
        batched: torch.Tensor,
        states: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run the backward kernel."""
        finals = states if states.numel() else step.values(shared, batched)[1]
        return step.slopes(parts, gradient, shared, batched, finals)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Keep the inputs; states follow from the angles."""
        ctx.step, ctx.parts, *tensors, _ = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Differentiate the torch engine's gradient."""
        parts = ctx.parts

        def sweep(
            gradient: torch.Tensor, shared: torch.Tensor, batched: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            models, samples = shared.shape[1], batched.shape[2]
            # Each part of the samples has its own copy of the shared angles: a model of its own.
            common = shared.unsqueeze(2).expand(-1, -1, parts).flatten(1)
            own = (
                batched.expand(-1, models, -1).unflatten(2, (parts, samples // parts)).flatten(1, 2)
            )
            pull_back = torch.func.vjp(ctx.step.by_torch, common, own)[1]
            folded = gradient.unflatten(2, (parts, samples // parts)).flatten(1, 2)
            by_shared, by_sample = pull_back(folded)
            return (
                by_shared.unflatten(1, (models, parts)),
                by_sample.unflatten(1, (models, parts)).flatten(2),
            )

        pull_back = torch.func.vjp(sweep, *ctx.saved_tensors)[1]
        return (None, None, *pull_back(gradients), None)

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        step: CompiledStep,
        parts: int,
        gradient: torch.Tensor,
        shared: torch.Tensor,
        batched: torch.Tensor,
        states: torch.Tensor,
    ) -> Mapped:
        """Take mapped shared angles as models, and other mapped values as samples."""
        dims = in_dims[2:]
        size = info.batch_size
        if dims[1] is not None:
            finals = states.movedim(dims[3], 0).flatten(0, 1) if dims[3] is not None else states[:0]
            by_shared, by_sample = _Slopes.apply(
                step,
                parts,
                _models(gradient, dims[0], size, 1),
                _models(shared, dims[1], size, 1),
                _own(batched, dims[2], size),
                finals,
            )
            return (by_shared.unflatten(1, (size, -1)), by_sample.unflatten(1, (size, -1))), (1, 1)
        by_shared, by_sample = _Slopes.apply(
            step,
            parts * size,
            _samples(gradient, dims[0], size),
            shared,
            _samples(batched, dims[2], size),
            gradient.new_zeros(0),
        )
        return (by_shared.unflatten(2, (size, parts)), by_sample.unflatten(2, (size, -1))), (2, 2)


def _models(tensor: torch.Tensor, dim: int | None, size: int, place: int) -> torch.Tensor:
    """Merge mapped models into those at ``place``, the mapped ones outermost."""
    if dim is None:
        shape = (*tensor.shape[:place], size, *tensor.shape[place:])
        return tensor.unsqueeze(place).expand(shape).flatten(place, place + 1)
    return tensor.movedim(dim, place).flatten(place, place + 1)


def _own(batched: torch.Tensor, dim: int | None, size: int) -> torch.Tensor:
    """Return the per-sample angles of mapped models; those that all models share stay one."""
    if dim is None and batched.shape[1] == 1:
        return batched
    return _models(batched, dim, size, 1)


def _samples(tensor: torch.Tensor, dim: int | None, size: int) -> torch.Tensor:
    """Merge a mapped dimension into the samples, the last dimension; it is outermost there."""
    if dim is None:
        return tensor.unsqueeze(-2).expand(*tensor.shape[:-1], size, -1).flatten(-2)
    return tensor.movedim(dim, -2).flatten(-2)
