"""Derivatives of final states by angles, from the states at shifted angles.

An angle a enters as exp(-i a P / 2) with P² = 1, so that ψ(a + π/2) = (ψ + 2 ∂ψ/∂a) / √2: one
further state for each angle, and none of them needs another.
"""

import math
from collections.abc import Callable, Sequence

import torch

ModelStates = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Shared angles (A, M) and per-sample angles (A', M or 1, B) to states (2^n, M, B)."""


def derivatives_by_shifts(
    states_of: ModelStates, shared: torch.Tensor, own: torch.Tensor, wanted: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return final states (2^n, B) and their derivatives (K, 2^n, B), without gradient.

    Args:
        states_of: Computes states of many models.
        shared: Angles that all samples share, (A,).
        own: Angles of each sample, (A', B).
        wanted: K angles that are not amplitudes: shared ones first, then per-sample ones.
    """
    # A model for the angles themselves, and one for each shift.
    models = 1 + len(wanted)
    common = shared.unsqueeze(1).repeat(1, models)
    each = own.unsqueeze(1)
    if any(angle >= len(shared) for angle in wanted):
        each = each.repeat(1, models, 1)
    for model, angle in enumerate(wanted, start=1):
        if angle < len(shared):
            common[angle, model] += math.pi / 2
        else:
            each[angle - len(shared), model] += math.pi / 2
    found = states_of(common, each)
    states, shifted = found[:, 0], found[:, 1:].movedim(1, 0)
    return states, shifted / math.sqrt(2) - states / 2
