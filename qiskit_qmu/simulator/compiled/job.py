"""What a kernel is told: numbers, and the addresses of tables, in one table of integers."""

import struct
from collections.abc import Callable
from typing import NamedTuple

VECTOR_BYTES = 32
"""Bytes of a row: one number for each of the W samples of a block."""

Function = Callable[[bytes, int, int, int], None]
"""A kernel: of a job, the address of working memory, and the first and last block."""


class Circuit(NamedTuple):
    """The part of a job that every call of a kernel shares; all numbers are integers.

    What is not described is an address of a table of `operations`. A missing table has the
    address 0 where that is allowed.

    Attributes:
        num_qubits: Qubits, n.
        num_operations: Operations.
        num_runs: Runs of one-qubit gates.
        num_slots: Slots.
        num_shared: Shared angles, A.
        num_outputs: Outputs, O.
        num_flips: Groups of strings that flip bits.
        prepared: 1 if initial states are given, else 0.
        operations: Address of the operations.
        pairs: See `OperationTables`, as all up to ``places``.
        diagonal: See `ReadoutTables`, as all up to ``outcomes``; may be missing.
        outcomes: May be missing.
    """

    num_qubits: int
    num_operations: int
    num_runs: int
    num_slots: int
    num_shared: int
    num_outputs: int
    num_flips: int
    prepared: int
    operations: int
    pairs: int
    run_starts: int
    angle_of: int
    even: int
    odd: int
    axis: int
    spin: int
    phases: int
    signs: int
    entries: int
    places: int
    diagonal: int
    partners: int
    strings: int
    outcomes: int

    @property
    def room(self) -> int:
        """Rows of W numbers that a kernel needs as working memory."""
        return 2 * self.num_slots + 8 * self.num_runs + (6 << self.num_qubits)

    def packed(self) -> bytes:
        """Return the first part of a job."""
        return _PACK_CIRCUIT(*self)


class Call(NamedTuple):
    """The part of a job that is one call's own, on M models and samples in blocks of W.

    Attributes:
        models: M.
        blocks: Blocks of samples.
        own_models: M where models have per-sample angles of their own, else 1.
        shared_cosines: Address of the cosines of half of 0 and of the shared angles, (1 + A, M).
        shared_sines: The sines.
        own_cosines: Cosines of half the per-sample angles, (A', M or 1, blocks, W).
        own_sines: The sines.
        states: States (M · blocks, 2^n, 2, W); real and imaginary parts.
        values: Readouts (O, M · blocks, W), zero at first.
        gradient: Gradients of the readouts, (O, M · blocks, W).
        slopes: Slopes of the angles, (A + A', M · blocks, W), zero at first.
        start_slopes: Slopes of the initial states, shaped as the states.
    """

    models: int
    blocks: int
    own_models: int
    shared_cosines: int
    shared_sines: int
    own_cosines: int
    own_sines: int
    states: int
    values: int = 0
    gradient: int = 0
    slopes: int = 0
    start_slopes: int = 0

    def packed(self) -> bytes:
        """Return the second part of a job."""
        return _PACK_CALL(*self)


JOB_FIELDS = Circuit._fields + Call._fields
"""The names of the integers of a job, in order."""

_PACK_CIRCUIT = struct.Struct(f"{len(Circuit._fields)}q").pack
_PACK_CALL = struct.Struct(f"{len(Call._fields)}q").pack
