"""Parities of basis states over sets of qubits, the sets as bit masks."""

import numpy as np
from numpy.typing import NDArray


def parity_sign(num_qubits: int, mask: int) -> NDArray[np.float64]:
    """Return (-1)^(number of ones of s on the qubits of ``mask``) for every basis state s.

    Example:
        >>> parity_sign(2, 0b11).tolist()
        [1.0, -1.0, -1.0, 1.0]
    """
    bits = np.bitwise_count(np.arange(2**num_qubits) & mask)
    return np.asarray(1.0 - 2.0 * (bits % 2))


def linear_masks(qubits: tuple[int, ...], source: NDArray[np.int64]) -> list[int] | None:
    """Return, for each qubit of a linear permutation, the new bits whose parity its old bit is.

    Args:
        qubits: Qubits that the permutation acts on.
        source: The old state of each new one, in the basis of these qubits.

    Returns:
        One mask per qubit; None if the permutation is not linear over bits (CCX) or shifts them
        (a plain X).

    Example:
        >>> linear_masks((0, 1), np.array([0, 3, 2, 1]))  # CX controlled by the lower bit
        [1, 3]
    """
    masks = [
        sum(((int(source[1 << j]) >> i) & 1) << j for j in range(len(qubits)))
        for i in range(len(qubits))
    ]
    for state, origin in enumerate(source):
        bits = sum(((mask & state).bit_count() % 2) << i for i, mask in enumerate(masks))
        if bits != origin:
            return None
    return masks


def permuted_mask(mask: int, qubits: tuple[int, ...], linear: list[int]) -> int:
    """Return the mask over new basis states that has the parity of ``mask`` over old ones.

    Args:
        mask: Any qubits of the circuit, bit q for qubit q.
        qubits: Qubits that the permutation acts on.
        linear: The result of `linear_masks` for it.
    """
    permuted = mask & ~sum(1 << qubit for qubit in qubits)
    for i, qubit in enumerate(qubits):
        if mask >> qubit & 1:
            permuted ^= sum(1 << qubits[j] for j in range(len(qubits)) if linear[i] >> j & 1)
    return permuted
