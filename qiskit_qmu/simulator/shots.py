"""Finite-shot results from exact states: the distribution of N measurements, drawn directly."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.quantum_info import SparsePauliOp

from qiskit_qmu.simulator.draws import draw_counts
from qiskit_qmu.simulator.measurement_bases import (
    Term,
    measured_terms,
    measurement_bases,
    rotate,
)
from qiskit_qmu.simulator.observables import probabilities
from qiskit_qmu.simulator.program import parity_sign

__all__ = ["measurement_bases", "outcome_counts", "outcome_weights", "sampled_expectations"]

_LARGEST_TABLE = 2**22


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
    return draw_counts(outcome_weights(states), shots, generator)


def outcome_weights(states: torch.Tensor) -> NDArray[np.float64]:
    """Return the outcome probabilities (B, 2^n) of states (2^n, B), on the CPU.

    Rows add up to 1 as well as the states' precision allows.
    """
    return np.ascontiguousarray(probabilities(states).T.double().cpu().numpy())


def sampled_expectations(
    observables: Sequence[SparsePauliOp],
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
        Estimates (O, B), and unbiased estimates (O, B) of their variances: NaN where a single shot
        leaves them open, zero for observables that need no measurement.
    """
    shape = (len(observables), states.shape[1])
    means, variances = np.zeros(shape), np.zeros(shape)
    constants, bases = measured_terms(observables)
    means += constants[:, None]
    for basis, terms in bases.items():
        frequencies = outcome_counts(rotate(states, basis), shots, generator) / shots
        for members, table in _tables(terms, len(basis)):
            mean = table @ frequencies.T
            spread = np.maximum(table**2 @ frequencies.T - mean**2, 0.0)
            means[members] += mean
            variances[members] += spread / (shots - 1) if shots > 1 else np.nan
    return means, variances


def _tables(
    terms: Sequence[Term], num_qubits: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Yield some of the observables (k,) and what each outcome adds to them (k, 2^n)."""
    of_observable: dict[int, list[tuple[int, float]]] = {}
    for row, mask, coefficient in terms:
        of_observable.setdefault(row, []).append((mask, coefficient))
    rows = np.array(list(of_observable))
    at_once = max(1, _LARGEST_TABLE >> num_qubits)
    for first in range(0, len(rows), at_once):
        members = rows[first : first + at_once]
        table = np.zeros((len(members), 2**num_qubits))
        for line, row in zip(table, members, strict=True):
            for mask, coefficient in of_observable[row]:
                line += coefficient * parity_sign(num_qubits, mask)
        yield members, table
