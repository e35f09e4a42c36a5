"""Runs the kernels on arrays of models and samples: blocks of samples, dealt to threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu.simulator.compiled.job import VECTOR_BYTES, Call, Circuit, Function
from qiskit_qmu.simulator.compiled.loading import Kernels
from qiskit_qmu.simulator.compiled.operations import DENSE, OperationTables, ReadoutTables

Real = NDArray[np.floating]

THREADS: ContextVar[int | None] = ContextVar("threads", default=None)
"""Threads that blocks are dealt to; None for torch's number."""

_SMALLEST_SHARE = 2**21
"""Amplitudes times operations that are worth a thread."""


class Turns(NamedTuple):
    """All angles of a call, as the kernels take them.

    Attributes:
        table: Half of each angle, its cosine and its sine, (3, M · (1 + A) + A' · M' · blocks · W):
            of a zero and the shared angles (1 + A, M), then of per-sample angles (A', M', blocks,
            W), zero where samples fill up the last block.
        num_shared: A.
        num_own: A'.
        models: M.
        own_models: M' = M where models have per-sample angles of their own, else 1.
        samples: B.
        blocks: Blocks of W samples.
    """

    table: Real
    num_shared: int
    num_own: int
    models: int
    own_models: int
    samples: int
    blocks: int


