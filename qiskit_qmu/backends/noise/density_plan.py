"""A noisy circuit as a few two-qubit matrices, applied to batches of density matrices.

A density matrix is held by its Pauli coefficients Tr(P ρ), which are real, so a channel on two
qubits is a real 16 x 16 matrix. One-qubit gates and noise are multiplied into the two-qubit gates
beside them. A qubit joins the state when it is first entangled; after its last gate, only its
coefficients of I and Z are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import Delay, Gate, ParameterExpression, QuantumCircuit
from qiskit.circuit.library import RYGate, RZGate, U2Gate, U3Gate, UGate

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.noise.tables import NoiseTables, gate_matrix, rotation_matrices
from qiskit_qmu.simulator.compile.angles import AngleMap
from qiskit_qmu.simulator.compile.instructions import is_barrier

_ZERO = (1.0, 0.0, 0.0, 1.0)
"""Coefficients of |0><0|."""
_MEASURED = (0, 3)
"""Positions, among I, X, Y, Z, of the coefficients that a measurement of Z sees."""
_STATE_ENTRIES = 2**20
"""Coefficients processed at once: about what fits a processor's cache."""


@dataclass(frozen=True, eq=False)
class _Factor:
    """A gate or its noise: a constant matrix, or a function of one angle."""

    qubits: tuple[int, ...]
    matrices: tuple[torch.Tensor, ...]
    column: int | None

    def matrix(self, angles: torch.Tensor) -> torch.Tensor:
        """Return the matrix (b or 1, d, d) for rows of the steps' angles (b, A)."""
        if self.column is None:
            return self.matrices[0].unsqueeze(0)
        angle = angles[:, self.column]
        if (angle == angle[0]).all():  # the same for all rows: build it once
            angle = angle[:1]
        constant, cosine, sine = self.matrices
        angle = angle[:, None, None]
        return constant + angle.cos() * cosine + angle.sin() * sine


@dataclass(eq=False)
class _Block:
    """Neighbouring steps on one pair of qubits."""

    qubits: tuple[int, int]
    steps: list[_Factor] = field(default_factory=list)
    last_of: set[int] = field(default_factory=set)

    def matrix(self, angles: torch.Tensor) -> torch.Tensor:
        """Return the product (b or 1, 16, 16), rows and columns (first qubit, second qubit)."""
        product = torch.eye(16, dtype=angles.dtype).unsqueeze(0)
        for step in self.steps:
            product = self._lifted(step, angles) @ product
        return product

    def _lifted(self, step: _Factor, angles: torch.Tensor) -> torch.Tensor:
        matrix = step.matrix(angles)
        if len(step.qubits) == 1:
            eye = torch.eye(4, dtype=matrix.dtype)
            if step.qubits[0] == self.qubits[0]:
                return torch.einsum("bij,kl->bikjl", matrix, eye).reshape(-1, 16, 16)
            return torch.einsum("bij,kl->bkilj", matrix, eye).reshape(-1, 16, 16)
        # Qiskit's matrices have a gate's second qubit first.
        if step.qubits == self.qubits[::-1]:
            return matrix
        swapped = matrix.reshape(-1, 4, 4, 4, 4).permute(0, 2, 1, 4, 3)
        return swapped.reshape(-1, 16, 16)


@dataclass(eq=False)
class _Part:
    """Qubits that are entangled with each other: coefficients (b, d, …), one axis a qubit."""

    tensor: torch.Tensor
    axes: list[int]


