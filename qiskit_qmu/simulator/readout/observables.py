"""Expectation values of Pauli sums over batches of states."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.primitives.containers.observables_array import ObservableLike, ObservablesArray
from qiskit.quantum_info import Pauli, SparsePauliOp
from qiskit.quantum_info.operators.base_operator import BaseOperator

from qiskit_qmu.simulator.engine.parities import Parities


class PauliSums:
    """Several observables as tables over basis states, grouped by the bits that they flip.

    A Pauli string with flip mask x and sign mask z maps |s> to i^|x∧z| (-1)^|z∧s| |s ⊕ x>, so all
    strings with the same x share one product of amplitudes; every diagonal observable is a weighted
    sum of outcome probabilities.

    Args:
        observables: Hermitian Pauli sums on the circuit's qubits.
        dtype: Complex type of the states.
        device: Device of the states.
    """

    def __init__(
        self, observables: Sequence[SparsePauliOp], dtype: torch.dtype, device: torch.device
    ) -> None:
        num_qubits = observables[0].num_qubits if observables else 0
        self._terms = [
            _Flip(flip, signs, num_qubits, dtype, device)
            for flip, signs in strings_by_flip(observables).items()
        ]
        self._count = len(observables)

    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        """Return the expectation values (O, B) of states (2^n, B)."""
        total = states.real.new_zeros(self._count, states.shape[1])
        for term in self._terms:
            total = total + term(states)
        return total


class _Flip:
    """The strings of several observables that flip the same bits."""

    def __init__(
        self,
        flip: int,
        signs: dict[int, NDArray[np.complex128]],
        num_qubits: int,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        real = torch.empty(0, dtype=dtype).real.dtype
        self._parities = Parities(list(signs), num_qubits, real, device)
        weights = np.array(list(signs.values())).T
        self._real, self._imag = (
            torch.as_tensor(part, dtype=real, device=device)
            for part in (weights.real, weights.imag)
        )
        self._flipped = None
        if flip:
            self._flipped = torch.as_tensor(np.arange(2**num_qubits) ^ flip, device=device)

    def __call__(self, states: torch.Tensor) -> torch.Tensor:
        """Return the strings' contributions to the observables' values, (O, B)."""
        if self._flipped is None:
            # Real and imaginary parts are kept in separate columns, because strided passes over
            # complex numbers are slow.
            parts = torch.view_as_real(states)
            gathered = self._parities.gather((parts * parts).unsqueeze(0))[0]
            total: torch.Tensor = self._real @ gathered.flatten(1)
            return total.view(len(total), *parts.shape[1:]).sum(-1)
        overlap = states.index_select(0, self._flipped).conj() * states
        real, imag = (
            self._parities.gather(part.unsqueeze(0))[0] for part in (overlap.real, overlap.imag)
        )
        return self._real @ real - self._imag @ imag


def strings_by_flip(
    observables: Sequence[SparsePauliOp],
) -> dict[int, dict[int, NDArray[np.complex128]]]:
    """Return the weights of all Pauli strings in each observable, (O,), by flip and sign mask.

    A weight includes the factor i^|x∧z| and the string's own phase.
    """
    strings: dict[int, dict[int, NDArray[np.complex128]]] = {}
    for row, observable in enumerate(observables):
        for pauli, coefficient in zip(observable.paulis, observable.coeffs, strict=True):
            flip, sign = _mask(pauli.x), _mask(pauli.z)
            weights = strings.setdefault(flip, {}).setdefault(
                sign, np.zeros(len(observables), dtype=complex)
            )
            weights[row] += coefficient * (-1j) ** pauli.phase * 1j ** (flip & sign).bit_count()
    return strings


def as_pauli_sum(observable: BaseOperator | ObservableLike) -> SparsePauliOp:
    """Return an observable, of any class that PUBs accept or an operator, as a Pauli sum."""
    if isinstance(observable, SparsePauliOp):
        return observable
    if isinstance(observable, Pauli):
        return SparsePauliOp(observable)
    if isinstance(observable, BaseOperator):
        return SparsePauliOp.from_operator(observable)
    return SparsePauliOp.from_sparse_observable(ObservablesArray.coerce_observable(observable))


def basis_probabilities(states: torch.Tensor) -> torch.Tensor:
    """Return the outcome probabilities (2^n, B) of states (2^n, B)."""
    return states.real.square() + states.imag.square()


def _mask(bits: np.ndarray) -> int:
    return sum(1 << int(i) for i in np.flatnonzero(bits))
