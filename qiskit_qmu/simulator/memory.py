"""The memory that a simulation may use: what it takes, rows in chunks that fit, and the refusal."""

from collections.abc import Callable
from typing import Any

import torch

from qiskit_qmu._check import InputError

DEFAULT_MEMORY_BUDGET = 2**32
"""Bytes: 4 GiB."""

CACHE_BYTES = 2**21
"""States of this size stay near the processor from step to step; larger batches run in pieces."""

STATES_WITHOUT_GRADIENT = 4
"""States in memory for each row of a forward pass: before and behind a step, phases, readout."""

STATES_WITH_GRADIENT = 8
"""The same with a gradient, without those that are kept so that none is computed twice."""

RowFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Rows (B, …) and what all rows share to results (…, B)."""


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
            f"not enough memory for {what}: {needed:,} bytes needed, memory_budget allows "
            f"{memory_budget:,}"
        )


def in_chunks(
    function: RowFunction, rows: torch.Tensor, shared: torch.Tensor, size: int
) -> torch.Tensor:
    """Return what a function makes of all rows.

    Where there are several chunks, each is computed again for its gradient, so that no more than
    one is ever in memory. The result can be differentiated any number of times.

    Args:
        function: What to compute.
        rows: Rows (B, …).
        shared: What all rows share.
        size: Rows of one chunk, at least one.

    Returns:
        The results (…, B).
    """
    if len(rows) <= size:
        return function(rows, shared)
    parts = [_Recomputed.apply(function, part, shared) for part in rows.split(size)]
    return torch.cat(parts, dim=-1)


class _Recomputed(torch.autograd.Function):
    """A function that keeps nothing but its arguments for its gradient."""

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
