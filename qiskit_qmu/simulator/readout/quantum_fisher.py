"""The quantum Fisher information of a circuit's pure states, exactly, from their derivatives."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit

from qiskit_qmu.simulator.compile.active_qubits import active_qubits
from qiskit_qmu.simulator.engine.cache import SimulationCache
from qiskit_qmu.simulator.readout.jacobians import jacobian_by_angles

_LARGEST_JACOBIAN = 2**24
"""Bytes of derivatives held at once."""


def state_fisher_information(
    circuit: QuantumCircuit,
    rows: NDArray[np.float64],
    wanted: Sequence[int],
    *,
    diagonal: bool = False,
) -> NDArray[np.float64]:
    """Return F_kl = 4 Re(⟨∂_kψ|∂_lψ⟩ − ⟨∂_kψ|ψ⟩⟨ψ|∂_lψ⟩), averaged over rows.

    F is four times the Fubini–Study metric; it is the largest Fisher information that any
    measurement of the state has of the parameters. States are pure: noise is not part of it. J. J.
    Meyer, Fisher Information in Noisy Intermediate-Scale Quantum Applications,
    https://arxiv.org/abs/2103.15191.

    Args:
        circuit: A circuit of unitary gates; final measurements are ignored.
        rows: Parameter values (B, P), in the circuit's order.
        wanted: The W parameters to differentiate by, as columns of ``rows``.
        diagonal: Whether to return the diagonal alone.

    Returns:
        The symmetric matrix (W, W), or its diagonal (W,).

    Example:
        >>> import numpy as np
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> from qiskit_qmu.simulator.readout.quantum_fisher import state_fisher_information
        >>> circuit = QuantumCircuit(1)
        >>> _ = circuit.ry(Parameter("w"), 0)
        >>> state_fisher_information(circuit, np.array([[0.3]]), [0]).round(6).tolist()
        [[1.0]]
    """
    small = active_qubits(circuit).circuit
    cache = SimulationCache(torch.complex128, "cpu")
    outputs = 2 * 2**small.num_qubits
    at_once = max(1, _LARGEST_JACOBIAN // (8 * outputs * max(1, rows.shape[1])))
    columns = np.asarray(wanted, dtype=np.int64)
    total = np.zeros(len(columns) if diagonal else (len(columns), len(columns)))
    for start in range(0, len(rows), at_once):
        found = jacobian_by_angles(
            cache,
            small,
            rows[start : start + at_once],
            outputs,
            wanted,
            _horizontal,
            by_shifts=False,
        )[:, :, columns]
        total += np.einsum("bok,bok->k" if diagonal else "bok,bol->kl", found, found, optimize=True)
    return 4 * total / len(rows)


def _horizontal(states: torch.Tensor, derivatives: torch.Tensor) -> torch.Tensor:
    """Return the parts of derivatives that are orthogonal to the states, as real numbers."""
    along = torch.einsum("sb,ksb->kb", states.conj(), derivatives)
    across = derivatives - along.unsqueeze(1) * states
    return torch.cat([across.real, across.imag], dim=1).movedim(1, 0)
