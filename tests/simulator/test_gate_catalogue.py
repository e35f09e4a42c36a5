"""Every gate of Qiskit's library and every circuit of it, one by one, in every public class."""

import inspect
from collections.abc import Sequence

import numpy as np
import pytest
from engine_checks import Case, check_all_measured
from gate_catalogue import RECIPES, WITHOUT_DEFINITION
from gate_recipe import Draw, Recipe
from library_circuits import LIBRARY_CIRCUITS
from qiskit.circuit import Gate, Parameter, ParameterVector, QuantumCircuit, library
from qiskit.circuit.library import RXXGate
from qiskit.quantum_info import Operator, SparsePauliOp
from random_circuits import random_circuit, random_observable

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import TorchEstimator

pytestmark = pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")

UNBOUND = "Qiskit defines the gate by a matrix of numbers, so it has no definition with parameters"
NOT_YET = {"HamiltonianGate": UNBOUND, "RVGate": UNBOUND}


def marked(names: list[str], reasons: dict[str, str]) -> list:
    return [
        pytest.param(name, marks=pytest.mark.xfail(reason=reasons[name]))
        if name in reasons
        else name
        for name in names
    ]


def test_the_catalogue_has_every_gate_class_of_the_library():
    classes = {
        name
        for name, kind in inspect.getmembers(library, inspect.isclass)
        if issubclass(kind, Gate)
    }
    assert classes <= {name.split()[0] for name in RECIPES} | WITHOUT_DEFINITION.keys()


def between_layers(generator: np.random.Generator, num_qubits: int, gates: list) -> QuantumCircuit:
    """Return gates on shuffled qubits after and before a few random ones."""
    circuit = random_circuit(generator, num_qubits, 3)
    for gate in gates:
        circuit.append(gate, generator.permutation(num_qubits)[: gate.num_qubits].tolist())
        circuit.compose(random_circuit(generator, num_qubits, 3), inplace=True)
    return circuit


def check_circuit(circuit: QuantumCircuit, generator: np.random.Generator) -> None:
    """Check with two rows of values that share every other column."""
    rows = generator.uniform(-2, 2, (2, circuit.num_parameters))
    shared = np.arange(circuit.num_parameters) % 2 == 1
    rows[:, shared] = rows[0, shared]
    observables = [random_observable(generator, circuit.num_qubits) for _ in range(2)]
    check_all_measured(Case(circuit, rows, shared, observables))


@pytest.mark.parametrize("name", list(RECIPES))
def test_gates_with_numbers(name, generator):
    """Of the smallest and of the largest size: small ones are matrices, large ones are unrolled."""
    sizes = RECIPES[name].sizes
    check_numbers(RECIPES[name], sorted({sizes[0], sizes[-1]}), generator)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(RECIPES))
def test_gates_with_numbers_of_every_size(name, generator):
    check_numbers(RECIPES[name], RECIPES[name].sizes, generator)


def check_numbers(recipe: Recipe, sizes: Sequence[int], generator: np.random.Generator) -> None:
    for size in sizes:
        angles = generator.uniform(-4, 4, recipe.num_angles).tolist()
        gate = recipe.make(Draw(size, angles, generator))
        assert gate.num_qubits == size
        check_circuit(between_layers(generator, min(size + 1, 8), [gate]), generator)


PARAMETRIZED = [name for name, recipe in RECIPES.items() if recipe.num_angles]


@pytest.mark.parametrize("name", marked(PARAMETRIZED, NOT_YET))
def test_gates_with_parameters(name, generator):
    """Of the smallest size: all are unrolled by their definitions."""
    check_parameters(RECIPES[name], RECIPES[name].sizes[:1], generator)


@pytest.mark.slow
@pytest.mark.parametrize("name", marked(PARAMETRIZED, NOT_YET))
def test_gates_with_parameters_of_every_size(name, generator):
    check_parameters(RECIPES[name], RECIPES[name].sizes, generator)