class DensityPlan:
    """Outcome probabilities of a noisy circuit, exactly, for many rows of angles.

    Args:
        circuit: One- and two-qubit gates, rotations with a parameter each, no measurements.
        noise: What happens after each gate.

    Raises:
        InputError: If a gate or its noise is not supported.
    """

    def __init__(self, circuit: QuantumCircuit, noise: NoiseTables) -> None:
        self._num_qubits = circuit.num_qubits
        self._start: dict[int, list[_Factor]] = {q: [] for q in range(circuit.num_qubits)}
        self._blocks: list[_Block] = []
        newest: dict[int, _Block] = {}
        steps, self._angles = _steps(circuit, noise)
        for step in steps:
            if len(step.qubits) == 1:
                (qubit,) = step.qubits
                own = newest[qubit].steps if qubit in newest else self._start[qubit]
                own.append(step)
                continue
            one, other = step.qubits
            block = newest.get(one)
            if block is None or newest.get(other) is not block:
                block = _Block((one, other))
                self._blocks.append(block)
                newest[one] = newest[other] = block
            block.steps.append(step)
        for qubit, block in newest.items():
            block.last_of.add(qubit)

    def probabilities(
        self, angles: NDArray[np.float64], *, single: bool = False
    ) -> NDArray[np.float64]:
        """Return the probability (B, 2^n) of each basis state for rows of angles (B, A).

        Args:
            angles: Values of the circuit's parameters, in its order.
            single: Compute in single precision, with errors of about 1e-6 and in half the time.
        """
        size = max(1, _STATE_ENTRIES // 4**self._num_qubits)
        values = torch.as_tensor(np.asarray(angles, dtype=float))
        if not len(values):
            return np.zeros((0, 2**self._num_qubits))
        if values.shape[1]:
            values = self._angles(values)
        dtype = torch.float32 if single else torch.float64
        chunks = [self._evolve(chunk, dtype) for chunk in values.split(size)]
        return torch.cat(chunks).double().numpy()

    def _evolve(self, angles: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        parts = {
            qubit: _Part(self._initial(qubit, angles).to(dtype), [qubit])
            for qubit in range(self._num_qubits)
        }
        for block in self._blocks:
            one, other = block.qubits
            part = parts[one]
            if parts[other] is not part:
                part = _joined(part, parts[other])
            _apply(part, block, block.matrix(angles).to(dtype))
            for qubit in part.axes:
                parts[qubit] = part
        whole = _joined_all(list({id(part): part for part in parts.values()}.values()))
        return _outcome_probabilities(whole, len(angles))

    def _initial(self, qubit: int, angles: torch.Tensor) -> torch.Tensor:
        vector = torch.tensor(_ZERO, dtype=angles.dtype).expand(1, 4)
        for step in self._start[qubit]:
            vector = torch.einsum("bij,bj->bi", *_same_rows(step.matrix(angles), vector))
        if not any(qubit in block.qubits for block in self._blocks):
            vector = vector[:, list(_MEASURED)]
        return vector


def _steps(circuit: QuantumCircuit, noise: NoiseTables) -> tuple[list[_Factor], AngleMap]:
    """Return the circuit's gates with their noise, and how parameters make their angles."""
    known: dict[object, tuple[torch.Tensor, ...]] = {}
    expressions: list[ParameterExpression] = []
    steps: list[_Factor] = []
    for instruction in circuit.data:
        if is_barrier(instruction):
            continue
        if isinstance(instruction.operation, Delay):  # Aer relaxes qubits by its duration
            raise InputError("delays are not supported by the density-matrix plan")
        qubits = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
        if len(qubits) > 2:
            raise InputError(f"gate {instruction.name!r} acts on more than two qubits")
        after = noise.after(instruction.operation, qubits)
        for gate in _rotations(instruction.operation):
            angle = _angle(gate)
            numbers = () if angle is not None else tuple(gate.params)
            # Custom gates may share a name and differ.
            own = instruction.is_standard_gate() or angle is not None
            key = (gate.name, numbers) if own else len(steps)
            if key not in known:
                matrices = (gate_matrix(gate),) if angle is None else rotation_matrices(gate)
                known[key] = tuple(map(torch.as_tensor, matrices))
            place = None
            if angle is not None:
                place = len(expressions)
                expressions.append(angle)
            steps.append(_Factor(qubits, known[key], place))
        if after is not None:
            steps.append(_Factor(qubits, (torch.as_tensor(after),), None))
    return steps, AngleMap(expressions, list(circuit.parameters))


def _rotations(gate: Gate) -> tuple[Gate, ...]:
    """Return a gate, or the rotations that a gate with several angles is made of."""
    if _angle(gate) is None or len(gate.params) == 1:
        return (gate,)
    if gate.base_class not in {U2Gate, U3Gate, UGate}:
        raise InputError(f"parametrized gate {gate.name!r} is not a rotation")
    phi, lam = gate.params[-2:]
    theta = np.pi / 2 if gate.base_class is U2Gate else gate.params[0]
    return RZGate(lam), RYGate(theta), RZGate(phi)


def _angle(gate: Gate) -> ParameterExpression | None:
    """Return a gate's first unbound parameter."""
    return next(
        (p for p in gate.params if isinstance(p, ParameterExpression) and p.parameters), None
    )


def _same_rows(one: torch.Tensor, other: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    rows = max(len(one), len(other))
    return one.expand(rows, *one.shape[1:]), other.expand(rows, *other.shape[1:])


def _joined(one: _Part, other: _Part) -> _Part:
    left, right = _same_rows(one.tensor.flatten(1), other.tensor.flatten(1))
    product = left.unsqueeze(2) * right.unsqueeze(1)
    shape = (len(product), *one.tensor.shape[1:], *other.tensor.shape[1:])
    return _Part(product.reshape(shape), one.axes + other.axes)


def _joined_all(parts: Sequence[_Part]) -> _Part:
    whole = parts[0]
    for part in parts[1:]:
        whole = _joined(whole, part)
    return whole


def _apply(part: _Part, block: _Block, matrix: torch.Tensor) -> None:
    """Apply a block's matrix to a part, and drop coefficients that are no longer needed."""
    first, second = _adjacent(part, block.qubits)
    if (part.axes[first], part.axes[second]) != block.qubits:  # the other order
        matrix = matrix.reshape(-1, 4, 4, 4, 4).permute(0, 2, 1, 4, 3).reshape(-1, 16, 16)
    keep = [
        list(_MEASURED) if part.axes[place] in block.last_of else list(range(4))
        for place in (first, second)
    ]
    rows = [4 * i + j for i in keep[0] for j in keep[1]]
    matrix = matrix[:, rows]
    shape = part.tensor.shape
    left, right = int(np.prod(shape[1 : first + 1])), int(np.prod(shape[second + 2 :]))
    matrix, tensor = _same_rows(matrix, part.tensor)
    count = len(tensor)
    if right == 1:
        result = torch.matmul(tensor.reshape(count, left, 16), matrix.transpose(1, 2))
    elif left == 1:
        result = torch.matmul(matrix, tensor.reshape(count, 16, right))
    else:
        result = torch.matmul(matrix.unsqueeze(1), tensor.reshape(count, left, 16, right))
    sizes = (*shape[1 : first + 1], len(keep[0]), len(keep[1]), *shape[second + 2 :])
    part.tensor = result.reshape(count, *sizes)


def _adjacent(part: _Part, qubits: tuple[int, int]) -> tuple[int, int]:
    """Make two qubits' axes adjacent; return their positions, the lower first."""
    low, high = sorted(part.axes.index(qubit) for qubit in qubits)
    if high != low + 1:
        part.tensor = part.tensor.movedim(high + 1, low + 2).contiguous()
        part.axes.insert(low + 1, part.axes.pop(high))
    return low, low + 1


def _outcome_probabilities(part: _Part, rows: int) -> torch.Tensor:
    """Return the probabilities (rows, 2^n), qubit 0 the lowest bit, of coefficients of I and Z."""
    tensor = part.tensor.expand(rows, *part.tensor.shape[1:])
    for axis in range(1, tensor.dim()):
        even, odd = tensor.unbind(axis)
        tensor = torch.stack([even + odd, even - odd], dim=axis) / 2
    count = len(part.axes)
    order = [1 + part.axes.index(qubit) for qubit in reversed(range(count))]
    return tensor.permute(0, *order).reshape(rows, -1)
