"""The kernel that permutes basis states and multiplies them by phases."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from qiskit_qmu.simulator.engine.matrices import with_dims
from qiskit_qmu.simulator.engine.parities import Parities
from qiskit_qmu.simulator.engine.sweep_arrays import Angles, Derivative, GradientTotals


@dataclass(frozen=True)
class ParityRotations:
    """Rotations about parities: the positions of their angles, and the parities."""

    index: torch.Tensor
    parities: Parities

    def exponents(self, angles: torch.Tensor) -> torch.Tensor:
        """Return Σ a χ(s), (M, 2^n, …), of angles (A, M, …)."""
        return self.parities.spread(angles.index_select(0, self.index).movedim(1, 0))

    def add_gradients(self, slopes: torch.Tensor, gradients: torch.Tensor) -> None:
        """Add Σ χ(s) slopes(s), of slopes (M, 2^n, …), to gradients (A, M, …)."""
        gradients.index_add_(0, self.index, self.parities.gather(slopes).movedim(1, 0))


@dataclass(frozen=True)
class PhaseKernel:
    """A permutation, then phases: constant ones, and rotations about parities."""

    source: torch.Tensor | None
    inverse: torch.Tensor | None
    constant: torch.Tensor | None
    shared: ParityRotations | None
    batched: ParityRotations | None

    @property
    def has_angles(self) -> bool:
        """Whether there are phases that depend on angles."""
        return self.shared is not None or self.batched is not None

    @property
    def per_sample(self) -> bool:
        """Whether there are phases that differ from sample to sample."""
        return self.batched is not None

    def operand(
        self, angles: Angles, layers: Sequence[tuple[torch.Tensor, ...]]
    ) -> torch.Tensor | None:
        """Return the phases (M, 2^n, 1 or B, …)."""
        dims = angles.all.dim() - 2
        constant = None if self.constant is None else with_dims(self.constant, dims)
        exponents = []
        if self.shared is not None:
            exponents.append(with_dims(self.shared.exponents(angles.shared), dims))
        if self.batched is not None:
            exponents.append(self.batched.exponents(angles.all))
        if not exponents:
            return constant
        exponent = -0.5 * sum(exponents[1:], exponents[0])
        phases = torch.polar(torch.ones_like(exponent), exponent)
        return phases if constant is None else phases * constant

    def apply(self, state: torch.Tensor, operand: torch.Tensor | None) -> torch.Tensor:
        """Permute, then multiply."""
        if self.source is not None:
            state = state.index_select(1, self.source)
        return state if operand is None else state * operand

    def transpose(self, state: torch.Tensor, operand: torch.Tensor | None) -> torch.Tensor:
        """Multiply, then permute back."""
        if operand is not None:
            state = state * operand
        return state if self.inverse is None else state.index_select(1, self.inverse)

    def add_gradients(
        self,
        state: torch.Tensor,
        gradient: torch.Tensor,
        operand: torch.Tensor | None,
        totals: GradientTotals,
    ) -> None:
        """Add the slopes of the angles in the exponents."""
        # Re(gradient (-i χ / 2) state), where the state already has its phase.
        slopes = (gradient * state).imag / 2
        if self.batched is not None:
            self.batched.add_gradients(slopes, totals.all)
        if self.shared is not None:
            self.shared.add_gradients(slopes.sum(2), totals.shared)

    def derivatives(
        self, state: torch.Tensor, operand: torch.Tensor | None
    ) -> Iterator[Derivative]:
        """Yield the derivative of the state behind the step by each of its angles."""
        for rotations in (self.shared, self.batched):
            if rotations is not None:
                count = len(rotations.parities)
                one = torch.eye(count, dtype=state.real.dtype, device=state.device)
                signs = rotations.parities.spread(one.unsqueeze(2))
                for angle, sign in zip(rotations.index.tolist(), signs, strict=True):
                    yield angle, state * (-0.5j * sign)
