"""TorchEstimator against Qiskit's StatevectorEstimator: shapes, layouts, precisions, streams."""

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import PauliEvolutionGate
from qiskit.exceptions import QiskitError
from qiskit.primitives import BaseEstimatorV2, StatevectorEstimator
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp, Statevector
from random_circuits import random_circuit, random_observable
from scipy.linalg import expm

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import TorchEstimator

STOCK = StatevectorEstimator()
A, B = Parameter("a"), Parameter("b")


def entangled() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.ry(A, 0)
    circuit.cx(0, 1)
    circuit.rx(A * B, 1)
    return circuit


def expectations(estimator: BaseEstimatorV2, *pub, **options) -> np.ndarray:
    return estimator.run([pub], **options).result()[0].data.evs


def assert_as_stock(*pub) -> None:
    ours, stock = (e.run([pub]).result()[0].data for e in (TorchEstimator(), STOCK))
    assert ours.shape == stock.shape
    for name in ("evs", "stds"):
        assert isinstance(ours[name], np.ndarray)
        assert ours[name].shape == stock[name].shape
        assert ours[name].dtype == np.float64
        np.testing.assert_allclose(ours[name], stock[name], rtol=0, atol=1e-10)


SHAPES = [
    ((), ()),
    ((3,), ()),
    ((), (2,)),
    ((3,), (3,)),
    ((3, 1), (2,)),
    ((2,), (3, 1)),
    ((4, 1, 2), (3, 1)),
    ((0,), ()),
    ((), (0,)),
    ((0, 1), (2,)),
    ((3, 1), (0,)),
]


@pytest.mark.parametrize(("bindings", "observables"), SHAPES, ids=str)
def test_bindings_and_observables_are_broadcast(bindings, observables, generator):
    array = np.empty(observables, dtype=object)
    for position in np.ndindex(observables):
        array[position] = random_observable(generator, 2)
    if observables == ():
        array = array[()]
    assert_as_stock(entangled(), array, generator.uniform(-3, 3, (*bindings, 2)))


OBSERVABLES = {
    "label": "XZ",
    "labels": ["XZ", "YY", "II", "XZ"],
    "nested labels": [["XZ"], ["YI"]],
    "dictionary": {"XZ": 0.5, "ZI": -2.0},
    "dictionaries": [{"XZ": 0.5}, {"ZI": -2.0, "IX": 1.0}],
    "Pauli": Pauli("-XZ"),
    "Pauli sum": SparsePauliOp(["XZ", "XZ", "YI"], [0.3, 0.4, 1.0]),
    "sparse observable": SparseObservable.from_list([("XZ", 0.5), ("YI", 0.25)]),
    "array": ObservablesArray([["ZZ", {"YX": 1.5}], ["IY", "XX"]]),
}


@pytest.mark.parametrize("name", OBSERVABLES)
def test_every_way_to_write_observables(name, generator):
    assert_as_stock(entangled(), OBSERVABLES[name], generator.uniform(-3, 3, 2))


MATRICES = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Z": np.diag([1, -1]),
    "0": np.diag([1, 0]),
    "1": np.diag([0, 1]),
    "+": np.array([[1, 1], [1, 1]]) / 2,
    "-": np.array([[1, -1], [-1, 1]]) / 2,
    "r": np.array([[1, -1j], [1j, 1]]) / 2,
    "l": np.array([[1, 1j], [-1j, 1]]) / 2,
}


def test_projectors(generator):
    """StatevectorEstimator refuses them, so the reference is a product of 2 x 2 matrices."""
    labels = [["01", "+Z", "rl"], ["0I", "-1", "X0"]]
    values = generator.uniform(-3, 3, 2)
    state = Statevector(entangled().assign_parameters(values)).data
    actual = expectations(TorchEstimator(), entangled(), labels, values)
    for position in np.ndindex(2, 3):
        high, low = labels[position[0]][position[1]]
        matrix = np.kron(MATRICES[high], MATRICES[low])
        assert actual[position] == pytest.approx((state.conj() @ matrix @ state).real, abs=1e-12)


def test_every_way_to_write_bindings():
    observables = ["XZ", "YY"]
    for values in (
        [0.3, 0.4],
        [[0.3, 0.4], [0.5, 0.6]],
        {A: 0.3, B: 0.4},
        {A: [0.3, 0.5], B: [0.4, 0.6]},
        {("b", "a"): [[0.4, 0.3], [0.6, 0.5]]},
    ):
        assert_as_stock(entangled(), observables, values)


