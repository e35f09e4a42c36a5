"""Final states of many models and samples by the compiled kernels, without gradient."""

from dataclasses import dataclass

import numpy as np
import torch

from qiskit_qmu.simulator.compiled.choice import choose_engine, compiled_step
from qiskit_qmu.simulator.compiled.operations import OutcomeReadout
from qiskit_qmu.simulator.compiled.step import CompiledStep
from qiskit_qmu.simulator.engine.simulation import Simulation


@dataclass(frozen=True)
class CompiledStates:
    """Angles to final states of one circuit, in one precision.

    Attributes:
        step: The kernels with the circuit's tables.
    """

    step: CompiledStep

    def __call__(self, shared: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        """Return states (2^n, M, B) of shared angles (A, M) and own ones (A', M or 1, B)."""
        _, blocked = self.step.values(shared, own)
        by_model = blocked.numpy().reshape(shared.shape[1], -1, *blocked.shape[1:])
        parts = np.ascontiguousarray(
            by_model[:, :, self.step.runner.place].transpose(2, 0, 1, 4, 3)
        )
        return torch.view_as_complex(torch.from_numpy(parts)).flatten(2)[:, :, : own.shape[2]]


def compiled_states(simulation: Simulation) -> CompiledStates | None:
    """Return the kernels of a simulation's circuit; None where the torch engine is to run it."""
    # The kernels always compute a readout: here the norm, the cheapest.
    norm = OutcomeReadout(np.zeros(2**simulation.program.num_qubits, np.int64), 1)
    if simulation.device.type != "cpu":
        return None
    if choose_engine(simulation.program, norm, None, "final states").engine != "compiled":
        return None
    step = compiled_step(simulation, norm, _norm, simulation.dtype)
    return None if step is None else CompiledStates(step)


def _norm(states: torch.Tensor) -> torch.Tensor:
    return states.abs().square().sum(0, keepdim=True)
