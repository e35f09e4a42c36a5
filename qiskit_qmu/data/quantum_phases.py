"""Ground states of a spin chain, labelled by their phase: data that are quantum from the start."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

SPINS = 8
"""Length of the chain."""

STATES = 600
"""Ground states that rows are drawn from."""

SIGNS = np.array([-1.0, -1.0, 1.0])
"""Signs of the three terms of the Hamiltonian."""

CLASSES = ("paramagnet", "Ising", "cluster")
"""Names of the phases by class."""

Array = NDArray[np.float64]


@cache
def ground_states() -> tuple[Array, NDArray[np.int64]]:
    """Return ground states of the cluster-Ising chain on a ring, and the phase of each.

    H = Σ (-a Z_i - b X_i X_(i+1) + c X_i Z_(i+1) X_(i+2)) with a, b, c ≥ 0 and a + b + c = 1. For
    a long chain its phases are known exactly, from the zeros of a + b z + c z² inside the unit
    circle: the Ising phase where b > a + c; else the paramagnet where a > c, and the cluster phase
    (protected by symmetry) where c > a. See Verresen, Moessner and Pollmann, One-dimensional
    symmetry protected topological phases and their transitions,
    https://arxiv.org/abs/1707.05787. A short chain changes smoothly from one to the next.

    Returns:
        Amplitudes (states, 2^spins), real, of norm 1, the largest of each positive, and classes
        (states,). Bit i of a position is spin i. They depend on nothing random.

    Example:
        >>> from qiskit_qmu.data.quantum_phases import ground_states
        >>> states, phases = ground_states()
        >>> states.shape, round(float((states[0] ** 2).sum()), 6)
        ((600, 256), 1.0)
    """
    weights, symmetric = couplings(STATES), symmetric_states(SPINS)
    terms = np.array([symmetric.T @ term @ symmetric for term in chain_terms(SPINS)])
    hamiltonians = np.tensordot(weights * SIGNS, terms, axes=1)
    states = np.linalg.eigh(hamiltonians)[1][:, :, 0] @ symmetric.T
    largest = states[np.arange(STATES), np.abs(states).argmax(axis=1)]
    states *= np.sign(largest)[:, None]
    return states, phase_of(weights)


def phase_of(weights: Array) -> NDArray[np.int64]:
    """Return the class of each a, b, c (n, 3), as `CLASSES` numbers them."""
    a, b, c = weights.T
    return np.where(b > a + c, 1, np.where(a > c, 0, 2)).astype(np.int64)


def couplings(number: int) -> Array:
    """Return points (n, 3) that fill the triangle of a, b, c evenly.

    They are multiples of an irrational vector (Roberts' sequence), folded into the triangle, so
    that none is drawn at random and none lies on a border.
    """
    root = 1.324717957244746  # the plastic number, x³ = x + 1
    steps = np.arange(1, number + 1)[:, None] * np.array([1 / root, 1 / root**2])
    square = (0.5 + steps) % 1
    folded = np.where(square.sum(axis=1, keepdims=True) > 1, 1 - square, square)
    return np.column_stack([folded, 1 - folded.sum(axis=1)])


def chain_terms(spins: int) -> tuple[Array, Array, Array]:
    """Return Σ Z_i, Σ X_i X_(i+1) and Σ X_i Z_(i+1) X_(i+2) on a ring, each (2^spins, 2^spins)."""
    size = 2**spins
    positions = np.arange(size)
    signs = 1.0 - 2.0 * ((positions[:, None] >> np.arange(spins)) & 1)
    field, ising, cluster = np.diag(signs.sum(axis=1)), np.zeros((size,) * 2), np.zeros((size,) * 2)
    for spin in range(spins):
        second, third = (spin + 1) % spins, (spin + 2) % spins
        ising[positions, positions ^ (1 << spin | 1 << second)] += 1.0
        cluster[positions, positions ^ (1 << spin | 1 << third)] += signs[:, second]
    return field, ising, cluster


def symmetric_states(spins: int) -> Array:
    """Return the symmetric states of a ring as columns (2^spins, states) of norm 1.

    They have an even number of spins down, and neither turning nor mirroring the ring changes them.
    The ground state is one of them; of two nearly equal ones in the Ising phase it is the symmetric
    one.
    """
    kinds: dict[frozenset[int], None] = {}
    for position in range(2**spins):
        if position.bit_count() % 2 == 0:
            kinds[_alike(position, spins)] = None
    columns = np.zeros((2**spins, len(kinds)))
    for column, positions in enumerate(kinds):
        columns[list(positions), column] = len(positions) ** -0.5
    return columns


def _alike(position: int, spins: int) -> frozenset[int]:
    """Return the positions that turning and mirroring the ring makes of one."""
    bits = [position >> spin & 1 for spin in range(spins)]
    turned = [bits[shift:] + bits[:shift] for shift in range(spins)]
    both = (*turned, *(each[::-1] for each in turned))
    return frozenset(sum(bit << spin for spin, bit in enumerate(each)) for each in both)