@pytest.mark.parametrize("case", range(30))
def test_random_circuits(case, generator):
    num_qubits = int(generator.integers(1, 6))
    parameters = list(ParameterVector("p", generator.integers(0, 4)))
    circuit = random_circuit(generator, num_qubits, 10, parameters)
    observables = [[random_observable(generator, num_qubits)] for _ in range(3)]
    values = generator.uniform(-1, 1, (2, circuit.num_parameters))
    assert_as_stock(circuit, observables, values)


def test_many_pubs_and_none(generator):
    """Circuits may share values, values circuits, and circuits may have no parameters."""
    values = generator.uniform(-3, 3, (3, 2))
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    pubs = [
        (entangled(), "ZZ", values),
        (entangled(), "XX", values),
        (bell, ["XX", "ZI"]),
        (bell, "ZI", np.zeros((3, 0))),
        (entangled(), "ZZ", values[0]),
    ]
    ours, stock = TorchEstimator().run(pubs).result(), STOCK.run(pubs).result()
    for own, other in zip(ours, stock, strict=True):
        np.testing.assert_allclose(own.data.evs, other.data.evs, rtol=0, atol=1e-12)
    assert len(TorchEstimator().run([]).result()) == 0


def test_a_circuit_that_is_changed_between_runs_gives_new_values():
    estimator, circuit = TorchEstimator(), QuantumCircuit(1)
    assert expectations(estimator, circuit, "Z") == 1
    circuit.x(0)
    assert expectations(estimator, circuit, "Z") == -1


@pytest.mark.parametrize("optimization_level", [0, 3])
def test_a_transpiled_circuit_with_its_layout(optimization_level, generator):
    backend = GenericBackendV2(7, coupling_map=[[i, i + 1] for i in range(6)], seed=1)
    isa = transpile(
        entangled(),
        backend,
        initial_layout=[5, 2],
        optimization_level=optimization_level,
        seed_transpiler=1,
    )
    observable = random_observable(generator, 2)
    values = generator.uniform(-3, 3, (3, 2))
    expected = expectations(STOCK, entangled(), observable, values)
    placed = observable.apply_layout(isa.layout)
    actual = expectations(TorchEstimator(), isa, placed, values)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-10)


def test_measurements_at_the_end_change_nothing():
    circuit = entangled()
    circuit.measure_all()
    values = [[0.3, 0.7]]
    expected = expectations(STOCK, entangled(), "YZ", values)
    actual = expectations(TorchEstimator(), circuit, "YZ", values)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-12)


def test_single_precision(generator):
    values = generator.uniform(-3, 3, (5, 2))
    exact, single = (
        expectations(TorchEstimator(dtype=dtype), entangled(), "YZ", values)
        for dtype in (torch.complex128, torch.complex64)
    )
    assert single.dtype == np.float64
    assert 0 < np.abs(single - exact).max() < 1e-6


def test_exact_values_meet_every_precision():
    result = TorchEstimator().run([(entangled(), "ZZ", [0.3, 0.4], 0.5)], precision=0.1).result()
    assert result[0].data.stds == 0
    assert result[0].data.evs == expectations(TorchEstimator(), entangled(), "ZZ", [0.3, 0.4])


@pytest.mark.parametrize("precision", [None, 0, 0.0])
def test_metadata_of_exact_values(precision):
    """As of Qiskit's StatevectorEstimator: zero where no precision is asked for."""
    circuit = entangled()
    circuit.metadata = {"name": "mine"}
    pubs = [(circuit, "ZZ", [0.3, 0.4], 0.5), (circuit, "ZZ", [0.3, 0.4])]
    for options, targets in (
        ({"precision": precision}, (0.5, 0)),
        ({"precision": 0.1}, (0.5, 0.1)),
    ):
        result = TorchEstimator().run(pubs, **options).result()
        assert result.metadata == {"version": 2}
        assert [pub.metadata for pub in result] == [
            {"target_precision": target, "circuit_metadata": {"name": "mine"}} for target in targets
        ]


