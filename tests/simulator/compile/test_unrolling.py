"""Elementary gates of each Qiskit gate, multiplied out slowly, against Qiskit's Operator."""

import numpy as np
import pytest
from foreign_circuits import MatrixGate
from qiskit import QuantumCircuit
from qiskit.circuit import AnnotatedOperation, ControlledGate, Gate, Parameter, ParameterVector
from qiskit.circuit.annotated_operation import InverseModifier
from qiskit.circuit.library import (
    CXGate,
    DiagonalGate,
    HGate,
    MCXGate,
    PauliEvolutionGate,
    PauliGate,
    PermutationGate,
    QFTGate,
    RXXGate,
    StatePreparation,
    UnitaryGate,
    XGate,
)
from qiskit.quantum_info import Clifford, Operator, SparsePauliOp, Statevector, random_unitary
from random_circuits import STANDARD_GATES, random_circuit, standard_gate

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import TorchEstimator, TorchEstimatorGradient
from qiskit_qmu.simulator.compile.elementary_gates import (
    DenseGate,
    FixedGate,
    MonomialGate,
    ParityRotation,
    PauliRotation,
    StatePreparationGate,
)
from qiskit_qmu.simulator.compile.unrolling import unroll, unroll_definition

_PAULI = {
    "x": np.array([[0, 1], [1, 0]]),
    "y": np.array([[0, -1j], [1j, 0]]),
    "z": np.diag([1, -1]),
}


def on_qubits(matrix: np.ndarray, qubits: tuple[int, ...], num_qubits: int) -> np.ndarray:
    """Return a gate's matrix on the whole register, basis state by basis state."""
    full = np.zeros((2**num_qubits, 2**num_qubits), dtype=complex)
    for column in range(2**num_qubits):
        own = sum((column >> qubit & 1) << i for i, qubit in enumerate(qubits))
        rest = column & ~sum(1 << qubit for qubit in qubits)
        for out in range(2 ** len(qubits)):
            row = rest | sum((out >> i & 1) << qubit for i, qubit in enumerate(qubits))
            full[row, column] += matrix[out, own]
    return full


def number(angle, values: dict) -> float:
    return float(angle) if not hasattr(angle, "parameters") else float(angle.bind_all(values))


def dense(gate, num_qubits: int, values: dict) -> np.ndarray:
    """Return what an elementary gate's docstring says that it is."""
    match gate:
        case FixedGate(qubit, matrix):
            return on_qubits(matrix, (qubit,), num_qubits)
        case PauliRotation(qubit, axis, angle):
            half = number(angle, values) / 2
            matrix = np.cos(half) * np.eye(2) - 1j * np.sin(half) * _PAULI[axis]
            return on_qubits(matrix, (qubit,), num_qubits)
        case ParityRotation(qubits, angle):
            ones = sum(np.arange(2**num_qubits) >> qubit & 1 for qubit in qubits)
            return np.diag(np.exp(-0.5j * number(angle, values) * (-1.0) ** ones))
        case MonomialGate(qubits, source, phases):
            matrix = np.zeros((len(source), len(source)), dtype=complex)
            matrix[np.arange(len(source)), source] = phases
            return on_qubits(matrix, qubits, num_qubits)
        case DenseGate(qubits, matrix):
            return on_qubits(matrix, qubits, num_qubits)
        case StatePreparationGate(qubits, gate, amplitudes, _):
            product = np.eye(2**num_qubits)
            for part in unroll_definition(gate, qubits):
                product = dense(part, num_qubits, values) @ product
            own = [
                sum((s >> i & 1) << qubit for i, qubit in enumerate(qubits))
                for s in range(2 ** len(qubits))
            ]
            overlap = np.vdot(product[own, 0], amplitudes)
            assert abs(overlap) == pytest.approx(1, abs=1e-12)
            return product


