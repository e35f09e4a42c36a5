"""The few kinds of elementary gate that every circuit is unrolled into.

Global phases are dropped: no measured value depends on them.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import Gate, ParameterExpression

GateAngle: TypeAlias = ParameterExpression | float


@dataclass(frozen=True)
class FixedGate:
    """A one-qubit gate without parameters."""

    qubit: int
    matrix: NDArray[np.complex128]


@dataclass(frozen=True)
class PauliRotation:
    """exp(-i angle P / 2) with the Pauli matrix P of ``axis`` on one qubit."""

    qubit: int
    axis: str
    angle: ParameterExpression


@dataclass(frozen=True)
class ParityRotation:
    """exp(-i angle χ / 2), where χ(s) = ±1 is the parity of the basis state s over some qubits."""

    qubits: tuple[int, ...]
    angle: GateAngle


@dataclass(frozen=True)
class MonomialGate:
    """A gate that maps each basis state to one basis state times a phase, as CX, SWAP, CY, CCX.

    ``new[j] = phases[j] * old[source[j]]`` in the basis of the gate's own qubits.
    """

    qubits: tuple[int, ...]
    source: NDArray[np.int64]
    phases: NDArray[np.complex128]


@dataclass(frozen=True)
class DenseGate:
    """Any other gate without parameters, by its matrix in the basis of its own qubits."""

    qubits: tuple[int, ...]
    matrix: NDArray[np.complex128]


@dataclass(frozen=True)
class StatePreparationGate:
    """A gate that takes |0…0⟩ to known amplitudes; on other states its definition applies.

    The amplitudes are given directly or by the angles of an amplitude encoding.
    """

    qubits: tuple[int, ...]
    gate: Gate
    amplitudes: NDArray[np.complex128] | None = None
    angles: tuple[GateAngle, ...] = ()


@dataclass(frozen=True)
class FeatureAmplitudes:
    """Qubits that start in real amplitudes of norm 1, proportional to these values."""

    qubits: tuple[int, ...]
    values: tuple[GateAngle, ...]


ElementaryGate = (
    FixedGate
    | PauliRotation
    | ParityRotation
    | MonomialGate
    | DenseGate
    | StatePreparationGate
    | FeatureAmplitudes
)
