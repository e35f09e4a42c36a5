"""Random circuits as other people write them, for comparison with Qiskit.

Operations without a definition, operations of anyone's own under any name, inverse and annotated
forms, expressions that fold to constants. Every circuit can be built twice: under the names that
were drawn, and under plain ones for Qiskit, which goes by names itself.
"""

from collections.abc import Callable

import numpy as np
from qiskit.circuit import (
    AnnotatedOperation,
    Gate,
    Operation,
    Parameter,
    ParameterExpression,
    QuantumCircuit,
)
from qiskit.circuit.annotated_operation import ControlModifier, InverseModifier, PowerModifier
from qiskit.circuit.library import (
    DiagonalGate,
    Isometry,
    LinearFunction,
    PauliEvolutionGate,
    PauliGate,
    PermutationGate,
    QFTGate,
    StatePreparation,
    UCGate,
    UCRYGate,
    UnitaryGate,
)
from qiskit.quantum_info import SparsePauliOp, random_clifford, random_statevector, random_unitary

# All circuits share parameters, and some of the names that they have are another parameter's too.
SHARED = [Parameter("a"), Parameter("b"), Parameter("θ*b")]

_NAMES = [
    *("id", "barrier", "delay", "measure", "reset", "h", "x", "cx", "rx", "u", "unitary"),
    *("clifford", "annotated", "state_preparation", "amplitude_encoding", "if_else", "my gate"),
]


class MatrixGate(Gate):
    """A gate that has a matrix and nothing else: no definition, and no parameter that tells it."""

    def __init__(self, name: str, matrix: np.ndarray) -> None:
        super().__init__(name, len(matrix).bit_length() - 1, [])
        self._matrix = matrix

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        """Return the matrix."""
        return np.array(self._matrix, dtype=dtype)


