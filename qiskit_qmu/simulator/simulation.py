"""A compiled circuit on one device and in one precision: parameter values in, states out."""

from collections.abc import Sequence

import torch
from qiskit.circuit import Parameter, QuantumCircuit

from qiskit_qmu.simulator.kernels import Evolve, build_kernels
from qiskit_qmu.simulator.layers import SharedLayers
from qiskit_qmu.simulator.matrices import RunProducts, kronecker_vectors
from qiskit_qmu.simulator.program import BatchStep, PhaseStep, Program, compile_program


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
        self._initial = RunProducts(program.initial, dtype, device)
        self._layers = SharedLayers(program, dtype, device)
        self._kernels = build_kernels(program.steps, program.blocks, dtype, device)
        self._batch_steps = [
            RunProducts([step.runs[qubit] for qubit in sorted(step.runs)], dtype, device)
            for step in program.steps
            if isinstance(step, BatchStep)
        ]
        self._exponents = [
            _Exponents(step, self._real, device)
            for step in program.steps
            if isinstance(step, PhaseStep)
        ]
        self._per_sample = self._per_sample_operands()

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
        if program.num_batched_angles:
            spread = shared.expand(len(batched), len(shared))
            batched_angles = program.batched_map(torch.cat([batched, spread], dim=1)).T
        else:
            batched_angles = batched.new_zeros(0, len(batched))
        columns = self._initial.columns(shared_angles, batched_angles)
        state = kronecker_vectors(columns)
        if not self._kernels:
            return state
        operands = self._operands(shared_angles, batched_angles)
        final: torch.Tensor = Evolve.apply(self._kernels, self._per_sample, state, *operands)
        return final

    def _operands(
        self, shared_angles: torch.Tensor, batched_angles: torch.Tensor
    ) -> list[torch.Tensor]:
        operands = self._layers(shared_angles)
        exponents, batch_steps = iter(self._exponents), iter(self._batch_steps)
        for step in self.program.steps:
            if isinstance(step, BatchStep):
                operands.append(next(batch_steps).per_sample(shared_angles, batched_angles))
            elif isinstance(step, PhaseStep):
                operands.extend(next(exponents)(shared_angles, batched_angles))
        return operands

    def _per_sample_operands(self) -> tuple[bool, ...]:
        flags = [False for _ in self.program.blocks]
        for step in self.program.steps:
            if isinstance(step, BatchStep):
                flags.append(True)
            elif isinstance(step, PhaseStep):
                flags.extend([False] if step.shared is not None else [])
                flags.extend([True] if step.batched is not None else [])
        return tuple(flags)


class _Exponents:
    """The exponents φ of a phase step from its angles."""

    def __init__(self, step: PhaseStep, dtype: torch.dtype, device: torch.device) -> None:
        self._tables = [
            (torch.as_tensor(table, dtype=dtype, device=device), list(angles), batched)
            for table, angles, batched in (
                (step.shared, step.shared_angles, False),
                (step.batched, step.batched_angles, True),
            )
            if table is not None
        ]

    def __call__(
        self, shared_angles: torch.Tensor, batched_angles: torch.Tensor
    ) -> list[torch.Tensor]:
        """Return the exponents (D,) of the shared and (D, B) of the per-sample angles."""
        return [
            table @ (batched_angles if batched else shared_angles)[angles]
            for table, angles, batched in self._tables
        ]


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
