"""Runs the kernels on arrays of models and samples: blocks of samples, dealt to threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu.simulator.compiled.job import VECTOR_BYTES, Function, Job
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

    @property
    def dtype(self) -> np.dtype[Any]:
        """The precision."""
        return self.tables.even.dtype

    @property
    def width(self) -> int:
        """Samples of a block, W."""
        return VECTOR_BYTES // self.dtype.itemsize

    def forward(self, shared: Real, own: Real, starts: Real | None) -> tuple[Real, Real]:
        """Return readouts (O, M, blocks · W) and final states (M · blocks, 2^n, 2, W).

        Args:
            shared: Shared angles (A, M).
            own: Per-sample angles (A', M or 1, blocks · W).
            starts: Initial states (M · blocks, 2^n, 2, W) of a circuit with prepared qubits;
                they are overwritten.
        """
        models, samples = shared.shape[1], own.shape[2]
        shape = (models * samples // self.width, 2**self.num_qubits, 2, self.width)
        states = np.empty(shape, self.dtype) if starts is None else starts
        values = np.zeros((self.num_outputs, models, samples), self.dtype)
        self._run(self.kernels.forward, self._job, shared, own, states=states, values=values)
        return values, states

    def backward(
        self, shared: Real, own: Real, states: Real, gradient: Real
    ) -> tuple[Real, Real | None]:
        """Return slopes (A + A', M, blocks · W) and those of prepared starts.

        Args:
            shared: Shared angles (A, M).
            own: Per-sample angles (A', M or 1, blocks · W).
            states: Final states (M · blocks, 2^n, 2, W).
            gradient: Gradients of the readouts (O, M, blocks · W).
        """
        models, samples = shared.shape[1], own.shape[2]
        slopes = np.zeros((len(shared) + len(own), models, samples), self.dtype)
        arrays = {"states": states, "gradient": gradient, "slopes": slopes}
        if self.prepared:
            arrays["start_slopes"] = np.empty_like(states)
        self._run(self.kernels.backward, self._adjoint_job, shared, own, **arrays)
        return slopes, arrays.get("start_slopes")

    def _run(self, kernel: Function, job: Job, shared: Real, own: Real, **arrays: Real) -> None:
        models, blocks = shared.shape[1], own.shape[2] // self.width
        # Half of a zero, of the shared and of the per-sample angles; their cosines and sines.
        split = models * (1 + len(shared))
        half = np.zeros(split + own.size, self.dtype)
        np.multiply(shared, 0.5, out=half[models:split].reshape(shared.shape))
        np.multiply(own, 0.5, out=half[split:].reshape(own.shape))
        cosines, sines = np.cos(half), np.sin(half)
        job = job._replace(
            models=models,
            blocks=blocks,
            own_models=own.shape[1],
            shared_cosines=_address(cosines),
            shared_sines=_address(sines),
            own_cosines=_address(cosines[split:]),
            own_sines=_address(sines[split:]),
            **{name: _address(array) for name, array in arrays.items()},
        )
        numbers = np.array(job, np.int64)

        def run(first: int, last: int) -> None:
            room = np.empty(job.room * self.width, self.dtype)
            kernel(_address(numbers), _address(room), first, last)

        self._deal(run, models * blocks)

    @cached_property
    def _contiguous(self) -> dict[str, NDArray[Any]]:
        tables = {**self.tables._asdict(), **self.readout._asdict()}
        return {name: np.ascontiguousarray(table) for name, table in tables.items()}

    @cached_property
    def _job(self) -> Job:
        return Job(
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
    def _adjoint_job(self) -> Job:
        """The job with the conjugate transposed dense matrices, in the same places."""
        return self._job._replace(entries=_address(self._adjoint_entries))

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
        work = units * 2**self.num_qubits * len(self.tables.operations)
        threads = min(torch.get_num_threads(), units, max(1, work // _SMALLEST_SHARE))
        if threads == 1:
            run(0, units)
            return
        bounds = np.linspace(0, units, threads + 1).astype(int).tolist()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, bounds[:-1], bounds[1:]))


def _address(array: NDArray[Any]) -> int:
    # NumPy's own way takes several times as long.
    return torch.from_numpy(array).data_ptr()
