"""A network's step by the compiled kernels: inputs and weights to outputs.

A step of a small circuit takes as long as the calls around its kernels. Where every angle is an
input or a weight, it is therefore one torch function on arrays; other angles are computed and
differentiated by torch.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from qiskit_qmu.simulator.compile.angles import Selection
from qiskit_qmu.simulator.compiled.blocks import Turns
from qiskit_qmu.simulator.compiled.step import CompiledStep
from qiskit_qmu.simulator.engine.simulation import Simulation
from qiskit_qmu.simulator.memory import STATES_WITH_GRADIENT


@dataclass(frozen=True)
class NetworkStep:
    """Inputs and weights to outputs of a network, in one precision.

    Attributes:
        simulation: The torch engine's simulation of the circuit.
        step: Angles to outputs.
        dtype: The precision of the angles.
    """

    simulation: Simulation
    step: CompiledStep
    dtype: torch.dtype

    def __call__(self, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return outputs (B, O) of inputs (B, I) and weights (W,)."""
        if not self._is_direct(inputs, weights):
            return self.by_angles(inputs, weights)
        if torch.is_grad_enabled() and (inputs.requires_grad or weights.requires_grad):
            outputs: torch.Tensor = _Outputs.apply(self, inputs, weights)
            return outputs
        return self.outputs(inputs, weights)[0]

    def by_angles(self, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return the same from angles that torch computes, a few rows at a time."""
        return self.simulation.step(self.step, inputs, weights).T

    def outputs(
        self, inputs: torch.Tensor, weights: torch.Tensor
    ) -> tuple[torch.Tensor, Turns, torch.Tensor]:
        """Return outputs (B, O), and the angles and final states that gradients need."""
        of_inputs, of_weights = self._angles
        own = of_inputs.of_array(inputs.detach().numpy())
        shared = of_weights.of_array(weights.detach().numpy())
        turns = self.step.runner.turns(shared[:, None], own.T[:, None])
        values, states = self.step.runner.forward(turns)
        return torch.from_numpy(values[:, 0].T), turns, states

    def slopes(
        self, gradient: torch.Tensor, turns: Turns, states: torch.Tensor, sizes: tuple[int, int]
    ) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """Return gradients (B, I) by inputs and (W,) by weights; None where a size is 0."""
        found, _ = self.step.runner.backward(turns, states, gradient.numpy().T[:, None])
        by_shared, by_own = found[: turns.num_shared, 0], found[turns.num_shared :, 0]
        of_inputs, of_weights = self._angles
        return (
            of_inputs.pull_back(torch.from_numpy(by_own.T), sizes[0]) if sizes[0] else None,
            of_weights.pull_back(torch.from_numpy(by_shared).sum(1), sizes[1])
            if sizes[1]
            else None,
        )

    @cached_property
    def _angles(self) -> tuple[Selection, Selection]:
        """Which inputs and weights the angles are."""
        program = self.simulation.program
        of_inputs, of_weights = program.batched_map.selection, program.shared_map.selection
        if of_inputs is None or of_weights is None:
            raise ValueError("some angles are no plain parameters")
        return of_inputs, of_weights

    @cached_property
    def _most_rows(self) -> int:
        """Rows that may be one call; 0 where angles are more than inputs and weights."""
        program = self.simulation.program
        of_inputs, of_weights = program.batched_map.selection, program.shared_map.selection
        if program.prepared or of_weights is None or of_inputs is None or of_inputs.group:
            return 0
        return self.simulation.rows_at_once(STATES_WITH_GRADIENT)

    def _is_direct(self, inputs: torch.Tensor, weights: torch.Tensor) -> bool:
        return (
            len(inputs) <= self._most_rows
            and inputs.dtype == weights.dtype == self.dtype
            and not torch._C._are_functorch_transforms_active()  # noqa: SLF001  (no public way)
        )


class _Outputs(torch.autograd.Function):
    """Inputs (B, I) and weights (W,) to outputs (B, O)."""

    @staticmethod
    def forward(
        ctx: Any, step: NetworkStep, inputs: torch.Tensor, weights: torch.Tensor
    ) -> torch.Tensor:
        """Run the forward kernel."""
        outputs, ctx.turns, states = step.outputs(inputs, weights)
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
        _, by_inputs, by_weights = ctx.needs_input_grad
        sizes = inputs.shape[1] * by_inputs, len(weights) * by_weights
        return (None, *ctx.step.slopes(gradient, ctx.turns, states, sizes))
