"""The states that programs start from: a product over single qubits and prepared groups of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from qiskit_qmu.simulator.kernels import Angles, Derivative, Totals, turn_qubit
from qiskit_qmu.simulator.matrices import (
    RunProducts,
    columns_of_all,
    kronecker_contractions,
    kronecker_vectors,
    with_dims,
)


@dataclass(frozen=True)
class Amplitudes:
    """A group of qubits in a state of its own, (2^k,)."""

    values: torch.Tensor

    def state(self, angles: Angles) -> torch.Tensor:
        """Return the amplitudes (2^k, M, B, …)."""
        samples = angles.all.shape[1:]
        return with_dims(self.values, len(samples)).expand(-1, *samples)


@dataclass(frozen=True)
class ProductState:
    """The product of the single qubits' states, one run for each, and of the groups'.

    Attributes:
        runs: Runs of the qubits that are in no group.
        qubits: Those qubits.
        groups: The others.
        source: Where each amplitude of all qubits is in the product; None where it is in its place.
    """

    runs: RunProducts
    qubits: tuple[int, ...]
    groups: tuple[Amplitudes, ...]
    source: torch.Tensor | None

    def state(self, angles: Angles) -> torch.Tensor:
        """Return the states (M, 2^n, B, …)."""
        parts = [group.state(angles) for group in self.groups]
        if self.qubits:
            parts.insert(0, kronecker_vectors(columns_of_all(self.runs.factors(angles.all))))
        product = parts[0]
        for part in parts[1:]:
            product = (part.unsqueeze(1) * product.unsqueeze(0)).flatten(0, 1)
        if self.source is not None:
            product = product.index_select(0, self.source)
        return product.movedim(1, 0).contiguous()

    def add_gradients(self, gradient: torch.Tensor, angles: Angles, totals: Totals) -> None:
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
            yield angle, turn_qubit(generator, state, self.qubits[run])
