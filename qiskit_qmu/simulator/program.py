"""A compiled circuit: a short plan of fused steps over a batch of states.

A compiled program runs

1. the gates up to a qubit's first entangling gate as a product state, one two-vector per qubit
   and sample;
2. one-qubit gates whose angles all samples share as layers: one small dense matrix per block of up
   to five qubits, the Kronecker product of the qubits' 2 x 2 matrices;
3. one-qubit gates whose angles differ from sample to sample as 2 x 2 matrices per sample;
4. everything that permutes or multiplies basis states by phases (CX, SWAP, CCX, CZ, RZZ, CP, …),
   however many such gates follow each other, as one permutation and one phase per basis state.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.simulator.angles import AngleMap

LARGEST_BLOCK = 5
"""Qubits in one dense block: 32 x 32 products are where a processor core is fastest."""


@dataclass(frozen=True)
class Factor:
    """One 2 x 2 matrix of a run: a constant, or a rotation by a shared or a per-sample angle."""

    matrix: NDArray[np.complex128] | None = None
    axis: str = ""
    angle: int = -1
    batched: bool = False


Run = tuple[Factor, ...]
"""One-qubit gates that follow each other on one qubit, first applied first."""


@dataclass(frozen=True)
class LayerStep:
    """Shared one-qubit gates: layer ``index`` of the program, on the blocks that are not idle."""

    index: int
    blocks: tuple[int, ...]


@dataclass(frozen=True)
class BatchStep:
    """Per-sample one-qubit gates on some qubits."""

    runs: dict[int, Run]


@dataclass(frozen=True)
class PhaseStep:
    """``new[s] = constant[s] exp(i (shared @ a + batched @ b)[s]) old[source[s]]``."""

    source: NDArray[np.int64] | None
    constant: NDArray[np.complex128] | None
    shared: NDArray[np.float64] | None
    shared_angles: tuple[int, ...] = ()
    batched: NDArray[np.float64] | None = None
    batched_angles: tuple[int, ...] = ()


Step = LayerStep | BatchStep | PhaseStep


@dataclass(frozen=True)
class Program:
    """A compiled circuit.

    Attributes:
        num_qubits: Number of qubits n; states have 2^n amplitudes, qubit 0 is the lowest bit.
        initial: The run of each qubit that makes the product state.
        layers: The runs of each qubit, for each layer of shared gates.
        steps: What happens to the product state, in order.
        shared_map: Shared parameter values to shared angles.
        batched_map: Per-sample and shared parameter values, joined, to per-sample angles.
        num_shared_angles: Gate angles that all samples share, one for each gate.
        num_batched_angles: Gate angles that differ from sample to sample.
    """

    num_qubits: int
    initial: tuple[Run, ...]
    layers: tuple[tuple[Run, ...], ...]
    steps: tuple[Step, ...]
    shared_map: AngleMap
    batched_map: AngleMap
    num_shared_angles: int
    num_batched_angles: int

    @property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        """The dense blocks as (first qubit, number of qubits), from the lowest qubit up."""
        return blocks_of(self.num_qubits)

    def __deepcopy__(self, memo: object) -> "Program":
        return self

    def __str__(self) -> str:
        lines = [f"product state of {self.num_qubits} qubits"]
        for step in self.steps:
            match step:
                case LayerStep(index, blocks):
                    lines.append(f"layer {index}: {len(blocks)} dense blocks")
                case BatchStep(runs):
                    lines.append(f"per-sample gates on qubits {sorted(runs)}")
                case PhaseStep():
                    lines.append(_describe(step))
        return "\n".join(lines)


def _describe(step: PhaseStep) -> str:
    parts = ["permutation"] if step.source is not None else []
    if step.constant is not None:
        parts.append("constant phases")
    if step.shared_angles:
        parts.append(f"phases of {len(step.shared_angles)} shared angles")
    if step.batched_angles:
        parts.append(f"phases of {len(step.batched_angles)} per-sample angles")
    return " and ".join(parts)


def blocks_of(num_qubits: int) -> tuple[tuple[int, int], ...]:
    """Split qubits into the fewest blocks of at most five, as equal as they can be."""
    count = -(-num_qubits // LARGEST_BLOCK)
    sizes = [num_qubits // count + (i < num_qubits % count) for i in range(count)]
    starts = np.cumsum([0, *sizes[:-1]])
    return tuple((int(start), size) for start, size in zip(starts, sizes, strict=True))


def parity_sign(num_qubits: int, mask: int) -> NDArray[np.float64]:
    """Return (-1)^(number of ones of s on the qubits of ``mask``) for every basis state s."""
    bits = np.bitwise_count(np.arange(2**num_qubits) & mask)
    return np.asarray(1.0 - 2.0 * (bits % 2))
