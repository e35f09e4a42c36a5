"""The memory that a simulation may use, and the error where it cannot."""

from qiskit_qmu._check import InputError

DEFAULT_MEMORY_BUDGET = 2**32
"""Bytes: 4 GiB."""

STATES_WITHOUT_GRADIENT = 4
"""States in memory for each row of a forward pass: before and behind a step, phases, readout."""

STATES_WITH_GRADIENT = 8
"""The same with a gradient, without those that are kept so that none is computed twice."""


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
