"""Derivatives of final states by every angle of a program, in one forward sweep.

Each step with angles adds the derivatives of its own result to those of earlier steps, and all are
propagated together: cheaper than a backward pass for every amplitude.
"""

from collections import defaultdict
from collections.abc import Iterable

import torch

from qiskit_qmu.simulator.engine.execution_plan import ExecutionPlan
from qiskit_qmu.simulator.engine.gate_kernels import BatchKernel, LayerKernel, apply_to_qubit
from qiskit_qmu.simulator.engine.phase_kernel import PhaseKernel
from qiskit_qmu.simulator.engine.sweep_arrays import Angles, Derivative


def derivatives(
    plan: ExecutionPlan, angles: Angles, wanted: list[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return final states and their derivatives, without gradient.

    Args:
        plan: The plan to run.
        angles: The angles of one model (M = 1) and its samples.
        wanted: Positions in ``Angles.all`` of the angles to differentiate by.

    Returns:
        States (2^n, B) and derivatives (K, 2^n, B).
    """
    with torch.no_grad():
        sweep = _Sweep(plan.product.state(angles), set(wanted))
        sweep.add(plan.product.derivatives(sweep.states, angles))
        turned = defaultdict(list)
        for layer, qubit, angle, generator in plan.layers.generators(angles.shared):
            turned[layer].append((qubit, angle, generator.unsqueeze(-1)))
        operands = plan.operands(angles, plan.layers.dense(angles.shared))
        for kernel, operand in zip(plan.kernels, operands, strict=True):
            sweep.states = kernel.apply(sweep.states, operand)
            if isinstance(kernel, LayerKernel):
                sweep.add(
                    (angle, apply_to_qubit(generator, sweep.states[:1], qubit))
                    for qubit, angle, generator in turned[kernel.index]
                    if angle in sweep.wanted
                )
            elif isinstance(kernel, BatchKernel | PhaseKernel):
                sweep.add(kernel.derivatives(sweep.states[:1], operand))
    order = [1 + sweep.found.index(angle) for angle in wanted]
    return sweep.states[0], sweep.states[order]


class _Sweep:
    """A state (1, 2^n, B), followed by the derivatives found so far."""

    def __init__(self, state: torch.Tensor, wanted: set[int]) -> None:
        self.states = state
        self.wanted = wanted
        self.found: list[int] = []

    def add(self, pairs: Iterable[Derivative]) -> None:
        """Propagate the derivatives that are requested."""
        own = [(angle, state) for angle, state in pairs if angle in self.wanted]
        self.found += [angle for angle, _ in own]
        self.states = torch.cat([self.states, *(state for _, state in own)])