def check_parameters(recipe: Recipe, sizes: Sequence[int], generator: np.random.Generator) -> None:
    """Twice, so that both gates share their parameters; one with expressions of them."""
    for size in sizes:
        angles = list(ParameterVector("t", recipe.num_angles))
        curved = [angle * angle - 0.3 * angles[0] for angle in angles]
        gates = [recipe.make(Draw(size, own, generator)) for own in (angles, curved)]
        check_circuit(between_layers(generator, size + 1, gates), generator)


@pytest.mark.parametrize("name", LIBRARY_CIRCUITS)
def test_library_circuits(name, generator):
    check_circuit(LIBRARY_CIRCUITS[name](2, generator), generator)
    block = LIBRARY_CIRCUITS[name](3, generator).to_instruction()
    check_circuit(between_layers(generator, 4, [block]), generator)


@pytest.mark.parametrize("name", WITHOUT_DEFINITION)
def test_gates_without_a_definition_are_refused_by_name(name, generator):
    recipe = WITHOUT_DEFINITION[name]
    gate = recipe.make(Draw(recipe.sizes[0], [], generator))
    circuit = QuantumCircuit(gate.num_qubits)
    circuit.append(gate, range(gate.num_qubits))
    with pytest.raises(InputError, match=f"'{gate.name}' cannot be simulated: .* no definition"):
        TorchEstimator().run([(circuit, "Z" * gate.num_qubits)]).result()


@pytest.mark.parametrize("angle", [1e-3, 1e-5, 1e-8])
@pytest.mark.parametrize("gate", ["rxx", "ryy", "crx", "unitary"])
def test_small_angles_are_not_dropped(gate, angle):
    circuit = QuantumCircuit(3)
    for qubit in range(3):
        circuit.ry(0.3 + qubit, qubit)
        circuit.rz(0.4 + qubit, qubit)
    if gate == "unitary":
        circuit.unitary(Operator(RXXGate(angle)), [0, 1])
    else:
        getattr(circuit, gate)(angle, 0, 1)
    labels = ["ZII", "IXZ", "YXY", "XYX", "IZX", "IYZ"]
    observables = [SparsePauliOp(label) for label in labels]
    check_all_measured(Case(circuit, np.zeros((1, 0)), np.zeros(0, dtype=bool), observables))


DEFINITIONS = {
    "definition": (lambda block: block.rx(0.3, 0), lambda block: block.rx(0.4, 0)),
    "matrix": (
        lambda block: block.unitary(Operator(RXXGate(0.3)), [0, 1]),
        lambda block: block.unitary(Operator(RXXGate(0.4)), [0, 1]),
    ),
    "control state": (
        lambda block: block.cx(0, 1, ctrl_state=0),
        lambda block: block.cx(0, 1, ctrl_state=1),
    ),
    "qubits": (lambda block: block.cx(0, 1), lambda block: block.cx(1, 0)),
    "parameter of the same name": (
        lambda block: block.ry(Parameter("a"), 0),
        lambda block: block.ry(2 * Parameter("a"), 0),
    ),
}


@pytest.mark.parametrize("name", DEFINITIONS)
@pytest.mark.parametrize("nested", [False, True])
def test_circuits_that_look_alike_are_told_apart(name, nested):
    """Within gates of the same name, run in turn by one estimator."""
    circuits = []
    for fill in DEFINITIONS[name]:
        block = QuantumCircuit(2, name="block")
        fill(block)
        circuit = QuantumCircuit(2)
        circuit.ry(0.5, 0)
        circuit.ry(1.1, 1)
        circuit.append(block.to_gate() if nested else block.to_instruction(), [0, 1])
        circuits.append(circuit)
    estimator = TorchEstimator()
    for circuit in [*circuits, *circuits]:
        pub = (circuit, ["ZI", "XY", "IX"], [0.7] * circuit.num_parameters)
        ours = estimator.run([pub]).result()[0].data.evs
        fresh = TorchEstimator().run([pub]).result()[0].data.evs
        np.testing.assert_allclose(ours, fresh, rtol=0, atol=1e-12)
