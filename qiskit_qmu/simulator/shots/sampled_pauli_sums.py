"""Estimates from shots: samples the outcomes of N measurements of exact states."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu.simulator.compile.parity_masks import parity_sign
from qiskit_qmu.simulator.readout.measurement_bases import MeasuredTerms, Term, rotate_to_basis
from qiskit_qmu.simulator.shots.draws import outcome_counts

_LARGEST_TABLE = 2**22


def sampled_expectations(
    measured: MeasuredTerms,
    states: torch.Tensor,
    shots: int,
    generator: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Estimate observables from shots; a call of `SampledPauliSums`.

    Args:
        measured: The terms of O observables.
        states: States (2^n, B).
        shots: Measurements of each state in each basis.
        generator: Source of the shots.

    Returns:
        Estimates (O, B), and unbiased estimates (O, B) of their variances.
    """
    return SampledPauliSums(measured, shots, generator)(states)


class SampledPauliSums:
    """Several observables, estimated from shots in as few bases as qubit-wise commutation allows.

    Terms in one basis share their shots; each basis has its own stream, used state by state, so
    that states may come in chunks of any size.

    Args:
        measured: The terms of O observables on the same qubits.
        shots: Measurements of each state in each basis.
        generator: Source of the shots.
        kept: List that receives the counts (B, 2^n) of each call, if there is only one basis.
    """

    def __init__(
        self,
        measured: MeasuredTerms,
        shots: int,
        generator: np.random.Generator,
        *,
        kept: list[NDArray[np.int64]] | None = None,
    ) -> None:
        self._constants, bases = measured
        self._kept = kept if len(bases) == 1 else None
        self._bases = list(zip(bases.items(), generator.spawn(len(bases)), strict=True))
        self._shots = shots

    def __call__(self, states: torch.Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Estimate the observables in states.

        Args:
            states: States (2^n, B).

        Returns:
            Estimates (O, B), and unbiased estimates (O, B) of their variances: NaN for a single
            shot, zero for observables that need no measurement.
        """
        means = np.tile(self._constants[:, None], states.shape[1])
        variances = np.zeros_like(means)
        for (basis, terms), generator in self._bases:
            table = outcome_counts(rotate_to_basis(states, basis), self._shots, generator)
            if self._kept is not None:
                self._kept.append(table)
            counts = table.T.astype(float)
            for members, signs in _tables(terms, len(basis)):
                mean = signs @ counts / self._shots
                spread = np.maximum(signs**2 @ counts / self._shots - mean**2, 0.0)
                means[members] += mean
                # The mean square of N shots around their own mean underestimates the variance by
                # the factor (N - 1) / N.
                variances[members] += spread / (self._shots - 1) if self._shots > 1 else np.nan
        return means, variances


def _tables(
    terms: Sequence[Term], num_qubits: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Yield some of the observables (k,) and each outcome's contribution to them (k, 2^n)."""
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