def assert_unrolled(circuit: QuantumCircuit, values: dict | None = None) -> None:
    values = values or {}
    product = np.eye(2**circuit.num_qubits)
    for gate in unroll(circuit):
        product = dense(gate, circuit.num_qubits, values) @ product
    bound = circuit.assign_parameters(values)
    overlap = np.trace(Operator(bound).data.conj().T @ product) / 2**circuit.num_qubits
    assert abs(overlap) == pytest.approx(1, abs=1e-12)
    expected = Operator(bound).data * overlap / abs(overlap)
    np.testing.assert_allclose(product, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", STANDARD_GATES)
def test_every_standard_gate_is_unrolled_right(name, generator):
    """Alone, on shuffled qubits, with numbers and with parameters, between random layers."""
    size = STANDARD_GATES[name].num_qubits
    num_qubits = max(size, 1) + 1
    parameters = ParameterVector("t", len(STANDARD_GATES[name].params))
    values = dict(zip(parameters, generator.uniform(-4, 4, len(parameters)), strict=True))
    for angles in (list(values.values()), list(parameters)):
        circuit = random_circuit(generator, num_qubits, 2)
        qubits = generator.permutation(num_qubits)[:size].tolist()
        circuit.append(standard_gate(name, angles), qubits)
        circuit.compose(random_circuit(generator, num_qubits, 2), inplace=True)
        assert_unrolled(circuit, values if angles and isinstance(angles[0], Parameter) else {})


CONTROLLED = [name for name, gate in STANDARD_GATES.items() if isinstance(gate, ControlledGate)]


@pytest.mark.parametrize("name", CONTROLLED)
def test_open_controls_are_unrolled_right(name, generator):
    gate = STANDARD_GATES[name]
    angles = list(ParameterVector("t", len(gate.params)))
    values = dict(zip(angles, generator.uniform(-4, 4, len(angles)), strict=True))
    for ctrl_state in range(2**gate.num_ctrl_qubits):
        circuit = QuantumCircuit(gate.num_qubits)
        qubits = generator.permutation(gate.num_qubits).tolist()
        circuit.append(standard_gate(name, angles, ctrl_state), qubits)
        assert_unrolled(circuit, values)


def composite(num_qubits: int, *, theta: Parameter | None = None) -> Gate:
    block = QuantumCircuit(num_qubits, name="block", global_phase=0.3)
    block.h(0)
    block.rx(0.7 if theta is None else theta, 0)
    block.t(0)
    return block.to_gate()


GATES = {
    **{f"unitary of {n} qubits": UnitaryGate(random_unitary(2**n, seed=n)) for n in (1, 2, 3)},
    "controlled unitary": UnitaryGate(random_unitary(2, seed=4)).control(1, ctrl_state=0),
    "monomial unitary": UnitaryGate(np.eye(8)[[3, 1, 4, 0, 5, 2, 7, 6]] * 1j),
    "composite of one qubit": composite(1),
    "controlled composite": composite(1).control(2, ctrl_state=2),
    "inverse": composite(2).inverse(),
    "power": XGate().power(0.3),
    "multi-controlled": MCXGate(4, ctrl_state=5),
    "permutation": PermutationGate([2, 0, 1]),
    "Pauli string": PauliGate("XYZ"),
    "evolution": PauliEvolutionGate(SparsePauliOp(["XX", "ZZ"], [0.3, 0.4]), time=0.7),
    "diagonal": DiagonalGate(np.exp(1j * np.arange(4))),
    "Fourier transform": QFTGate(3),
}


# Qiskit's own matrix exponential of a Pauli evolution warns.
_QISKIT_WARNS = pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")


@_QISKIT_WARNS
@pytest.mark.parametrize("name", GATES)
def test_other_gates_are_unrolled_right(name, generator):
    num_qubits = GATES[name].num_qubits + 1
    circuit = random_circuit(generator, num_qubits, 2)
    circuit.append(GATES[name], generator.permutation(num_qubits)[:-1].tolist())
    assert_unrolled(circuit)


@_QISKIT_WARNS
def test_parameters_reach_into_composite_gates():
    theta, phi = Parameter("θ"), Parameter("φ")
    circuit = QuantumCircuit(2)
    circuit.append(composite(1, theta=theta), [1])
    circuit.append(PauliEvolutionGate(SparsePauliOp("XY"), time=phi), [0, 1])
    assert_unrolled(circuit, {theta: 0.4, phi: -1.1})


@pytest.mark.parametrize("state", [[0.6, 0.8j], [0.5, -0.5, 0.5j, 0.5], "r", "01", "+-l"])
def test_states_are_prepared_and_initialized(state):
    """Only what becomes of |0…0> counts, so the states are compared."""
    num_qubits = len(state) if isinstance(state, str) else len(state).bit_length() - 1
    for prepare in (QuantumCircuit.prepare_state, QuantumCircuit.initialize):
        circuit = QuantumCircuit(num_qubits + 1)
        circuit.h(num_qubits)
        prepare(circuit, state, list(range(num_qubits)))
        final = np.eye(2 ** (num_qubits + 1))[0]
        for gate in unroll(circuit):
            final = dense(gate, num_qubits + 1, {}) @ final
        assert Statevector(circuit).equiv(Statevector(final), rtol=0, atol=1e-12)


def test_what_does_nothing_yields_nothing():
    circuit = QuantumCircuit(2, 2, global_phase=1.0)
    circuit.reset(0)
    circuit.barrier()
    circuit.delay(100, 0)
    circuit.id(1)
    circuit.measure([0, 1], [0, 1])
    circuit.barrier()
    circuit.measure(0, 1)
    assert list(unroll(circuit)) == []


def test_gates_keep_the_kinds_that_make_them_fast():
    theta = Parameter("θ")
    circuit = QuantumCircuit(3)
    for gate, qubits in [
        (standard_gate("h", []), [0]),
        (standard_gate("rx", [theta]), [0]),
        (standard_gate("p", [theta]), [0]),
        (standard_gate("cz", []), [0, 1]),
        (standard_gate("rzz", [theta]), [0, 1]),
        (standard_gate("crz", [theta]), [0, 1]),
        (standard_gate("cx", [], 0), [0, 1]),
        (standard_gate("iswap", []), [0, 1]),
        (standard_gate("ccx", []), [0, 1, 2]),
    ]:
        circuit.append(gate, qubits)
    kinds = [type(gate) for gate in unroll(circuit)]
    assert kinds == [
        FixedGate,
        PauliRotation,
        PauliRotation,
        MonomialGate,
        *[ParityRotation] * 3,
        *[MonomialGate] * 3,
    ]


def with_if() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 1)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    return circuit


