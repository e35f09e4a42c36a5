"""The memory that a simulation may use, and the error where it cannot."""

import torch

from qiskit_qmu._check import InputError

DEFAULT_MEMORY_BUDGET = 2**32
"""Bytes: 4 GiB."""

STATES_WITHOUT_GRADIENT = 4
"""States in memory for each row of a forward pass: before and behind a step, phases, readout."""

STATES_WITH_GRADIENT = 8
"""The same with a gradient, without those that are kept so that none is computed twice."""


def keep_freed_memory() -> None:
    """Have the C library keep what a step frees for the next step, up to 64 MiB.

    glibc gives freed memory back to the system beyond a threshold that grows with the largest block
    that was ever freed, to at most twice 32 MiB. A step allocates the same megabytes as the one
    before it, and clearing them anew took a fifth of its time. So one such block is freed at once;
    it is never written, and so never takes memory.
    """
    torch.empty(2**25 - 2**16, dtype=torch.uint8)


def require_memory(needed: int, memory_budget: int, what: str) -> None:
    """Check that something fits into the budget.

    Args:
        needed: Bytes.
        memory_budget: Bytes.
        what: What needs them.

    Raises:
        InputError: If it does not fit.
    """
    if needed > memory_budget:
        raise InputError(
            f"{what} must fit into memory_budget ({memory_budget:,} bytes), got {needed:,} bytes"
        )
