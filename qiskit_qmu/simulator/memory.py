"""The memory budget of simulations: checks, and evaluation of rows in chunks that fit."""

from collections.abc import Callable
from typing import Any

import torch

from qiskit_qmu._check import InputError

DEFAULT_MEMORY_BUDGET = 2**32
"""Bytes: 4 GiB."""

CACHE_BYTES = 2**21
"""States of this size stay in the processor's cache; larger batches run in pieces."""

STATES_WITHOUT_GRADIENT = 4
"""States in memory for each row of a forward pass: before and after a step, phases, readout."""

STATES_WITH_GRADIENT = 8
"""The same with a gradient, not counting states saved for the backward pass."""

RowFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Maps rows (B, …) and a tensor shared by all rows to results (…, B)."""


def keep_freed_memory() -> None:
    """Make the C library keep memory freed by a step for the next step, up to 64 MiB.

    glibc returns freed memory to the system beyond a threshold that grows with the largest block
    ever freed, up to twice 32 MiB. Each step allocates the same megabytes as the previous one, and
    clearing them again took a fifth of its time. So one such block is allocated and freed here; it
    is never written, and so never uses memory.
    """
    torch.empty(2**25 - 2**16, dtype=torch.uint8)


def require_memory(needed: int, memory_budget: int, what: str) -> None:
    """Check that a memory requirement fits the budget.

    Args:
        needed: Required bytes.
        memory_budget: Available bytes.
        what: What needs the memory, for the message.

    Raises:
        InputError: If it does not fit.
    """
    if needed > memory_budget:
        raise InputError(
            f"not enough memory for {what}: {needed:,} bytes needed, memory_budget allows "
            f"{memory_budget:,}"
        )


def in_chunks(
    function: RowFunction, rows: torch.Tensor, shared: torch.Tensor, size: int
) -> torch.Tensor:
    """Apply a function to all rows, chunk by chunk.

    If there are several chunks, each is recomputed for its gradient, so that only one is in memory
    at a time. The result can be differentiated any number of times.

    Args:
        function: The function.
        rows: Rows (B, …).
        shared: A tensor shared by all rows.
        size: Rows per chunk, at least one.

    Returns:
        The results (…, B).
    """
    if len(rows) <= size:
        return function(rows, shared)
    parts = [_Recomputed.apply(function, part, shared) for part in rows.split(size)]
    return torch.cat(parts, dim=-1)


class _Recomputed(torch.autograd.Function):
    """A function that saves only its arguments for its gradient."""

    generate_vmap_rule = True

    @staticmethod
    def forward(function: RowFunction, rows: torch.Tensor, shared: torch.Tensor) -> torch.Tensor:
        """Call the function."""
        return function(rows, shared)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        """Keep the arguments."""
        ctx.function, *arguments = inputs
        ctx.save_for_backward(*arguments)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Call the function again and pull the gradient back through it."""
        pull_back = torch.func.vjp(ctx.function, *ctx.saved_tensors)[1]
        return (None, *pull_back(gradient))
