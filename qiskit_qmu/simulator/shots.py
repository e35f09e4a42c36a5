"""Finite-shot results from exact states: the distribution of N measurements, drawn directly."""

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.quantum_info import SparsePauliOp

from qiskit_qmu.simulator.observables import probabilities
from qiskit_qmu.simulator.program import parity_sign

# Rotations that turn a measurement of X or Y into one of Z: H, and H S^dagger.
_TO_Z = {
    "X": np.array([[1, 1], [1, -1]]) / np.sqrt(2),
    "Y": np.array([[1, -1j], [1, 1j]]) / np.sqrt(2),
}


def outcome_counts(
    states: torch.Tensor, shots: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw how often each basis state is measured.

    Args:
        states: States (2^n, B).
        shots: Measurements of each state.
        generator: Source of the shots.

    Returns:
        Counts (B, 2^n); each row adds up to ``shots``.
    """
    weights = probabilities(states).double().cpu().numpy().T
    counts: NDArray[np.int64] = generator.multinomial(
        shots, weights / weights.sum(axis=1, keepdims=True)
    )
    return counts


def sampled_expectations(
    observables: list[SparsePauliOp],
    states: torch.Tensor,
    shots: int,
    generator: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Estimate observables from shots; qubit-wise commuting terms share their shots.

    Args:
        observables: O Hermitian Pauli sums.
        states: States (2^n, B).
        shots: Measurements of each state in each basis.
        generator: Source of the shots.

    Returns:
        Estimates (O, B), and the estimated variances of those estimates (O, B).
    """
    labels = [label for observable in observables for label, _ in observable.label_iter()]
    shape = (len(observables), states.shape[1])
    means, variances = np.zeros(shape), np.zeros(shape)
    for basis in measurement_bases(labels):
        table = _basis_table(observables, labels, basis)
        frequencies = outcome_counts(_rotate(states, basis), shots, generator).T / shots
        mean = table @ frequencies
        means += mean
        variances += np.maximum(table**2 @ frequencies - mean**2, 0.0) / shots
    return means, variances


def measurement_bases(labels: list[str]) -> list[str]:
    """Group Pauli labels that commute qubit by qubit; return one basis label for each group."""
    bases: list[str] = []
    for label in dict.fromkeys(labels):
        for i, basis in enumerate(bases):
            if _fits(label, basis):
                bases[i] = "".join(b if p == "I" else p for p, b in zip(label, basis, strict=True))
                break
        else:
            bases.append(label)
    return bases


def _fits(label: str, basis: str) -> bool:
    return all("I" in {p, b} or p == b for p, b in zip(label, basis, strict=True))


def _measures(basis: str, label: str) -> bool:
    return all(p in ("I", b) for p, b in zip(label, basis, strict=True))


def _basis_table(
    observables: list[SparsePauliOp], labels: list[str], basis: str
) -> NDArray[np.float64]:
    """Return the value (O, 2^n) that each outcome in this basis adds to each observable.

    A term is measured in the first basis that it fits.
    """
    bases = measurement_bases(labels)
    num_qubits = len(basis)
    table = np.zeros((len(observables), 2**num_qubits))
    for row, observable in enumerate(observables):
        for label, coefficient in observable.label_iter():
            first = next(b for b in bases if _measures(b, label))
            if first == basis:
                mask = sum(1 << i for i, p in enumerate(reversed(label)) if p != "I")
                table[row] += coefficient.real * parity_sign(num_qubits, mask)
    return table


def _rotate(states: torch.Tensor, basis: str) -> torch.Tensor:
    for qubit, pauli in enumerate(reversed(basis)):
        if pauli in _TO_Z:
            matrix = torch.as_tensor(_TO_Z[pauli], dtype=states.dtype, device=states.device)
            view = states.reshape(-1, 2, 2**qubit * states.shape[1])
            states = torch.einsum("ij,ajb->aib", matrix, view).reshape(states.shape)
    return states
