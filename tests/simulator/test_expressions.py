"""Parameter expressions, one kind at a time: values and gradients in every public class."""

import numpy as np
import pytest
from engine_checks import Case, check_all_measured
from expression_strategies import FUNCTIONS, OPERATORS
from qiskit.circuit import Parameter, ParameterExpression, ParameterVector, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

X, Y = Parameter("x"), Parameter("y")
OBSERVABLES = [SparsePauliOp(["XI", "ZZ"], [1, 0.5]), SparsePauliOp("IY")]


def check_angle(angle: ParameterExpression, shared: bool, rows: np.ndarray | None = None) -> None:
    """Check with the angle in a one-qubit gate, in a phase and in a two-qubit rotation."""
    circuit = QuantumCircuit(2)
    circuit.ry(angle, 0)
    circuit.h(1)
    circuit.cp(angle, 0, 1)
    circuit.rxx(angle, 1, 0)
    if rows is None:
        rows = np.random.default_rng(1).uniform(-1.5, 1.5, (2, circuit.num_parameters))
    if shared:
        rows = rows[:1]
    everywhere = np.full(circuit.num_parameters, shared)
    check_all_measured(Case(circuit, rows, everywhere, OBSERVABLES))


def angles_with(name: str) -> list[ParameterExpression]:
    """Return a function or operator alone and within other expressions."""
    if name in FUNCTIONS:
        function, _ = FUNCTIONS[name]
        return [function(X), function(2 * X - 0.3), function(X * Y), 0.5 * function(X) - Y]
    operator, _ = OPERATORS[name]
    return [operator(X, Y), operator(X.sin(), Y), operator(X * Y, X), operator(X, X)]


@pytest.mark.parametrize("name", [*FUNCTIONS, *OPERATORS])
def test_functions_and_operators(name):
    """One kind of gate for each angle; angles of the first parameter alone are shared."""
    first, second, third, fourth = angles_with(name)
    circuit = QuantumCircuit(2)
    circuit.ry(first, 0)
    circuit.h(1)
    circuit.cp(second, 0, 1)
    circuit.rxx(third, 1, 0)
    circuit.ry(fourth, 1)
    rows = np.array([[0.7, -1.2], [0.7, 0.4]])
    check_all_measured(Case(circuit, rows, np.array([True, False]), OBSERVABLES))


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("name", [*FUNCTIONS, *OPERATORS])
def test_functions_and_operators_in_every_kind_of_gate(name, shared):
    for angle in angles_with(name):
        check_angle(angle, shared)


OTHERS = {
    "number minus": 2 - X,
    "number over": 2 / (X + 5),
    "negative power": (X + 3) ** -2,
    "power of two": 2**X,
    "power of a small number": 0.3 ** (X * Y),
    "many parameters": sum((p.index + 1) * p for p in ParameterVector("p", 11)),
    "product of many": np.prod([p.cos() for p in ParameterVector("p", 6)]),
    "numpy number": np.float64(0.5) * X,
    "large slope": 1e4 * X,
    "tiny slope": 1e-9 * X,
    "complex constant that is real": (1j * X) * -1j,
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_expressions(name):
    check_angle(OTHERS[name], shared=False)


CONSTANTS = {
    "zero times": 0 * X,
    "difference": X - X,
    "sine of zero times": (0 * X).sin() + 1,
    "difference and more": X - X + Y,
    "zeroth power": X**0,
    "zeroth power of a function": X.sin() ** 0,
    "half and half": 0.5 * (0.3 - (X * X).arctan()) + 0.5 * (X * X).arctan(),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_expressions_that_do_not_depend_on_their_parameter(name):
    circuit = QuantumCircuit(2)
    circuit.ry(CONSTANTS[name], 0)
    circuit.rxx(CONSTANTS[name], 0, 1)
    circuit.rx(0.3, 0)
    rows = np.array([[0.4, 0.7], [0.4, -0.2]])[:, : circuit.num_parameters]
    shared = np.array([True, False])[: circuit.num_parameters]
    check_all_measured(Case(circuit, rows, shared, OBSERVABLES))


@pytest.mark.parametrize("name", ["square", "root", "log", "abs", "sign", "tan", "arctan", "exp"])
def test_at_zero(name):
    """Where some formulas divide zero by zero, and where data often are."""
    function, _ = FUNCTIONS[name]
    check_angle(function(X), shared=False, rows=np.array([[0.0], [0.5], [0.0]]))


def test_one_parameter_in_many_gates(generator):
    circuit = QuantumCircuit(3)
    for layer in range(6):
        circuit.ry(X, layer % 3)
        circuit.rz(X * (layer + 1), (layer + 1) % 3)
        circuit.crx(X.sin(), layer % 3, (layer + 1) % 3)
    rows = generator.uniform(-2, 2, (3, 1))
    observables = [SparsePauliOp("XYZ"), SparsePauliOp("ZZI")]
    check_all_measured(Case(circuit, rows, np.array([False]), observables))


def test_parameters_of_gates_within_gates(generator):
    """The parameter of a gate's definition is an expression of the circuit's."""
    inner = QuantumCircuit(1, name="inner", global_phase=X)
    inner.rx(X, 0)
    inner.p(X * X, 0)
    outer = QuantumCircuit(2, name="outer")
    outer.append(inner.to_gate({X: Y.cos()}), [1])
    outer.append(inner.to_gate({X: 2 * Y}).control(1, annotated=False), [1, 0])
    circuit = QuantumCircuit(2)
    circuit.h([0, 1])
    circuit.append(outer.to_gate({Y: X - 1}), [1, 0])
    circuit.append(outer.to_gate({Y: Y * X}).inverse(), [0, 1])
    rows = generator.uniform(-1, 1, (2, 2))
    check_all_measured(Case(circuit, rows, np.array([False, False]), OBSERVABLES))
