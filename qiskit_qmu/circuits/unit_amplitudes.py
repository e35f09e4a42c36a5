"""Rows of numbers as amplitudes of norm 1, as Qiskit ML's `raw_feature_vector` takes them."""

from typing import Any

import torch

from qiskit_qmu._check import InputError


def unit_amplitudes(x: torch.Tensor) -> torch.Tensor:
    """Return x / ‖x‖.

    Works under ``torch.func.grad``, ``vmap`` and ``jacrev``.

    Args:
        x: Amplitudes (…, 2^n) of any sign and norm.

    Returns:
        Amplitudes (…, 2^n) of norm 1.

    Raises:
        InputError: If a row is all zeros.

    Example:
        >>> import torch
        >>> from qiskit_qmu.circuits import unit_amplitudes
        >>> unit_amplitudes(torch.tensor([[3.0, 4.0], [0.0, -2.0]]))
        tensor([[ 0.6000,  0.8000],
                [ 0.0000, -1.0000]])
    """
    # The largest entry goes first, so that squares neither overflow nor vanish.
    scaled = over_largest_entry(x)
    amplitudes: torch.Tensor = scaled / torch.linalg.vector_norm(scaled, dim=-1, keepdim=True)
    return amplitudes


def over_largest_entry(x: torch.Tensor) -> torch.Tensor:
    """Return rows divided by their largest absolute value, taken for a constant.

    Raises:
        InputError: If a row is all zeros.
    """
    scaled: torch.Tensor = x / _LargestEntry.apply(x.detach())
    return scaled


class _LargestEntry(torch.autograd.Function):
    """Largest absolute value (…, 1) of each row; refuses rows of zeros, mapped over or not."""

    @staticmethod
    def forward(x: torch.Tensor) -> torch.Tensor:
        """Look at all rows."""
        largest = x.abs().amax(dim=-1, keepdim=True)
        zeros = int((largest == 0).sum())
        if zeros:
            raise InputError(f"a row of amplitudes must not be all zeros, got {zeros} such rows")
        return largest

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        """Nothing to keep: it is a constant."""

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> None:
        """Nothing to hand back: it is a constant."""

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int], x: torch.Tensor) -> tuple[torch.Tensor, int]:
        """Take the mapped dimension as rows."""
        return _LargestEntry.apply(x.movedim(in_dims[0], 0)), 0