def with_loop() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    with circuit.for_loop(range(3)):
        circuit.x(0)
    return circuit


def with_(*instructions: tuple) -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    for operation, *bits in instructions:
        if isinstance(operation, str):
            getattr(circuit, operation)(*bits)
        else:
            circuit.append(operation, *bits)
    return circuit


REFUSED = {
    "if_else": with_if(),
    "for_loop": with_loop(),
    "reset": with_(("h", 0), ("cx", 0, 1), ("reset", 0)),
    "initialize": with_(("h", 0), ("initialize", [0.6, 0.8], 0)),
    "h": with_(("measure", 0, 0), ("h", 0)),
    "cx": with_(("measure", 1, 0), ("h", 0), ("cx", 0, 1)),
    "opaque": with_((Gate("opaque", 2, []), [0, 1])),
}


def test_gates_that_are_almost_permutations_are_not_taken_for_them():
    """|cos(x/2)| differs from one by the square of what is then left out."""
    angle = 1e-6
    circuit = QuantumCircuit(2)
    circuit.append(RXXGate(angle), [0, 1])
    circuit.append(CXGate(), [0, 1])
    kinds = [type(gate) for gate in unroll(circuit)]
    assert kinds == [DenseGate, MonomialGate]
    assert_unrolled(circuit)


SYNTHESIZED = {
    "clifford": with_((Clifford(HGate()), [1])),
    "controlled": with_((composite(1).control(1, annotated=True), [0, 1])),
    "power": with_((composite(1).power(3, annotated=True), [1])),
}


