"""Initial states of programs: a product over single qubits and prepared groups of qubits."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from qiskit_qmu.simulator.engine.gate_kernels import apply_to_qubit
from qiskit_qmu.simulator.engine.matrices import (
    RunProducts,
    columns_of_all,
    kronecker_contractions,
    kronecker_vectors,
    with_dims,
)
from qiskit_qmu.simulator.engine.sweep_arrays import Angles, Derivative, GradientTotals


@dataclass(frozen=True)
class FixedAmplitudes:
    """A group of qubits in a fixed state, (2^k,)."""

    values: torch.Tensor

    def state(self, angles: Angles) -> torch.Tensor:
        """Return the amplitudes (2^k, M, B, …)."""
        samples = angles.all.shape[1:]
        return with_dims(self.values, len(samples)).expand(-1, *samples)


@dataclass(frozen=True)
class EncodedAmplitudes:
    """A group of qubits whose real amplitudes are computed from per-sample angles.

    Attributes:
        index: Positions of the angles in ``Angles.all``, (K,).
        dtype: Complex type of the states.
        amplitudes_of: Maps angles (…, K) to amplitudes (…, 2^k).
    """

    index: torch.Tensor
    dtype: torch.dtype
    amplitudes_of: Callable[[torch.Tensor], torch.Tensor]

    def state(self, angles: Angles) -> torch.Tensor:
        """Return the amplitudes (2^k, M, B, …)."""
        own = angles.all.index_select(0, self.index).movedim(0, -1)
        return self.amplitudes_of(own).movedim(-1, 0).to(self.dtype)

    def derivatives(self, angles: Angles) -> torch.Tensor:
        """Return the derivatives (2^k, K, B) of one model's amplitudes by the angles."""
        own = angles.all.index_select(0, self.index)[:, 0].T
        slopes = torch.func.vmap(torch.func.jacrev(self.amplitudes_of))(own)
        derivatives: torch.Tensor = slopes.permute(1, 2, 0).to(self.dtype)
        return derivatives


@dataclass(frozen=True)
class ProductState:
    """The product of the single qubits' states, one run for each, and of the groups'.

    Attributes:
        runs: Runs of the qubits that are in no group.
        qubits: Those qubits.
        groups: The groups; their qubits are the lower ones of the product.
        source: Position in the product of each amplitude of all qubits; None if in order.
    """

    runs: RunProducts
    qubits: tuple[int, ...]
    groups: tuple[FixedAmplitudes | EncodedAmplitudes, ...]
    source: torch.Tensor | None

    def state(self, angles: Angles) -> torch.Tensor:
        """Return the states (M, 2^n, B, …)."""
        return self._joined(self._parts(angles))

    def _parts(self, angles: Angles) -> list[torch.Tensor]:
        parts = [group.state(angles) for group in self.groups]
        if self.qubits:
            parts.append(kronecker_vectors(columns_of_all(self.runs.factors(angles.all))))
        return parts

    def _joined(self, parts: list[torch.Tensor]) -> torch.Tensor:
        product = parts[0]
        for part in parts[1:]:
            product = (part.unsqueeze(1) * product.unsqueeze(0)).flatten(0, 1)
        if self.source is not None:
            product = product.index_select(0, self.source)
        return product.movedim(1, 0).contiguous()

    def add_gradients(self, gradient: torch.Tensor, angles: Angles, totals: GradientTotals) -> None:
        """Add the slopes of the angles."""
        if self.groups:
            pull_back = torch.func.vjp(
                lambda all_angles: self.state(Angles(angles.shared, all_angles)),
                angles.all.expand(totals.all.shape),
            )[1]
            totals.all.add_(pull_back(gradient.conj())[0])
            return
        factors = self.runs.factors(angles.all)
        columns = columns_of_all(factors)
        rows = kronecker_contractions(columns, gradient.movedim(0, 1))
        self.runs.add_gradients(factors, rows.unsqueeze(2) * columns.unsqueeze(1), totals.all)

    def derivatives(self, state: torch.Tensor, angles: Angles) -> Iterator[Derivative]:
        """Yield the derivative of the state by each of its angles."""
        for run, angle, generator in self.runs.generators(self.runs.factors(angles.all)):
            yield angle, apply_to_qubit(generator, state, self.qubits[run])
        parts = self._parts(angles)
        for place, group in enumerate(self.groups):
            if isinstance(group, EncodedAmplitudes):
                own = [*parts[:place], group.derivatives(angles), *parts[place + 1 :]]
                yield from zip(group.index.tolist(), self._joined(own).split(1), strict=True)
