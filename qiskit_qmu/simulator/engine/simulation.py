"""A compiled circuit on one device and in one precision: parameter values in, states out."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial

import torch
from qiskit.circuit import Parameter, QuantumCircuit

from qiskit_qmu.simulator.compile.fusion import compile_program
from qiskit_qmu.simulator.compile.program import Program
from qiskit_qmu.simulator.engine.adjoint import evolve
from qiskit_qmu.simulator.engine.execution_plan import build_plan
from qiskit_qmu.simulator.engine.shifts import ModelStates, derivatives_by_shifts
from qiskit_qmu.simulator.engine.sweep_arrays import join_angles
from qiskit_qmu.simulator.engine.tangents import derivatives
from qiskit_qmu.simulator.memory import (
    CACHE_BYTES,
    DEFAULT_MEMORY_BUDGET,
    STATES_WITH_GRADIENT,
    in_chunks,
    keep_freed_memory,
    require_memory,
)

_FEWEST_ROWS = 8

StateReadout = Callable[[torch.Tensor], torch.Tensor]
"""States (2^n, B) to values (O, B)."""

AngleFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Shared angles (A,) and per-sample angles (A', B), in radians, to values (O, B)."""


class Simulation:
    """Simulates a batch of parameter values of one circuit, differentiably.

    Args:
        program: The compiled circuit.
        dtype: torch.complex64 or torch.complex128.
        device: Device of the states.
        memory_budget: Bytes that ``read`` and ``step`` may use.
        make_states: Makes a faster way to states without gradient, or returns None; called once.

    Attributes:
        program: The compiled circuit.
        dtype: Precision of the states.
        device: Device of the states.
        plan: Its kernels.
        state_bytes: Size of one state.

    Raises:
        InputError: If not even one row fits into the budget.
    """

    def __init__(
        self,
        program: Program,
        dtype: torch.dtype,
        device: torch.device | str,
        memory_budget: int = DEFAULT_MEMORY_BUDGET,
        make_states: "MakeStates | None" = None,
    ) -> None:
        self.program = program
        self.dtype = dtype
        self.state_bytes = dtype.itemsize * 2**program.num_qubits
        self._memory = memory_budget - program.table_bytes
        require_memory(
            program.table_bytes + STATES_WITH_GRADIENT * self.state_bytes,
            memory_budget,
            f"one row of a circuit of {program.num_qubits} qubits",
        )
        keep_freed_memory()
        self._real = torch.empty(0, dtype=dtype).real.dtype
        self.device = torch.device(device)
        self.plan = build_plan(program, dtype, self.device)
        self._make_states = make_states

    def __deepcopy__(self, memo: object) -> "Simulation":
        return self

    def __call__(self, batched: torch.Tensor, shared: torch.Tensor) -> torch.Tensor:
        """Return the final states (2^n, B), all at once.

        Args:
            batched: Parameter values of each sample, (B, inputs).
            shared: Parameter values that all samples share, (weights,).
        """
        return evolve(self.plan, *self._angles(batched, shared), self._memory // 2)

    def states(self, batched: torch.Tensor, shared: torch.Tensor) -> torch.Tensor:
        """Return the final states (2^n, B), all at once, without gradient.

        Args:
            batched: Parameter values of each sample, (B, inputs).
            shared: Parameter values that all samples share, (weights,).
        """
        with torch.no_grad():
            common, own = self._angles(batched, shared)
            if self._fast_states is None or not own.shape[1]:
                return evolve(self.plan, common, own, self._memory // 2)
            return self._fast_states(common.unsqueeze(1), own.unsqueeze(1))[:, 0]

    @cached_property
    def _fast_states(self) -> ModelStates | None:
        return None if self._make_states is None else self._make_states(self)

    def read(
        self, readout: StateReadout, batched: torch.Tensor, shared: torch.Tensor
    ) -> torch.Tensor:
        """Return the values that a readout computes from the final states, a few rows at a time.

        Args:
            readout: Maps states (2^n, B) to values (O, B), row by row.
            batched: Parameter values of each sample, (B, inputs).
            shared: Parameter values that all samples share, (weights,).

        Returns:
            Values (O, B).
        """
        rows = self.rows_at_once(STATES_WITH_GRADIENT)
        return in_chunks(partial(self._read_pieces, readout), batched, shared, rows)

    def step(
        self, step: AngleFunction, batched: torch.Tensor, shared: torch.Tensor
    ) -> torch.Tensor:
        """Return the values that a function computes from the angles, a few rows at a time.

        Args:
            step: Maps shared angles (A,) and per-sample angles (A', B) to values (O, B).
            batched: Parameter values of each sample, (B, inputs).
            shared: Parameter values that all samples share, (weights,).

        Returns:
            Values (O, B).
        """

        def of_rows(rows: torch.Tensor, common: torch.Tensor) -> torch.Tensor:
            return step(*self._angles(rows, common))

        return in_chunks(of_rows, batched, shared, self.rows_at_once(STATES_WITH_GRADIENT))

    def _read_pieces(
        self, readout: StateReadout, batched: torch.Tensor, shared: torch.Tensor
    ) -> torch.Tensor:
        size = max(_FEWEST_ROWS, CACHE_BYTES // self.state_bytes)
        values = []
        for piece in batched.split(size):
            # Half of the memory is for the current states, the other half for those that the
            # gradient needs.
            largest_tape = self._memory // 2 * len(piece) // max(1, len(batched))
            values.append(readout(evolve(self.plan, *self._angles(piece, shared), largest_tape)))
        return values[0] if len(values) == 1 else torch.cat(values, dim=-1)

    def rows_at_once(self, states: int) -> int:
        """Return how many rows with so many states each fit in memory, at least one."""
        return int(max(1, self._memory // (2 * states * self.state_bytes)))

    def derivatives(
        self, batched: torch.Tensor, shared: torch.Tensor, wanted: list[int]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return final states (2^n, B) and their derivatives (K, 2^n, B), without gradient.

        Args:
            batched: Parameter values of each sample, (B, inputs).
            shared: Parameter values that all samples share, (weights,).
            wanted: K angles: shared ones first, then per-sample ones.
        """
        common, own = self._angles(batched, shared)
        rotations = self.program.amplitude_angles.isdisjoint(wanted)
        if self._fast_states is not None and rotations and own.shape[1]:
            return derivatives_by_shifts(self._fast_states, common, own, wanted)
        angles = join_angles(common.unsqueeze(1), own.unsqueeze(1))
        return derivatives(self.plan, angles, [1 + angle for angle in wanted])

    def angle_slopes(self, batched: torch.Tensor, shared: torch.Tensor) -> torch.Tensor:
        """Return the derivatives (B, A + A', inputs + weights) of all angles by all values."""
        if self._constant_slopes is not None:
            return self._constant_slopes.expand(len(batched), -1, -1)

        def angles(own: torch.Tensor, common: torch.Tensor) -> torch.Tensor:
            parts = self._angles(own.unsqueeze(0), common)
            return torch.cat([parts[0], parts[1][:, 0]])

        slopes = torch.func.vmap(torch.func.jacrev(angles, argnums=(0, 1)), in_dims=(0, None))
        return torch.cat(slopes(batched, shared), dim=-1)

    @cached_property
    def _constant_slopes(self) -> torch.Tensor | None:
        """The derivatives of all angles if they are affine, as they nearly always are."""
        of_shared, of_batched = self.program.shared_map.slopes, self.program.batched_map.slopes
        if of_shared is None or of_batched is None:
            return None
        by_sample = torch.zeros(len(of_shared[0]), of_batched[0].shape[1])
        above = torch.cat([by_sample, torch.as_tensor(of_shared[0])], dim=1)
        below = torch.cat([torch.as_tensor(slopes) for slopes in of_batched], dim=1)
        return torch.cat([above, below]).to(device=self.device, dtype=self._real)

    def _angles(
        self, batched: torch.Tensor, shared: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the shared (A,) and per-sample (A', B) angles."""
        batched = batched.to(device=self.device, dtype=self._real)
        shared = shared.to(device=self.device, dtype=self._real)
        own = self.program.batched_map(batched, shared).T
        return self.program.shared_map(shared), own


MakeStates = Callable[[Simulation], ModelStates | None]


def simulate(
    circuit: QuantumCircuit,
    batched: Sequence[Parameter],
    shared: Sequence[Parameter],
    *,
    dtype: torch.dtype = torch.complex128,
    device: torch.device | str = "cpu",
    memory_budget: int = DEFAULT_MEMORY_BUDGET,
    make_states: MakeStates | None = None,
) -> Simulation:
    """Compile a circuit and prepare it for simulation.

    Args:
        circuit: A circuit of unitary gates; final measurements are ignored.
        batched: Parameters whose values differ from sample to sample.
        shared: Parameters whose values all samples share.
        dtype: torch.complex64 or torch.complex128.
        device: Device of the states.
        memory_budget: Bytes that it may use.
        make_states: See `Simulation`.

    Returns:
        A callable that takes the values and returns states (2^n, B).

    Raises:
        InputError: If the circuit cannot be simulated; the message names the instruction, or the
            memory needed.
    """
    program = compile_program(circuit, batched, shared, memory_budget=memory_budget)
    return Simulation(program, dtype, device, memory_budget, make_states)
