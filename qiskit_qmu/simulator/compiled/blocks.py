"""Runs the kernels on arrays of models and samples: blocks of samples, dealt to threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu.simulator.compiled.loading import Kernels
from qiskit_qmu.simulator.compiled.operations import DENSE, OperationTables, ReadoutTables

Real = NDArray[np.floating]

_SMALLEST_SHARE = 2**21
"""Amplitudes times operations that are worth a thread."""


@dataclass(frozen=True)
class BlockRunner:
    """A compiled circuit's tables, and the kernels that run them.

    Each block of samples of each model is computed by itself, and sums over blocks have one order,
    so results do not depend on the number of threads, which is torch's.
    """

    kernels: Kernels
    tables: OperationTables
    readout: ReadoutTables
    num_qubits: int
    num_outputs: int
    prepared: bool

    @cached_property
    def _flat(self) -> tuple[OperationTables, tuple[Any, ...]]:
        tables = OperationTables(*(np.ascontiguousarray(each).ravel() for each in self.tables))
        return (
            tables._replace(operations=tables.operations[4:]),
            tuple(np.ascontiguousarray(each).ravel() for each in self.readout),
        )

    @cached_property
    def _adjoint_entries(self) -> Real:
        """The conjugate transposed dense matrices, in the same places."""
        entries = self.tables.entries.copy()
        for kind, _, entry, size in self.tables.operations.tolist():
            if kind == DENSE:
                own = slice(entry, entry + size * size)
                matrix = self.tables.entries[own].reshape(size, size, 2)
                entries[own] = (matrix.transpose(1, 0, 2) * [1, -1]).reshape(-1, 2)
        return entries.ravel()

    def forward(self, shared: Real, own: Real, starts: Real | None) -> tuple[Real, Real]:
        """Return readouts (M · blocks, O, W) and final states (M · blocks, 2^n, 2, W).

        Args:
            shared: Shared angles (M, A).
            own: Per-sample angles (M or 1, A', blocks · W).
            starts: Initial states (M · blocks, 2^n, 2, W) of a circuit with prepared qubits;
                they are overwritten.
        """
        models, width = len(shared), self.kernels.width
        blocks = own.shape[2] // width
        units, dtype = models * blocks, shared.dtype
        shape = (units, 2**self.num_qubits, 2, width)
        states = np.empty(shape, dtype) if starts is None else starts
        values = np.zeros((units, self.num_outputs, width), dtype)
        tables, readout = self._flat
        one = dtype.type(1)
        step = own[0].size if len(own) == models else 0

        def run(first: int, last: int) -> None:
            self.kernels.forward(
                self.num_qubits, tables.operations, tables.pairs, tables.run_starts,
                tables.angle_of, tables.even, tables.odd, tables.phases, tables.signs,
                tables.entries, tables.places, *readout, models, blocks, width, step,
                shared.ravel(), own.ravel(), states.ravel(), starts is not None, values.ravel(),
                *self._room(dtype), one, first, last,
            )  # fmt: skip

        self._deal(run, units)
        return values, states

    def backward(
        self, shared: Real, own: Real, states: Real, gradient: Real
    ) -> tuple[Real, Real | None]:
        """Return slopes (M · blocks, A + A', W) and those of prepared starts.

        Args:
            shared: Shared angles (M, A).
            own: Per-sample angles (M or 1, A', blocks · W).
            states: Final states (M · blocks, 2^n, 2, W).
            gradient: Gradients of the readouts (M · blocks, O, W).
        """
        models, width = len(shared), self.kernels.width
        blocks = own.shape[2] // width
        units, dtype = models * blocks, shared.dtype
        slopes = np.zeros((units, shared.shape[1] + own.shape[1], width), dtype)
        starts = np.empty(states.shape if self.prepared else 0, dtype)
        tables, readout = self._flat
        one = dtype.type(1)
        step = own[0].size if len(own) == models else 0

        def run(first: int, last: int) -> None:
            room = 2 * 2**self.num_qubits * width
            self.kernels.backward(
                self.num_qubits, tables.operations, tables.pairs, tables.run_starts,
                tables.angle_of, tables.even, tables.odd, tables.axis, tables.spin, tables.phases,
                tables.signs, self._adjoint_entries, tables.places, *readout, models, blocks,
                width, step, shared.ravel(), own.ravel(), states.ravel(), gradient.ravel(),
                slopes.ravel(), starts.ravel(), *self._room(dtype), np.empty(room, dtype),
                np.empty(room, dtype), np.empty(6 * width, dtype), one, first, last,
            )  # fmt: skip

        self._deal(run, units)
        return slopes, starts if self.prepared else None

    def _room(self, dtype: np.dtype[Any]) -> tuple[Real, ...]:
        """Return working memory: cosines, sines, matrices, and two numbers for each amplitude."""
        width = self.kernels.width
        sizes = (
            len(self.tables.angle_of),
            len(self.tables.angle_of),
            8 * (len(self.tables.run_starts) - 1),
            2 * 2**self.num_qubits,
        )
        return tuple(np.empty(size * width, dtype) for size in sizes)

    def _deal(self, run: Callable[[int, int], None], units: int) -> None:
        work = units * 2**self.num_qubits * len(self.tables.operations)
        threads = min(torch.get_num_threads(), units, max(1, work // _SMALLEST_SHARE))
        if threads == 1:
            run(0, units)
            return
        bounds = np.linspace(0, units, threads + 1).astype(int).tolist()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, bounds[:-1], bounds[1:]))
