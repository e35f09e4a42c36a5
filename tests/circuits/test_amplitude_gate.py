"""AmplitudeEncoding: a plain Qiskit gate that survives what Qiskit does to circuits."""

import copy
import io

import numpy as np
import pytest
from qiskit import QuantumCircuit, qpy, transpile
from qiskit.circuit import Gate, ParameterVector
from qiskit.circuit.library import StatePreparation
from qiskit.primitives import StatevectorEstimator
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector
from qiskit_machine_learning.neural_networks import EstimatorQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import AmplitudeEncoding, as_amplitude_encoding


def encoded(num_qubits: int) -> tuple[QuantumCircuit, ParameterVector]:
    """Return a circuit that holds the gate and one more parameter, and the gate's parameters."""
    angles = ParameterVector("x", 2**num_qubits - 1)
    circuit = QuantumCircuit(num_qubits)
    circuit.append(AmplitudeEncoding(angles), range(num_qubits))
    circuit.rx(ParameterVector("w", 1)[0], 0)
    return circuit, angles


def loaded(circuit: QuantumCircuit) -> QuantumCircuit:
    file = io.BytesIO()
    qpy.dump(circuit, file)
    file.seek(0)
    return qpy.load(file)[0]


@pytest.mark.parametrize("num_qubits", range(1, 6))
def test_gate_counts(num_qubits):
    """Möttönen et al. count 2^n - 1 RY and 2^n - 2 CNOT; one for each level but the first is saved.

    Qiskit's own preparation of complex states takes more.
    """
    gate = AmplitudeEncoding([0.1] * (2**num_qubits - 1))
    counts = gate.definition.count_ops()
    assert counts["ry"] == 2**num_qubits - 1
    assert counts.get("cz", 0) == 2**num_qubits - num_qubits - 1
    state = np.random.default_rng(0).normal(size=2**num_qubits)
    stock = StatePreparation(state / np.linalg.norm(state)).definition
    two_qubit = transpile(stock, basis_gates=["u", "cz"], optimization_level=0).count_ops()
    assert counts.get("cz", 0) <= two_qubit.get("cz", 0)


def test_two_qubits_by_hand():
    circuit = AmplitudeEncoding(list(range(3))).definition
    found = [
        (i.operation.name, i.operation.params, [circuit.find_bit(q).index for q in i.qubits])
        for i in circuit
    ]
    assert found == [
        ("ry", [0], [1]),
        ("ry", [1], [0]),
        ("cz", [], [1, 0]),
        ("ry", [2], [0]),
    ]


@pytest.mark.parametrize("opened", [False, True])
def test_parameters_are_replaced_with_and_without_the_definition_made(opened, generator):
    circuit, angles = encoded(3)
    if opened:
        assert len(circuit.data[0].operation.definition.parameters) == 7
    renamed = ParameterVector("inputs", 7)
    other = circuit.assign_parameters(dict(zip(angles, renamed, strict=True)))
    gate = other.data[0].operation
    assert isinstance(gate, AmplitudeEncoding)
    assert gate.params == list(renamed)
    assert set(gate.definition.parameters) == set(renamed)
    values = generator.uniform(-3, 3, 7)
    bound = other.assign_parameters(dict(zip(renamed, values, strict=True)))
    assert bound.data[0].operation.params == values.tolist()
    expected = Statevector(AmplitudeEncoding(values.tolist()).definition)
    state = Statevector(bound.assign_parameters([0.0]))
    np.testing.assert_allclose(state.data, expected.data, atol=1e-14)
    # The circuit itself is as it was.
    assert circuit.data[0].operation.params == list(angles)


def test_a_network_keeps_the_gate():
    circuit, angles = encoded(2)
    network = EstimatorQNN(
        circuit=circuit,
        observables=SparsePauliOp("ZZ"),
        input_params=angles,
        weight_params=[p for p in circuit.parameters if p not in list(angles)],
        estimator=StatevectorEstimator(),
    )
    gate = as_amplitude_encoding(network.circuit.data[0].operation)
    assert gate is not None
    assert gate.params == list(network.input_params)


def test_copies_are_equal_and_apart():
    circuit, angles = encoded(2)
    for twin in (circuit.copy(), copy.deepcopy(circuit)):
        assert twin == circuit
        twin.assign_parameters({angles[0]: 0.5}, inplace=True)
        assert twin != circuit
    assert circuit.data[0].operation.params == list(angles)


def test_from_a_qpy_file_it_is_a_plain_gate_that_is_recognised(generator):
    circuit, angles = encoded(3)
    read = loaded(circuit)
    plain = read.data[0].operation
    assert type(plain) is Gate
    assert as_amplitude_encoding(plain).params == list(angles)
    # The plain gate's definition follows its parameters.
    renamed = ParameterVector("inputs", 7)
    other = read.assign_parameters(dict(zip(angles, renamed, strict=True)))
    assert as_amplitude_encoding(other.data[0].operation).params == list(renamed)
    values = generator.uniform(-3, 3, 8)
    states = [Statevector(c.assign_parameters(values)).data for c in (circuit, read)]
    np.testing.assert_allclose(states[1], states[0], atol=1e-14)


def test_other_gates_are_not_taken_for_it():
    gate = AmplitudeEncoding([0.1, 0.2, 0.3])
    assert as_amplitude_encoding(gate) is gate
    assert as_amplitude_encoding(gate.inverse()) is None
    assert as_amplitude_encoding(gate.control()) is None
    assert as_amplitude_encoding(gate.inverse(annotated=True)) is None
    other = Gate("amplitude_encoding", 2, [0.1, 0.2, 0.3])
    assert as_amplitude_encoding(other) is None
    other.definition = AmplitudeEncoding([0.1, 0.2, 0.4]).definition
    assert as_amplitude_encoding(other) is None
    assert as_amplitude_encoding(Gate("amplitude_encoding", 2, [])) is None


def test_it_decomposes_inverts_and_transpiles(generator):
    circuit, _ = encoded(3)
    opened = circuit.decompose(["amplitude_encoding"])
    assert opened.count_ops() == {"ry": 7, "cz": 4, "rx": 1}
    isa = transpile(circuit, GenericBackendV2(4, seed=1), seed_transpiler=1)
    assert set(isa.parameters) == set(circuit.parameters)
    assert "Amplitude_encoding" in str(circuit.draw("text"))
    values = generator.uniform(-3, 3, 7).tolist()
    gate = AmplitudeEncoding(values)
    both = Operator(gate).compose(Operator(gate.inverse()))
    assert both.equiv(Operator(np.eye(8)))


@pytest.mark.parametrize("count", [0, 2, 4, 8])
def test_numbers_of_angles_that_fit_no_number_of_qubits_are_refused(count):
    with pytest.raises(InputError, match=rf"needs 2\^n - 1 angles .* got {count}"):
        AmplitudeEncoding([0.1] * count)