class ForeignCircuits:
    """Draws circuits.

    Args:
        seed: What the circuit is made of.
        any_name: Give operations of one's own the names of others.
    """

    def __init__(self, seed: int, *, any_name: bool) -> None:
        self._random = np.random.default_rng(seed)
        self._any_name = any_name
        self._count = 0
        self._parameters: list[Parameter] = []

    def circuit(self) -> QuantumCircuit:
        """Return a circuit of one to four qubits and up to three parameters."""
        random = self._random
        num_qubits = int(random.integers(1, 5))
        self._parameters = list(random.permutation(SHARED)[: random.integers(0, 4)])
        if self._parameters and random.random() < 0.3:
            self._parameters[0] = Parameter(self._parameters[0].name)
        circuit = QuantumCircuit(num_qubits, global_phase=self._angle())
        if random.random() < 0.3:
            size = int(random.integers(1, num_qubits + 1))
            circuit.initialize(self._state(size), self._qubits(num_qubits, size))
        for _ in range(random.integers(1, 12)):
            operation = self._operation(num_qubits)
            circuit.append(operation, self._qubits(num_qubits, operation.num_qubits))
            if random.random() < 0.2:
                self._idle(circuit)
        return circuit

    def _idle(self, circuit: QuantumCircuit) -> None:
        kind = self._random.integers(3)
        if kind == 0:
            circuit.barrier(label="id")
        elif kind == 1:
            circuit.delay(int(self._random.integers(100)), 0, unit="dt")
        else:
            circuit.id(0)

    def _operation(self, num_qubits: int) -> Operation:
        kinds: list[Callable[[int], Operation]] = [
            *(self._standard,) * 4,
            *(self._matrix_only, self._clifford, self._own, self._own, self._preparation),
            *(self._annotated, self._controlled, self._library, self._evolution),
        ]
        return kinds[self._random.integers(len(kinds))](num_qubits)

    def _standard(self, num_qubits: int) -> Operation:
        """Add one by a method of the circuit, which is how most people do it."""
        random = self._random
        size = int(random.integers(1, min(num_qubits, 3) + 1))
        circuit = QuantumCircuit(size)
        methods = {
            1: "h x y z s sdg t tdg sx sxdg rx ry rz p u r",
            2: "cx cy cz ch swap iswap dcx ecr rxx ryy rzz rzx crx cry crz cp cu csx cs",
            3: "ccx ccz cswap rccx",
        }[size].split()
        angles = {"u": 3, "r": 2, "cu": 4, "cp": 1, "p": 1}
        method = str(random.choice(methods))
        count = angles.get(method, 1 if method.lstrip("c").startswith("r") and size < 3 else 0)
        getattr(circuit, method)(*(self._angle() for _ in range(count)), *range(size))
        return circuit.data[0].operation

    def _block(self, num_qubits: int) -> QuantumCircuit:
        random = self._random
        size = int(random.integers(1, min(num_qubits, 3) + 1))
        block = QuantumCircuit(size, name=self._name())
        block.global_phase = float(random.normal()) if random.random() < 0.5 else 0.0
        for _ in range(random.integers(1, 4)):
            operation = self._standard(size)
            block.append(operation, self._qubits(size, operation.num_qubits))
        return block

    def _gate(self, num_qubits: int) -> Gate:
        return self._block(num_qubits).to_gate()

    def _own(self, num_qubits: int) -> Operation:
        """Return a gate or instruction that a circuit defines, changed in some way."""
        block = self._block(num_qubits)
        if self._random.random() < 0.2:
            block.barrier()
            return block.to_instruction()
        gate = block.to_gate(label=self._name() if self._random.random() < 0.3 else None)
        return self._changed(gate, num_qubits)

    def _changed(self, gate: Gate, num_qubits: int) -> Operation:
        kind = self._random.integers(5)
        if kind == 0:
            return gate.inverse()
        if kind == 1:
            return gate.inverse().inverse()
        if kind == 2 and gate.num_qubits < num_qubits and not _symbolic(gate):
            # Qiskit controls what a gate is called, not what it is.
            gate.name = "plain"
            return gate.control(1, ctrl_state=int(self._random.integers(2)), annotated=False)
        if kind == 3 and not _symbolic(gate):
            return gate.power(float(self._random.choice([2, -1, 0.5, 0.3])), annotated=False)
        return gate

    def _matrix_only(self, num_qubits: int) -> Operation:
        size = int(self._random.integers(1, min(num_qubits, 3) + 1))
        matrix = random_unitary(2**size, seed=self._random).data
        if self._random.random() < 0.5:
            matrix = np.eye(2**size)[self._random.permutation(2**size)]
        if self._random.random() < 0.3:
            return UnitaryGate(matrix, label=self._name())
        return MatrixGate(self._name(), matrix)

    def _clifford(self, num_qubits: int) -> Operation:
        return random_clifford(int(self._random.integers(1, num_qubits + 1)), seed=self._random)

    def _preparation(self, num_qubits: int) -> Operation:
        random = self._random
        size = int(random.integers(1, num_qubits + 1))
        kind = random.integers(4)
        if kind == 0:
            gate = StatePreparation("".join(random.choice(list("01+-rl"), size)))
        elif kind == 1:
            gate = StatePreparation(int(random.integers(2**size)), size)
        else:
            gate = StatePreparation(self._state(size))
        return gate.inverse() if random.random() < 0.5 else self._changed(gate, num_qubits)

    def _annotated(self, num_qubits: int) -> Operation:
        random = self._random
        free = int(random.integers(0, num_qubits))
        makers = (self._clifford, self._matrix_only, self._preparation, self._standard, self._gate)
        base = makers[random.integers(len(makers))](num_qubits - free)
        free = num_qubits - base.num_qubits
        modifiers: list[object] = []
        for _ in range(random.integers(1, 4)):
            kind = random.integers(3)
            if kind == 0:
                modifiers.append(InverseModifier())
            elif kind == 1 and not _symbolic(base):
                modifiers.append(PowerModifier(float(random.choice([2, -1, 3]))))
            elif free:
                controls = int(random.integers(1, free + 1))
                free -= controls
                modifiers.append(ControlModifier(controls, int(random.integers(2**controls))))
        return AnnotatedOperation(base, modifiers)

    def _controlled(self, num_qubits: int) -> Operation:
        gate = self._standard(max(1, num_qubits - 1))
        controls = num_qubits - gate.num_qubits
        if controls < 1:
            return gate
        state = int(self._random.integers(2**controls))
        return gate.control(
            controls, ctrl_state=state, annotated=bool(self._random.integers(2)), label=self._name()
        )

    def _library(self, num_qubits: int) -> Operation:
        random = self._random
        size = int(random.integers(1, num_qubits + 1))
        angles = random.uniform(-3, 3, 2**size)
        makers: list[Callable[[], Gate]] = [
            lambda: DiagonalGate(np.exp(1j * angles).tolist()),
            lambda: PermutationGate(random.permutation(size)),
            lambda: PauliGate("".join(random.choice(list("IXYZ"), size))),
            lambda: QFTGate(size),
            lambda: LinearFunction(np.eye(size, dtype=bool)[random.permutation(size)]),
            lambda: Isometry(random_unitary(2**size, seed=random).data, 0, 0),
            lambda: UCGate([random_unitary(2, seed=random).data for _ in range(2 ** (size - 1))]),
            lambda: UCRYGate(angles[: 2 ** (size - 1)].tolist()),
        ]
        gate = makers[random.integers(len(makers))]()
        return gate.inverse() if random.random() < 0.5 else gate

    def _evolution(self, num_qubits: int) -> Operation:
        """Return an evolution whose terms commute, so that its synthesis is exact."""
        random = self._random
        terms = ["".join(random.choice(list("IZ"), num_qubits)) for _ in range(2)]
        time = self._angle()
        return PauliEvolutionGate(SparsePauliOp(terms, random.normal(size=2)), time)

    def _angle(self) -> ParameterExpression | float:
        """Return a number, or an expression, which may fold to a constant."""
        random = self._random
        number = float(random.choice([random.uniform(-4, 4), np.pi, -np.pi / 2, 0.0, -1, 2]))
        if not self._parameters or random.random() < 0.3:
            return number
        x, y = random.choice(np.array(self._parameters, dtype=object), 2)
        forms: list[Callable[[], ParameterExpression]] = [
            lambda: x,
            lambda: -x,
            lambda: number * x - 1,
            lambda: x - x - 1,
            lambda: 0 * x - 2,
            lambda: -(x / x) + number,
            lambda: x + number - x,
            lambda: x * y - y * x - 3,
            lambda: x**2 - y,
            lambda: (x * y).sin() + number,
            lambda: (x - x - 1).exp() * y,
            lambda: y ** (x - x + 2),
            lambda: -abs(x - x - 1.5) + y,
            lambda: (2 * x).cos() ** 2 + (2 * x).sin() ** 2 - 3,
        ]
        return forms[random.integers(len(forms))]()

    def _name(self) -> str:
        name = str(self._random.choice(_NAMES))
        self._count += 1
        return name if self._any_name else f"plain{self._count}"

    def _state(self, num_qubits: int) -> np.ndarray:
        return random_statevector(2**num_qubits, seed=self._random).data

    def _qubits(self, num_qubits: int, size: int) -> list[int]:
        return self._random.permutation(num_qubits)[:size].tolist()


def _symbolic(operation: Operation) -> bool:
    params = getattr(operation, "params", ())
    return any(isinstance(p, ParameterExpression) and p.parameters for p in params)
