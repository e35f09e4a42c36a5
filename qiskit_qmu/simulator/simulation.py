"""A compiled circuit on one device and in one precision: parameter values in, states out."""

from collections.abc import Sequence

import torch
from qiskit.circuit import Parameter, QuantumCircuit

from qiskit_qmu.simulator.adjoint import evolve
from qiskit_qmu.simulator.fusion import compile_program
from qiskit_qmu.simulator.plan import build_plan
from qiskit_qmu.simulator.program import Program


class Simulation:
    """Simulates a batch of parameter values of one circuit, differentiably.

    Args:
        program: The compiled circuit.
        dtype: torch.complex64 or torch.complex128.
        device: Where the states live.
    """

    def __init__(self, program: Program, dtype: torch.dtype, device: torch.device | str) -> None:
        device = torch.device(device)
        self.program = program
        self._real = torch.empty(0, dtype=dtype).real.dtype
        self._device = device
        self._plan = build_plan(program, dtype, device)

    def __deepcopy__(self, memo: object) -> "Simulation":
        return self

    def __call__(self, batched: torch.Tensor, shared: torch.Tensor) -> torch.Tensor:
        """Return the final states (2^n, B).

        Args:
            batched: Parameter values of each sample, (B, inputs).
            shared: Parameter values that all samples share, (weights,).
        """
        program = self.program
        batched = batched.to(device=self._device, dtype=self._real)
        shared = shared.to(device=self._device, dtype=self._real)
        shared_angles = program.shared_map(shared)
        batched_angles = program.batched_map(batched, shared).T
        return evolve(self._plan, shared_angles, batched_angles)


def simulate(
    circuit: QuantumCircuit,
    batched: Sequence[Parameter],
    shared: Sequence[Parameter],
    *,
    dtype: torch.dtype = torch.complex128,
    device: torch.device | str = "cpu",
) -> Simulation:
    """Compile a circuit and prepare it for simulation.

    Args:
        circuit: A circuit of unitary gates; final measurements are ignored.
        batched: Parameters whose values differ from sample to sample.
        shared: Parameters whose values all samples share.
        dtype: torch.complex64 or torch.complex128.
        device: Where the states live.

    Returns:
        A callable that takes the values and returns states (2^n, B).

    Raises:
        InputError: If the circuit cannot be simulated; the message names the instruction.
    """
    return Simulation(compile_program(circuit, batched, shared), dtype, device)
