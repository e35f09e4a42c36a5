"""Converts real data to the angles of an AmplitudeEncoding and back, differentiably.

The half angle of a node of the binary tree over the amplitudes splits its norm into those of its
children, cosine to the left and sine to the right. Nodes are stored from the root down, level k
from 2^k - 1 on, with their bits reversed: the left children of a level are then its first half.
The angles of a level's RY gates are its 2^k angles after a Walsh-Hadamard transform, divided by
2^k, in Gray-code order.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits.unit_amplitudes import over_largest_entry


def amplitude_angles(x: torch.Tensor) -> torch.Tensor:
    """Return the angles of an `AmplitudeEncoding` that prepares the state x / ‖x‖.

    Works under ``torch.func.grad``, ``vmap`` and ``jacrev``. If all amplitudes below a node of the
    tree are zero, its angle is 0 and no gradient flows to them, as the angle is not differentiable
    there.

    Args:
        x: Amplitudes (…, 2^n) of any sign and norm; index s is that of the basis state s, with
            qubit 0 as the lowest bit.

    Returns:
        Angles (…, 2^n - 1) in radians.

    Raises:
        InputError: If the last dimension is not 2^n with n of at least 1, or a row is all zeros.

    Example:
        >>> import torch
        >>> from qiskit_qmu.circuits import amplitude_angles
        >>> amplitude_angles(torch.tensor([1.0, 1.0])) / torch.pi  # RY(π/2)
        tensor([0.5000])
    """
    num_qubits = _num_qubits(x.shape[-1])
    # Angles do not depend on the norm, so any constant factor will do.
    scaled = over_largest_entry(x)
    signed = scaled * _constant(_signs(num_qubits), scaled)
    leaves = signed.index_select(-1, _constant(_reversed_bits(num_qubits), x))
    left, right = _children(leaves, num_qubits)
    # Empty nodes are replaced before an angle is taken: its derivative there would be NaN.
    empty = left.square() + right.square() < torch.finfo(left.dtype).tiny
    half = torch.atan2(right.masked_fill(empty, 0.0), left.masked_fill(empty, 1.0))
    level, node = _gates(num_qubits)
    transformed = _hadamard(half, num_qubits).index_select(-1, _constant(node, half))
    return transformed * _constant(2.0 / 2.0**level, half)


def amplitudes_of_angles(angles: torch.Tensor) -> torch.Tensor:
    """Return the state that an `AmplitudeEncoding` prepares, the inverse of `amplitude_angles`.

    Works under ``torch.func.grad``, ``vmap`` and ``jacrev``.

    Args:
        angles: Angles (…, 2^n - 1) in radians.

    Returns:
        Real amplitudes (…, 2^n) of norm 1, index s for the basis state s.

    Raises:
        InputError: If the last dimension is not 2^n - 1 with n of at least 1.

    Example:
        >>> import torch
        >>> from qiskit_qmu.circuits import amplitudes_of_angles
        >>> amplitudes_of_angles(torch.tensor([torch.pi / 3]))  # cos π/6 and sin π/6
        tensor([0.8660, 0.5000])
    """
    num_qubits = _num_qubits(angles.shape[-1] + 1)
    _, node = _gates(num_qubits)
    gate_of_node = _constant(np.argsort(node), angles)
    half = _hadamard(angles.index_select(-1, gate_of_node), num_qubits) / 2
    amplitudes = torch.ones_like(angles[..., :1])
    levels = [2**level for level in range(num_qubits)]
    for cosine, sine in zip(
        half.cos().split(levels, -1), half.sin().split(levels, -1), strict=True
    ):
        amplitudes = torch.cat((amplitudes * cosine, amplitudes * sine), dim=-1)
    in_order = amplitudes.index_select(-1, _constant(_reversed_bits(num_qubits), angles))
    return in_order * _constant(_signs(num_qubits), angles)


def _num_qubits(size: int) -> int:
    num_qubits = size.bit_length() - 1
    if size < 2 or size != 2**num_qubits:
        raise InputError(
            f"the number of amplitudes must be a power of two of at least 2, got {size}"
        )
    return num_qubits


def _constant(values: NDArray[Any], like: torch.Tensor) -> torch.Tensor:
    is_index = np.issubdtype(values.dtype, np.integer)
    dtype = torch.int64 if is_index else like.dtype
    return torch.as_tensor(values, dtype=dtype, device=like.device)


def _reversed_bits(num_qubits: int) -> NDArray[np.int64]:
    basis_states = np.arange(2**num_qubits)
    bits = [(basis_states >> qubit & 1) << num_qubits - 1 - qubit for qubit in range(num_qubits)]
    return np.asarray(np.bitwise_or.reduce(bits))


def _signs(num_qubits: int) -> NDArray[np.float64]:
    """Return the signs that the gates omitted by an AmplitudeEncoding would give the amplitudes.

    These are CZ gates of the highest qubit with every other one.
    """
    others = np.bitwise_count(np.arange(2 ** (num_qubits - 1))) % 2
    return np.concatenate((np.ones(len(others)), 1.0 - 2.0 * others))


def _children(leaves: torch.Tensor, num_qubits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the left and the right child (…, 2^n - 1) of each node: norms, or leaves."""
    squares, lefts, rights = leaves.square(), [], []
    for _ in range(num_qubits):
        left, right = squares.chunk(2, dim=-1)
        lefts.append(left)
        rights.append(right)
        squares = left + right
    inner = 2 ** (num_qubits - 1) - 1
    left, right = (
        torch.cat((_root(torch.cat(side[::-1], dim=-1)[..., :inner]), leaf), dim=-1)
        for side, leaf in zip((lefts, rights), leaves.chunk(2, dim=-1), strict=True)
    )
    return left, right


def _root(squares: torch.Tensor) -> torch.Tensor:
    """Return square roots, with (nearly) zero treated as a constant zero."""
    zero = squares < torch.finfo(squares.dtype).tiny
    return squares.masked_fill(zero, 1.0).sqrt().masked_fill(zero, 0.0)


def _gates(num_qubits: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the level of each RY gate, and the node whose transformed angle it has."""
    level = np.repeat(np.arange(num_qubits), 2 ** np.arange(num_qubits))
    step = np.arange(1, 2**num_qubits) - 2**level
    gray = _reversed_bits(num_qubits)[step ^ step >> 1] >> num_qubits - level
    return level, 2**level - 1 + gray


def _hadamard(nodes: torch.Tensor, num_qubits: int) -> torch.Tensor:
    """Multiply the nodes (…, 2^n - 1) of each level by a Hadamard matrix."""
    levels = nodes.split([2**level for level in range(num_qubits)], dim=-1)
    matrix = torch.ones(1, 1, dtype=nodes.dtype, device=nodes.device)
    transformed = [levels[0]]
    for level in levels[1:]:
        upper, lower = torch.cat((matrix, matrix)), torch.cat((matrix, -matrix))
        matrix = torch.cat((upper, lower), dim=1)
        transformed.append(level @ matrix)
    return torch.cat(transformed, dim=-1)
