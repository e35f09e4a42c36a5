"""A compiled circuit: a short plan of fused steps over a batch of states.

A compiled program runs

1. the gates up to a qubit's first entangling gate, and prepared states, as a product state;
2. one-qubit gates whose angles all samples share as layers: one small dense matrix per block of up
   to five qubits, the Kronecker product of the qubits' 2 x 2 matrices;
3. one-qubit gates whose angles differ from sample to sample as 2 x 2 matrices per sample;
4. everything that permutes or multiplies basis states by phases (CX, SWAP, CCX, CZ, RZZ, CP, …),
   however many such gates follow each other, as one permutation and one phase per basis state;
5. any other gate without parameters as a dense matrix.

Every angle of a program is that of a rotation exp(-i a P / 2) about a string P of Pauli matrices.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.simulator.compile.angles import AngleMap

LARGEST_BLOCK = 5
"""Qubits in one dense block: a processor core is fastest at 32 x 32 products."""


@dataclass(frozen=True)
class Factor:
    """One 2 x 2 matrix of a run: a constant, or a rotation by a shared or a per-sample angle."""

    matrix: NDArray[np.complex128] | None = None
    axis: str = ""
    angle: int = -1
    batched: bool = False


GateRun = tuple[Factor, ...]
"""One-qubit gates that follow each other on one qubit, first applied first."""


@dataclass(frozen=True)
class LayerStep:
    """Shared one-qubit gates: layer ``index`` of the program, on the blocks that are not idle."""

    index: int
    blocks: tuple[int, ...]


@dataclass(frozen=True)
class BatchStep:
    """Per-sample one-qubit gates on some qubits."""

    runs: dict[int, GateRun]


@dataclass(frozen=True)
class ParityTerm:
    """A rotation by an angle about the parity of the qubits in ``mask``."""

    mask: int
    angle: int
    batched: bool


@dataclass(frozen=True)
class PhaseStep:
    """``new[s] = constant[s] exp(-i/2 Σ a χ(s)) old[source[s]]`` with a sum over the terms."""

    source: NDArray[np.int64] | None
    constant: NDArray[np.complex128] | None
    terms: tuple[ParityTerm, ...]


@dataclass(frozen=True)
class DenseStep:
    """A matrix on some qubits, the first the lowest bit of its indices."""

    qubits: tuple[int, ...]
    matrix: NDArray[np.complex128]


@dataclass(frozen=True)
class PreparedQubits:
    """Qubits that start in a prepared state.

    Attributes:
        qubits: The qubits, the first the lowest bit of the amplitudes' indices.
        amplitudes: Their amplitudes (2^k,); None if angles make them.
        angles: Per-sample angles of an amplitude encoding.
        are_amplitudes: Whether ``angles`` are the amplitudes themselves, of any norm.
    """

    qubits: tuple[int, ...]
    amplitudes: NDArray[np.complex128] | None = None
    angles: tuple[int, ...] = ()
    are_amplitudes: bool = False


ProgramStep = LayerStep | BatchStep | PhaseStep | DenseStep


@dataclass(frozen=True)
class Program:
    """A compiled circuit.

    Attributes:
        num_qubits: Number of qubits n; states have 2^n amplitudes, qubit 0 is the lowest bit.
        initial: The run of each qubit that makes the product state.
        prepared: The qubits that start in prepared states; their runs are empty.
        layers: The runs of each qubit, for each layer of shared gates.
        steps: The steps applied to the product state, in order.
        shared_map: Shared parameter values to shared angles.
        batched_map: Per-sample and shared parameter values to per-sample angles.
        num_shared_angles: Gate angles that all samples share, one for each gate.
        num_batched_angles: Gate angles that differ from sample to sample.
        table_bytes: Memory of the tables over basis states.
        engine: Which engine runs the steps of a network, and why; empty where none was chosen.
    """

    num_qubits: int
    initial: tuple[GateRun, ...]
    prepared: tuple[PreparedQubits, ...]
    layers: tuple[tuple[GateRun, ...], ...]
    steps: tuple[ProgramStep, ...]
    shared_map: AngleMap
    batched_map: AngleMap
    num_shared_angles: int
    num_batched_angles: int
    table_bytes: int
    engine: str = ""

    @property
    def num_angles(self) -> int:
        """Gate angles of both kinds."""
        return self.num_shared_angles + self.num_batched_angles

    @property
    def amplitude_angles(self) -> set[int]:
        """Positions, among the angles of both kinds, of those that are amplitudes."""
        return {
            self.num_shared_angles + angle
            for prepared in self.prepared
            if prepared.are_amplitudes
            for angle in prepared.angles
        }

    @property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        """The dense blocks as (first qubit, number of qubits), from the lowest qubit up."""
        return blocks_of(self.num_qubits)

    def __deepcopy__(self, memo: object) -> "Program":
        return self

    def __str__(self) -> str:
        angles = f"{self.num_shared_angles} shared and {self.num_batched_angles} per-sample angles"
        lines = [f"{self.num_qubits} qubits, {angles}", "product state"]
        lines += [f"prepared state of qubits {list(each.qubits)}" for each in self.prepared]
        lines += [_describe(step) for step in self.steps]
        return "\n".join(lines + [self.engine] * bool(self.engine))


def _describe(step: ProgramStep) -> str:
    match step:
        case LayerStep(index, blocks):
            return f"layer {index}: {len(blocks)} dense blocks"
        case BatchStep(runs):
            return f"per-sample gates on qubits {sorted(runs)}"
        case DenseStep(qubits, _):
            return f"dense gate on qubits {list(qubits)}"
        case PhaseStep(source, constant, terms):
            shared = sum(not term.batched for term in terms)
            parts = {
                "permutation": source is not None,
                "constant phases": constant is not None,
                f"rotations about {shared} parities": shared,
                f"per-sample rotations about {len(terms) - shared} parities": len(terms) > shared,
            }
            return " and ".join(part for part, present in parts.items() if present)


def blocks_of(num_qubits: int) -> tuple[tuple[int, int], ...]:
    """Split qubits into the fewest blocks of at most five, as equal in size as possible."""
    count = -(-num_qubits // LARGEST_BLOCK)
    sizes = [num_qubits // count + (i < num_qubits % count) for i in range(count)]
    starts = np.cumsum([0, *sizes[:-1]])
    return tuple((int(start), size) for start, size in zip(starts, sizes, strict=True))
