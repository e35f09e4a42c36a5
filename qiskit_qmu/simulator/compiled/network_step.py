"""A network's step by the compiled kernels: inputs and weights to outputs.

A step of a small circuit takes as long as the calls around its kernels. Where the angles are the
inputs and the weights, it is therefore one torch function on arrays; other angles are computed and
differentiated by torch.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from qiskit_qmu.simulator.compiled.blocks import Turns
from qiskit_qmu.simulator.compiled.step import CompiledStep
from qiskit_qmu.simulator.engine.simulation import Simulation
from qiskit_qmu.simulator.memory import STATES_WITH_GRADIENT

PullBack = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""Maps the gradient (B, O) of outputs to those (B, I) of inputs and (W,) of weights."""


@dataclass(frozen=True)
class NetworkStep:
    """Inputs and weights to outputs of a network, in one precision.

    Attributes:
        simulation: The torch engine's simulation of the circuit.
        step: Angles to outputs.
        dtype: The precision of the angles.
        check: Raises InputError if inputs or weights are NaN or infinite.
    """

    simulation: Simulation
    step: CompiledStep
    dtype: torch.dtype
    check: Callable[[torch.Tensor, torch.Tensor], None]

    def __call__(self, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return outputs (B, O) of inputs (B, I) and weights (W,).

        Raises:
            InputError: If a value is NaN or infinite.
        """
        if not self.is_direct(inputs, weights):
            self.check(inputs, weights)
            return self.by_angles(inputs, weights)
        if torch.is_grad_enabled() and (inputs.requires_grad or weights.requires_grad):
            outputs: torch.Tensor = _Outputs.apply(self, inputs, weights)
            return outputs
        return self.outputs(inputs, weights)[0]

    def of_rows(self, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return outputs (B, O) of inputs (B, I) and weights (B, W), the same in all rows.

        The gradient by the weights is that of each row.

        Raises:
            InputError: If a value is NaN or infinite.
        """
        outputs: torch.Tensor = _Outputs.apply(self, inputs, weights)
        return outputs

    def vjp(self, inputs: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, PullBack]:
        """Return outputs (B, O), and the function from their gradient to those of the arguments.

        Raises:
            InputError: If a value is NaN or infinite.
        """
        outputs, turns, states = self.outputs(inputs, weights)

        def pull_back(gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            by_inputs, by_weights = self.slopes(gradient, turns, states)
            return by_inputs, by_weights.sum(1)

        return outputs, pull_back

    def by_angles(self, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return the same from angles that torch computes, a few rows at a time."""
        return self.simulation.step(self.step, inputs, weights).T

    def outputs(
        self, inputs: torch.Tensor, weights: torch.Tensor
    ) -> tuple[torch.Tensor, Turns, torch.Tensor]:
        """Return outputs (B, O), and the angles and final states that gradients need.

        Weights are (W,).
        """
        shared, own = weights.detach().numpy(), inputs.detach().numpy()
        # Two products in place of a look at every number; squares that overflow are looked at.
        if not all(math.isfinite(np.vdot(array, array)) for array in (shared, own)):
            self.check(inputs, weights)
        turns = self.step.runner.turns(shared[:, None], own.T[:, None])
        values, states = self.step.runner.forward(turns)
        return torch.from_numpy(values[:, 0].T), turns, states

    def slopes(
        self, gradient: torch.Tensor, turns: Turns, states: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return gradients (B, I) by inputs and, for each sample, (W, B) by weights."""
        found, _ = self.step.runner.backward(turns, states, gradient.numpy().T[:, None])
        by_weights, by_inputs = found[: turns.num_shared, 0], found[turns.num_shared :, 0]
        rows = torch.from_numpy(by_inputs.T)
        # The strides of a single row decide how a matrix product of it rounds.
        return rows.reshape(rows.shape[0], -1), torch.from_numpy(by_weights)

    @cached_property
    def most_rows(self) -> int:
        """Rows of the largest direct step; 0 where angles are not the inputs and the weights."""
        program = self.simulation.program
        plain = program.batched_map.is_identity and program.shared_map.is_identity
        if program.prepared or not plain:
            return 0
        return self.simulation.rows_at_once(STATES_WITH_GRADIENT)

    def is_direct(self, inputs: torch.Tensor, weights: torch.Tensor) -> bool:
        """Return whether a step is one function on arrays."""
        return (
            inputs.shape[0] <= self.most_rows
            and inputs.dtype == weights.dtype == self.dtype
            and not torch._C._are_functorch_transforms_active()  # noqa: SLF001  (no public way)
        )


class _Outputs(torch.autograd.Function):
    """Inputs (B, I) and weights (W,), or (B, W) the same in all rows, to outputs (B, O)."""

    @staticmethod
    def forward(
        ctx: Any, step: NetworkStep, inputs: torch.Tensor, weights: torch.Tensor
    ) -> torch.Tensor:
        """Run the forward kernel."""
        shared = weights if weights.dim() == 1 else weights[0]
        outputs, ctx.turns, states = step.outputs(inputs, shared)
        ctx.step = step
        ctx.save_for_backward(inputs, weights, states)
        return outputs

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Run the backward kernel."""
        inputs, weights, states = ctx.saved_tensors
        if torch.is_grad_enabled():  # the gradient will itself be differentiated
            pull_back = torch.func.vjp(ctx.step.by_angles, inputs, weights)[1]
            return (None, *pull_back(gradient))
        by_inputs, by_weights = ctx.step.slopes(gradient, ctx.turns, states)
        _, of_inputs, of_weights = ctx.needs_input_grad
        of_all = by_weights.T if weights.dim() == 2 else by_weights.sum(1)
        return None, by_inputs if of_inputs else None, of_all if of_weights else None