@dataclass(frozen=True)
class BlockRunner:
    """A compiled circuit's tables, and the kernels that run them.

    Each block of samples of each model is computed by itself, and sums over blocks have one order,
    so results do not depend on the number of threads, which is torch's.

    Attributes:
        place: The place of the amplitude of each basis state, (2^n,).
    """

    kernels: Kernels
    tables: OperationTables
    readout: ReadoutTables
    place: NDArray[np.int64]
    num_qubits: int
    num_shared: int
    num_outputs: int
    prepared: bool

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """The precision."""
        return self.tables.even.dtype

    @cached_property
    def width(self) -> int:
        """Samples of a block, W."""
        return VECTOR_BYTES // self.dtype.itemsize

    def turns(self, shared: Real, own: Real) -> Turns:
        """Return the turns of shared angles (A, M) and per-sample angles (A', M', B)."""
        num_shared, models = shared.shape
        num_own, own_models, samples = own.shape
        blocks = -(-samples // self.width)
        split, lanes = models * (1 + num_shared), blocks * self.width
        table = np.zeros((3, split + num_own * own_models * lanes), self.dtype)
        half = table[0]
        np.multiply(shared, 0.5, out=half[models:split].reshape(num_shared, models))
        rows = half[split:].reshape(num_own, own_models, lanes)
        np.multiply(own, 0.5, out=rows[:, :, :samples])
        np.cos(half, out=table[1])
        np.sin(half, out=table[2])
        return Turns(table, num_shared, num_own, models, own_models, samples, blocks)

    def forward(self, turns: Turns, starts: Real | None = None) -> tuple[Real, torch.Tensor]:
        """Return readouts (O, M, B), and final states (M · blocks, 2^n, 2, W).

        Args:
            turns: The angles.
            starts: Initial states (M · blocks, 2^n, 2, W) of a circuit with prepared qubits;
                they are overwritten.
        """
        if starts is None:
            units = turns.models * turns.blocks
            starts = np.empty((units, 2**self.num_qubits, 2, self.width), self.dtype)
        states = torch.from_numpy(starts)
        values = self._zeros(self.num_outputs, turns)
        call = self._call(turns, states, values=_address(values))
        self._run(self.kernels.forward, self._forward_circuit, call)
        return values[:, :, : turns.samples], states

    def backward(
        self, turns: Turns, states: torch.Tensor, gradient: Real
    ) -> tuple[Real, Real | None]:
        """Return slopes (A + A', M, B), and those of prepared starts (M · blocks, 2^n, 2, W).

        Args:
            turns: The angles.
            states: Final states (M · blocks, 2^n, 2, W).
            gradient: Gradients of the readouts (O, M, B).
        """
        if turns.samples % self.width:
            filled = self._zeros(self.num_outputs, turns)
            filled[:, :, : turns.samples] = gradient
        else:
            filled = np.ascontiguousarray(gradient, self.dtype)
        slopes = self._zeros(turns.num_shared + turns.num_own, turns)
        starts = np.empty(tuple(states.shape), self.dtype) if self.prepared else None
        call = self._call(
            turns,
            states,
            gradient=_address(filled),
            slopes=_address(slopes),
            start_slopes=0 if starts is None else _address(starts),
        )
        self._run(self.kernels.backward, self._backward_circuit, call)
        return slopes[:, :, : turns.samples], starts

    def _zeros(self, rows: int, turns: Turns) -> Real:
        return np.zeros((rows, turns.models, turns.blocks * self.width), self.dtype)

    def _call(self, turns: Turns, states: torch.Tensor, **addresses: int) -> Call:
        size = self.dtype.itemsize
        row = turns.table.shape[1] * size
        cosines = _address(turns.table) + row
        sines = cosines + row
        split = turns.models * (1 + turns.num_shared) * size
        return Call(
            models=turns.models,
            blocks=turns.blocks,
            own_models=turns.own_models,
            shared_cosines=cosines,
            shared_sines=sines,
            own_cosines=cosines + split,
            own_sines=sines + split,
            states=states.data_ptr(),
            **addresses,
        )

    def _run(self, kernel: Function, circuit: bytes, call: Call) -> None:
        job = circuit + call.packed()

        def run(first: int, last: int) -> None:
            try:
                room, address = self._rooms.pop()
            except IndexError:
                room = np.empty(self._circuit.room * self.width, self.dtype)
                address = _address(room)
            kernel(job, address, first, last)
            self._rooms.append((room, address))

        self._deal(run, call.models * call.blocks)

    @cached_property
    def _contiguous(self) -> dict[str, NDArray[Any]]:
        tables = {**self.tables._asdict(), **self.readout._asdict()}
        return {name: np.ascontiguousarray(table) for name, table in tables.items()}

    @cached_property
    def _circuit(self) -> Circuit:
        return Circuit(
            num_qubits=self.num_qubits,
            num_operations=len(self.tables.operations),
            num_runs=len(self.tables.run_starts) - 1,
            num_slots=len(self.tables.angle_of),
            num_shared=self.num_shared,
            num_outputs=self.num_outputs,
            num_flips=len(self.readout.partners),
            prepared=int(self.prepared),
            **{
                name: _address(table) if table.size else 0
                for name, table in self._contiguous.items()
            },
        )

    @cached_property
    def _forward_circuit(self) -> bytes:
        return self._circuit.packed()

    @cached_property
    def _backward_circuit(self) -> bytes:
        """The circuit with the conjugate transposed dense matrices, in the same places."""
        return self._circuit._replace(entries=_address(self._adjoint_entries)).packed()

    @cached_property
    def _rooms(self) -> list[tuple[Real, int]]:
        """Working memory that no call uses now, with its address; one for each thread at most."""
        return []

    @cached_property
    def _adjoint_entries(self) -> Real:
        entries = self.tables.entries.copy()
        for kind, _, entry, size in self.tables.operations.tolist():
            if kind == DENSE:
                own = slice(entry, entry + size * size)
                matrix = self.tables.entries[own].reshape(size, size, 2)
                entries[own] = (matrix.transpose(1, 0, 2) * [1, -1]).reshape(-1, 2)
        return entries

    def _deal(self, run: Callable[[int, int], None], units: int) -> None:
        shares = units * 2**self.num_qubits * len(self.tables.operations) // _SMALLEST_SHARE
        # Asking for torch's number takes as long as a small circuit's kernel.
        most = min(units, shares)
        threads = min(THREADS.get() or torch.get_num_threads(), most) if most > 1 else 1
        if threads <= 1:
            run(0, units)
            return
        bounds = np.linspace(0, units, threads + 1).astype(int).tolist()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, bounds[:-1], bounds[1:]))


def _address(array: NDArray[Any]) -> int:
    # NumPy's own way takes several times as long.
    return torch.from_numpy(array).data_ptr()