@pytest.mark.parametrize("name", SYNTHESIZED)
def test_mathematical_objects_are_synthesized(name):
    circuit = SYNTHESIZED[name].remove_final_measurements(inplace=False)
    assert_unrolled(circuit)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_simulated_is_refused_by_name(name):
    named = "reset" if name == "initialize" else name
    with pytest.raises(InputError, match=f"'{named}'"):
        list(unroll(REFUSED[name]))


@pytest.mark.parametrize("state", [[0.6, 0.8j], "r", 2, [0.5, -0.5, 0.5j, 0.5]])
@pytest.mark.parametrize(
    "change",
    [
        lambda gate: gate.inverse(),
        lambda gate: gate.inverse().inverse(),
        lambda gate: gate.inverse().control(),
        lambda gate: AnnotatedOperation(gate, InverseModifier()),
        lambda gate: gate.power(-1),
        lambda gate: gate.power(2),
    ],
)
def test_a_changed_preparation_is_not_taken_for_the_preparation(state, change):
    preparation = StatePreparation(state, num_qubits=2) if state == 2 else StatePreparation(state)
    changed = change(preparation)
    circuit = QuantumCircuit(changed.num_qubits)
    if changed.num_qubits > preparation.num_qubits:
        circuit.h(0)
    circuit.append(changed, circuit.qubits)
    assert_unrolled(circuit)


@pytest.mark.parametrize("name", ["id", "delay", "barrier", "measure", "reset", "h", "unitary"])
@pytest.mark.parametrize("kind", ["definition", "matrix", "annotated"])
def test_a_gate_is_what_it_does_and_not_what_it_is_called(name, kind):
    block = QuantumCircuit(1, name=name)
    block.ry(0.7, 0)
    rotation = np.array([[np.cos(0.35), -np.sin(0.35)], [np.sin(0.35), np.cos(0.35)]])
    gate = block.to_gate() if kind == "definition" else MatrixGate(name, rotation)
    if kind == "annotated":
        gate = AnnotatedOperation(gate, [InverseModifier(), InverseModifier()])
    circuit = QuantumCircuit(1)
    circuit.append(gate, [0])
    (value,) = TorchEstimator().run([(circuit, "X")]).result()
    assert float(value.data.evs) == pytest.approx(np.sin(0.7))


def test_a_large_gate_with_a_matrix_alone():
    order = np.random.default_rng(0).permutation(2**7)
    circuit = QuantumCircuit(7)
    circuit.h(range(7))
    circuit.append(UnitaryGate(np.diag(np.exp(1j * order))), range(7))
    other = circuit.copy_empty_like()
    other.h(range(7))
    other.append(MatrixGate("mine", np.diag(np.exp(1j * order))), range(7))
    observable = SparsePauliOp(["XXIIIYI", "IIXIIII"])
    values = TorchEstimator().run([(circuit, observable), (other, observable)]).result()
    assert float(values[1].data.evs) == pytest.approx(float(values[0].data.evs), abs=1e-12)


X = Parameter("x")


@_QISKIT_WARNS
@pytest.mark.parametrize(
    ("angle", "number"),
    [
        (X - X - 1, -1),
        (0 * X - 2, -2),
        (-(X / X), -1),
        ((X - X - 1) ** 3, -1),
        ((-2) ** (X * 0 + 1), -2),
        ((X - X - 1).sin(), -np.sin(1)),
        ((X - X - 2).sign(), -1),
    ],
)
def test_expressions_that_fold_to_a_negative_number(angle, number):
    circuit = QuantumCircuit(1)
    circuit.ry(angle, 0)
    circuit.append(PauliEvolutionGate(SparsePauliOp("Y"), angle), [0])
    estimator = TorchEstimator()
    value = float(estimator.run([(circuit, "X", [0.4])]).result()[0].data.evs)
    assert value == pytest.approx(np.sin(3 * number))
    gradient = TorchEstimatorGradient(estimator)
    (slope,) = gradient.run([circuit], [SparsePauliOp("X")], [[0.4]]).result().gradients
    assert slope == pytest.approx(0)
