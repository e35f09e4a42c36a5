"""Expectation values of Pauli sums over batches of states."""

from collections.abc import Sequence

import numpy as np
import torch
from qiskit.quantum_info import Pauli, SparsePauliOp
from qiskit.quantum_info.operators.base_operator import BaseOperator

from qiskit_qmu.simulator.program import parity_sign


class PauliSums:
    """Several observables as tables over basis states, grouped by the bits that they flip.

    A Pauli string with flip mask x and sign mask z maps |s> to i^|x∧z| (-1)^|z∧s| |s ⊕ x>, so all
    strings with the same x share one product of amplitudes; every diagonal observable is a weighted
    sum of outcome probabilities.

    Args:
        observables: Hermitian Pauli sums on the circuit's qubits.
        dtype: Complex type of the states.
        device: Where they live.
    """

    def __init__(
        self, observables: Sequence[SparsePauliOp], dtype: torch.dtype, device: torch.device
    ) -> None:
        tables: dict[int, np.ndarray] = {}
        num_qubits = observables[0].num_qubits if observables else 0
        for row, observable in enumerate(observables):
            for pauli, coefficient in zip(observable.paulis, observable.coeffs, strict=True):
                flip, sign = _mask(pauli.x), _mask(pauli.z)
                table = tables.setdefault(
                    flip, np.zeros((len(observables), 2**num_qubits), dtype=complex)
                )
                factor = coefficient * (-1j) ** pauli.phase * 1j ** (flip & sign).bit_count()
                table[row] += factor * parity_sign(num_qubits, sign)
        states = np.arange(2**num_qubits)
        self._terms = [
            (
                None if flip == 0 else torch.as_tensor(states ^ flip, device=device),
                torch.as_tensor(table, dtype=dtype, device=device),
            )
            for flip, table in tables.items()
        ]
        self._count = len(observables)

    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        """Return the expectation values (O, B) of states (2^n, B)."""
        total = states.real.new_zeros(self._count, states.shape[1])
        for flipped, table in self._terms:
            if flipped is None:
                # Real and imaginary parts are columns of their own until the end, because strided
                # passes over complex numbers are slow.
                parts = torch.view_as_real(states)
                squares = (parts * parts).flatten(1)
                total = total + (table.real @ squares).view(*total.shape, 2).sum(2)
            else:
                overlap = states.index_select(0, flipped).conj() * states
                total = total + (table.real @ overlap.real - table.imag @ overlap.imag)
        return total


def as_pauli_sum(observable: BaseOperator) -> SparsePauliOp:
    """Return an observable as a sum of Pauli strings."""
    if isinstance(observable, SparsePauliOp):
        return observable
    if isinstance(observable, Pauli):
        return SparsePauliOp(observable)
    return SparsePauliOp.from_operator(observable)


def probabilities(states: torch.Tensor) -> torch.Tensor:
    """Return the outcome probabilities (2^n, B) of states (2^n, B)."""
    return states.real.square() + states.imag.square()


def _mask(bits: np.ndarray) -> int:
    return sum(1 << int(i) for i in np.flatnonzero(bits))
