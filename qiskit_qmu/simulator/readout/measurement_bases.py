"""Groups qubit-wise commuting Pauli strings, which are measured together."""

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.quantum_info import SparsePauliOp

# Rotations that turn a measurement of X or Y into one of Z: H, and H S^dagger.
_TO_Z = {
    "X": np.array([[1, 1], [1, -1]]) / np.sqrt(2),
    "Y": np.array([[1, -1j], [1, 1j]]) / np.sqrt(2),
}

Term = tuple[int, int, float]
"""A measured string: which observable it belongs to, its qubits as a bit mask, its coefficient."""

MeasuredTerms = tuple[NDArray[np.float64], dict[str, list[Term]]]
"""The coefficient (O,) of the identity in each observable, and the terms of each basis."""

_Masks = tuple[int, int]


def measurement_bases(labels: Iterable[str]) -> list[str]:
    """Group qubit-wise commuting Pauli labels; return one basis label per group.

    Args:
        labels: Strings of I, X, Y and Z of one length.

    Returns:
        Basis labels, greedily: each string joins the first group that it fits.

    Example:
        >>> measurement_bases(["ZZ", "IZ", "XX", "XI"])
        ['ZZ', 'XX']
    """
    labels = list(labels)
    bases, _ = _assign(labels)
    return [_label(basis, len(labels[0])) for basis in bases]


def measured_terms(
    observables: Sequence[SparsePauliOp],
) -> MeasuredTerms:
    """Group the terms of observables into few measurement bases.

    Args:
        observables: O Hermitian Pauli sums on the same qubits.

    Returns:
        The coefficient (O,) of the identity in each, and the terms of each measurement basis.
    """
    constants = np.zeros(len(observables))
    terms: dict[str, list[tuple[int, float]]] = {}
    for row, observable in enumerate(observables):
        for label, coefficient in observable.label_iter():
            if set(label) <= {"I"}:
                constants[row] += coefficient.real
            else:
                terms.setdefault(label, []).append((row, coefficient.real))
    bases, group_of = _assign(terms)
    measured: list[list[Term]] = [[] for _ in bases]
    for (label, members), group in zip(terms.items(), group_of, strict=True):
        x, z = _masks(label)
        measured[group] += [(row, x | z, coefficient) for row, coefficient in members]
    names = [_label(basis, observables[0].num_qubits) for basis in bases]
    return constants, dict(zip(names, measured, strict=True))


def rotate_to_basis(states: torch.Tensor, basis: str) -> torch.Tensor:
    """Return states (2^n, B) rotated so that outcomes in ``basis`` are basis states."""
    for qubit, pauli in enumerate(reversed(basis)):
        if pauli in _TO_Z:
            matrix = torch.as_tensor(_TO_Z[pauli], dtype=states.dtype, device=states.device)
            view = states.reshape(len(states) >> qubit + 1, 2, 2**qubit * states.shape[1])
            states = torch.einsum("ij,ajb->aib", matrix, view).reshape(states.shape)
    return states


def _assign(labels: Iterable[str]) -> tuple[list[_Masks], list[int]]:
    """Return the bases of all labels and, for each label, which one it is measured in."""
    bases: list[_Masks] = []
    group_of: list[int] = []
    for x, z in map(_masks, labels):
        for group, (basis_x, basis_z) in enumerate(bases):
            both = (x | z) & (basis_x | basis_z)
            if not both & ((x ^ basis_x) | (z ^ basis_z)):
                bases[group] = (basis_x | x, basis_z | z)
                group_of.append(group)
                break
        else:
            group_of.append(len(bases))
            bases.append((x, z))
    return bases, group_of


def _masks(label: str) -> _Masks:
    """Return the qubits with an X part and those with a Z part, as bit masks."""
    x = label.translate(str.maketrans("IXYZ", "0110"))
    z = label.translate(str.maketrans("IXYZ", "0011"))
    return int(x or "0", 2), int(z or "0", 2)


def _label(masks: _Masks, num_qubits: int) -> str:
    x, z = masks
    return "".join(
        "IXZY"[(x >> qubit & 1) + 2 * (z >> qubit & 1)] for qubit in reversed(range(num_qubits))
    )
