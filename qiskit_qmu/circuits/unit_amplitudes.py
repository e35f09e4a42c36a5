"""Rows of numbers as amplitudes of norm 1, as Qiskit ML's `raw_feature_vector` expects them."""

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
    # Divide by the largest entry first, so that squares neither overflow nor underflow.
    scaled = over_largest_entry(x)
    amplitudes: torch.Tensor = scaled / torch.linalg.vector_norm(scaled, dim=-1, keepdim=True)
    return amplitudes


def over_largest_entry(x: torch.Tensor) -> torch.Tensor:
    """Return rows divided by their largest absolute value, treated as a constant.

    Raises:
        InputError: If a row is all zeros.
    """
    scaled: torch.Tensor = x / _LargestEntry.apply(x.detach())
    return scaled


class _LargestEntry(torch.autograd.Function):
    """Largest absolute value (…, 1) of each row; rejects rows of zeros, also under vmap."""

    @staticmethod
    def forward(x: torch.Tensor) -> torch.Tensor:
        """Check all rows."""
        largest = x.abs().amax(dim=-1, keepdim=True)
        zeros = int((largest == 0).sum())
        if zeros:
            raise InputError(f"{zeros} rows of amplitudes are all zeros and cannot be normalized")
        return largest

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        """Save nothing: the value is a constant."""

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> None:
        """Return no gradient: the value is a constant."""

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int], x: torch.Tensor) -> tuple[torch.Tensor, int]:
        """Take the mapped dimension as rows."""
        return _LargestEntry.apply(x.movedim(in_dims[0], 0)), 0