def test_zipped_bindings_and_observables_are_measured_only_where_they_meet(generator):
    values = generator.uniform(-3, 3, (6, 2))
    labels = ["ZZ", "XX", "YI", "XX", "IZ", "ZZ"]
    exact = expectations(TorchEstimator(), entangled(), labels, values)
    for row in range(6):
        expected = expectations(STOCK, entangled(), labels[row], values[row])
        assert exact[row] == pytest.approx(expected, abs=1e-12)
    pub = (entangled(), labels, values)
    data = TorchEstimator(shots=10_000, seed=1).run([pub]).result()[0].data
    assert (np.abs(data.evs - exact) <= 5 * data.stds + 1e-12).all()


@pytest.mark.parametrize("optimization_level", [0, 3])
@pytest.mark.parametrize("shots", [None, 10_000])
def test_a_large_device_of_which_little_is_used(optimization_level, shots, generator):
    """27 qubits, 2 of them used; errors within five standard errors."""
    backend = GenericBackendV2(27, seed=1)
    isa = transpile(
        entangled(),
        backend,
        initial_layout=[22, 7],
        optimization_level=optimization_level,
        seed_transpiler=1,
    )
    observables = [random_observable(generator, 2) for _ in range(3)]
    values = generator.uniform(-3, 3, 2)
    expected = expectations(STOCK, entangled(), observables, values)
    placed = [observable.apply_layout(isa.layout) for observable in observables]
    data = TorchEstimator(shots=shots, seed=1).run([(isa, placed, values)]).result()[0].data
    assert (np.abs(data.evs - expected) <= 5 * data.stds + 1e-10).all()


def test_idle_qubits_are_in_their_ground_state():
    circuit = QuantumCircuit(30)
    circuit.x(3)
    observables = [
        SparsePauliOp.from_sparse_list([(p, q, 1.0)], 30)
        for p, q in (("Z", [3]), ("Z", [29]), ("ZZ", [3, 29]), ("X", [29]), ("", []))
    ]
    evs = expectations(TorchEstimator(), circuit, observables)
    np.testing.assert_allclose(evs, [-1, 1, -1, 0, 1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("shots", [None, 40_000])
def test_a_qubit_that_is_reset_leaves_its_partner_mixed(shots):
    """Averaged over both outcomes, where Qiskit's state vector estimator follows one at random."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.reset(0)
    evs = expectations(TorchEstimator(shots=shots, seed=1), circuit, ["ZI", "IZ", "ZZ", "XX"])
    np.testing.assert_allclose(evs, [0, 1, 0, 0], rtol=0, atol=0.02 if shots else 1e-12)


def test_instructions_that_cannot_be_simulated_are_named_before_anything_runs():
    circuit = QuantumCircuit(1, 1)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    for error in (InputError, QiskitError):
        with pytest.raises(error, match=r"'if_else' cannot be simulated: it is control flow"):
            TorchEstimator().run([(entangled(), "ZZ", [0.1, 0.2]), (circuit, "Z")])


def test_values_must_be_finite():
    with pytest.raises(InputError, match="parameter_values must be finite, got 1 NaN"):
        TorchEstimator().run([(entangled(), "ZZ", [0.1, np.nan])])


def test_observables_must_be_hermitian():
    with pytest.raises(ValueError, match="Non-Hermitian"):
        TorchEstimator().run([(entangled(), 1j * SparsePauliOp("ZZ"), [0.1, 0.2])])


def test_the_circuit_of_a_job_does_not_change_with_the_original():
    circuit = QuantumCircuit(1)
    estimator = TorchEstimator()
    jobs = []
    for _ in range(20):
        jobs.append(estimator.run([(circuit, "Z")]))
        circuit.x(0)
    assert [float(job.result()[0].data.evs) for job in jobs] == [1.0, -1.0] * 10


def test_an_evolution_runs_as_its_product_formula_and_not_as_the_exact_exponential():
    hamiltonian = SparsePauliOp(["XX", "ZI", "IY"], [0.7, 0.5, 0.3])
    evolution = PauliEvolutionGate(hamiltonian, time=0.8)
    circuit, opened = QuantumCircuit(2), QuantumCircuit(2)
    circuit.append(evolution, [0, 1])
    opened.compose(evolution.definition, inplace=True)
    observable = SparsePauliOp(["ZI", "XY"])
    (result,) = TorchEstimator().run([(circuit, observable)]).result()
    formula = Statevector(opened).expectation_value(observable).real
    exact = Statevector(expm(-0.8j * hamiltonian.to_matrix())[:, 0].copy())
    np.testing.assert_allclose(result.data.evs, formula, atol=1e-12)
    assert abs(exact.expectation_value(observable).real - formula) > 0.01
