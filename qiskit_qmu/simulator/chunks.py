"""A function of many rows, computed a few rows at a time, also on the way back."""

from collections.abc import Callable
from typing import Any

import torch

RowFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Rows (B, …) and what all rows share to results (…, B)."""


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
