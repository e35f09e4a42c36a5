"""The arrays that a sweep over a program's steps reads and accumulates.

States are complex tensors of shape (M, 2^n, B, …): models, basis states, samples. The samples come
last, so that permutations copy whole rows and a block on the highest qubits is a single matrix
product. M counts sets of shared angles; arrays common to all models have M = 1 and are broadcast.
Dimensions after B are examples that torch.func.vmap adds; they are broadcast too.
"""

from dataclasses import dataclass

import torch

from qiskit_qmu.simulator.engine.matrices import with_dims

Derivative = tuple[int, torch.Tensor]
"""An angle's position in ``Angles.all``, and the derivative of a state by it."""


@dataclass(frozen=True)
class Angles:
    """All angles of a batch, in radians.

    Attributes:
        shared: A zero and the angles that all samples share, (1 + A, M).
        all: The same for each sample, and the per-sample angles, (1 + A + A', M, B, …).
    """

    shared: torch.Tensor
    all: torch.Tensor


@dataclass(frozen=True)
class GradientTotals:
    """The totals that one sweep accumulates.

    Attributes:
        shared: Gradients of ``Angles.shared``, (1 + A, M, …).
        all: Gradients of ``Angles.all``, (1 + A + A', M, B, …).
        overlaps: For each block, overlaps (layers, M, …, d, d) of gradient and state behind each
            layer.
    """

    shared: torch.Tensor
    all: torch.Tensor
    overlaps: list[torch.Tensor]


def join_angles(shared: torch.Tensor, batched: torch.Tensor) -> Angles:
    """Join shared (A, M) and per-sample (A', M, B, …) angles."""
    padded = torch.cat([shared.new_zeros(1, shared.shape[1]), shared])
    spread = with_dims(padded, batched.dim() - 2).expand(-1, -1, *batched.shape[2:])
    return Angles(padded, torch.cat([spread, batched]))
