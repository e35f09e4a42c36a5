"""Circuits are equal by content only if they do the same, and then whenever they are made."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from foreign_circuits import MatrixGate
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qpy
from qiskit.circuit import AnnotatedOperation, Gate, Operation, Parameter, Qubit
from qiskit.circuit.annotated_operation import ControlModifier, InverseModifier, PowerModifier
from qiskit.circuit.classical import expr
from qiskit.circuit.library import (
    DiagonalGate,
    Initialize,
    PauliEvolutionGate,
    RXGate,
    StatePreparation,
    SwapGate,
    SXGate,
    UnitaryGate,
    XGate,
)
from qiskit.quantum_info import Clifford, SparsePauliOp, Statevector
from qiskit.synthesis import LieTrotter, SuzukiTrotter

from qiskit_qmu.simulator import TorchEstimator
from qiskit_qmu.simulator.compile.content import circuit_content

A = Parameter("a")
X, Y = Parameter("x"), Parameter("y")


def of(operation: Operation, *turned: int) -> QuantumCircuit:
    """Return an operation on the first of two qubits, some of which are turned before."""
    circuit = QuantumCircuit(2)
    for qubit in turned:
        circuit.ry(0.3 + qubit, qubit)
    circuit.append(operation, range(operation.num_qubits))
    return circuit


def defined(add: Callable[[QuantumCircuit], object], num_qubits: int = 2) -> Gate:
    block = QuantumCircuit(num_qubits, name="block")
    add(block)
    return block.to_gate()


def phased(phase: float) -> Gate:
    return defined(lambda block: setattr(block, "global_phase", phase), 1)


def clifford(add: Callable[[QuantumCircuit], object]) -> Clifford:
    circuit = QuantumCircuit(1)
    add(circuit)
    return Clifford(circuit)


def evolution(*labels: str, **options) -> PauliEvolutionGate:
    return PauliEvolutionGate(SparsePauliOp(labels), 0.7, **options)


def rotated(angle) -> QuantumCircuit:
    return of(RXGate(angle))


LOOK_ALIKE: dict[str, tuple[Callable[[], QuantumCircuit], ...]] = {
    "definitions": (lambda: of(defined(lambda b: b.x(0))), lambda: of(defined(lambda b: b.h(1)))),
    "angles inside": (
        lambda: of(defined(lambda b: b.rx(0.1, 0))),
        lambda: of(defined(lambda b: b.rx(0.2, 0))),
    ),
    "evolutions": (lambda: of(evolution("XI"), 0, 1), lambda: of(evolution("IX"), 0, 1)),
    "unitary matrices": (
        lambda: of(UnitaryGate(np.eye(4)[[0, 1, 3, 2]]), 0, 1),
        lambda: of(UnitaryGate(np.eye(4)[[2, 1, 0, 3]]), 0, 1),
    ),
    "gates with a matrix alone": (
        lambda: of(MatrixGate("mine", np.eye(2)), 0),
        lambda: of(MatrixGate("mine", np.eye(2)[::-1]), 0),
    ),
    "diagonals": (
        lambda: of(DiagonalGate([1, 1, 1, 1]), 0, 1),
        lambda: of(DiagonalGate([1, -1, 1, 1]), 0, 1),
    ),
    "open controls": (lambda: of(XGate().control()), lambda: of(XGate().control(ctrl_state=0))),
    "Cliffords": (
        lambda: of(clifford(lambda c: c.x(0))),
        lambda: of(clifford(lambda c: c.h(0))),
    ),
    "annotated base gates": (
        lambda: of(AnnotatedOperation(XGate(), InverseModifier())),
        lambda: of(AnnotatedOperation(SXGate(), InverseModifier())),
    ),
    "annotated control states": (
        lambda: of(AnnotatedOperation(XGate(), ControlModifier(1, 0))),
        lambda: of(AnnotatedOperation(XGate(), ControlModifier(1, 1))),
    ),
    "annotated powers": (
        lambda: of(AnnotatedOperation(SXGate(), PowerModifier(1))),
        lambda: of(AnnotatedOperation(SXGate(), PowerModifier(2))),
    ),
    "phases under control": (
        lambda: of(AnnotatedOperation(phased(0.0), ControlModifier(1)), 0),
        lambda: of(AnnotatedOperation(phased(1.0), ControlModifier(1)), 0),
    ),
    "inverse preparations": (
        lambda: of(StatePreparation([0.6, 0.8j])),
        lambda: of(StatePreparation([0.6, 0.8j]).inverse()),
    ),
    "initial states": (lambda: of(Initialize([0.6, 0.8])), lambda: of(Initialize([0.8, 0.6]))),
}


def value(estimator: TorchEstimator, circuit: QuantumCircuit) -> float:
    observable = SparsePauliOp(["IY", "XX", "ZI", "IZ", "ZX"], [1, 2, 4, 8, 16])
    return float(estimator.run([(circuit, observable)]).result()[0].data.evs)


def exact(circuit: QuantumCircuit) -> float:
    observable = SparsePauliOp(["IY", "XX", "ZI", "IZ", "ZX"], [1, 2, 4, 8, 16])
    return Statevector(circuit).expectation_value(observable).real


# Qiskit's own matrix exponential of a Pauli evolution warns.
@pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")
@pytest.mark.parametrize("name", LOOK_ALIKE)
def test_operations_that_only_look_alike_are_told_apart(name):
    """One estimator runs all of them, so that its cache would mix up what it takes for equal."""
    one, other = LOOK_ALIKE[name]
    assert circuit_content(one()) == circuit_content(one())
    assert circuit_content(one()) != circuit_content(other())
    estimator = TorchEstimator()
    for circuit in (one(), other(), one()):
        assert value(estimator, circuit) == pytest.approx(exact(circuit), abs=1e-12)
    assert abs(exact(one()) - exact(other())) > 1e-3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (of(evolution("XX", "YZ")), of(evolution("XX", "YZ", synthesis=LieTrotter(reps=2)))),
        (of(evolution("XX", "YZ")), of(evolution("XX", "YZ", synthesis=SuzukiTrotter(order=2)))),
        (rotated(X), rotated(Parameter("x"))),
        (rotated(X * 0 + 1), rotated(Y * 0 + 1)),
        (rotated(0.3 * X), rotated((0.3 + 1e-15) * X)),
        (rotated(Parameter("a+b") * 1), rotated(Parameter("a") + Parameter("b"))),
        (of(XGate(label="a")), of(XGate(label="b"))),
    ],
)
def test_what_no_value_shows_is_told_apart_too(one, other):
    assert circuit_content(one) != circuit_content(other)


def test_registers_are_part_of_a_circuit():
    made = [
        QuantumCircuit(QuantumRegister(1), ClassicalRegister(size, name))
        for size, name in ((1, "c"), (2, "c"), (1, "d"))
    ]
    for circuit in made:
        circuit.measure(0, 0)
    assert len({circuit_content(circuit) for circuit in made}) == 3


def if_test(condition: Callable[[QuantumCircuit], object], gate: str = "x") -> QuantumCircuit:
    circuit = QuantumCircuit([Qubit()], ClassicalRegister(2, "c"))
    with circuit.if_test(condition(circuit)):
        getattr(circuit, gate)(0)
    return circuit


def test_conditions_are_part_of_control_flow():
    make = [
        lambda: if_test(lambda c: (c.clbits[0], 1)),
        lambda: if_test(lambda c: (c.clbits[1], 1)),
        lambda: if_test(lambda c: (c.clbits[0], 0)),
        lambda: if_test(lambda c: (c.cregs[0], 2)),
        lambda: if_test(lambda c: expr.equal(c.cregs[0], 2)),
        lambda: if_test(lambda c: expr.less(c.cregs[0], 2)),
        lambda: if_test(lambda c: (c.clbits[0], 1), "y"),
    ]
    assert len({circuit_content(circuit()) for circuit in make}) == len(make)
    for circuit in make:
        assert repr(circuit_content(circuit())) == repr(circuit_content(circuit()))


def test_what_cannot_be_identified_is_equal_to_nothing():
    opaque = of(Gate("opaque", 1, []))
    assert circuit_content(opaque) != circuit_content(opaque)
    assert repr(circuit_content(opaque)) != repr(circuit_content(opaque))


def test_a_file_keeps_the_text():
    """It identifies circuits from one process to another."""
    circuit = QuantumCircuit(3, 2, global_phase=A)
    circuit.append(AnnotatedOperation(SwapGate(), ControlModifier(1)), [0, 1, 2])
    circuit.append(clifford(lambda c: c.h(0)), [1])
    circuit.rx(-1 + A - A, 0)  # (a file of Qiskit 2.3 cannot hold A - A - 1)
    circuit.delay(100, 0)
    circuit.barrier()
    circuit.measure([0, 1], [1, 0])
    file = io.BytesIO()
    qpy.dump(circuit, file)
    file.seek(0)
    assert repr(circuit_content(qpy.load(file)[0])) == repr(circuit_content(circuit))
