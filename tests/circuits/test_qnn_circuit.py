"""Circuits: no angle is dead, and what was left out changes no outcome of the textbook ansatz."""

import itertools
from typing import get_args

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import ParameterVector
from qiskit.circuit.library import zz_feature_map
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import Operator, SparsePauliOp, Statevector

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import (
    AmplitudeEncoding,
    Encoding,
    Entangler,
    EntanglingGate,
    QNNCircuit,
    qnn_circuit,
)
from qiskit_qmu.circuits.ansatz import AnsatzGate, _without_inert_end, _without_inert_start
from qiskit_qmu.simulator.engine.simulation import simulate
from qiskit_qmu.simulator.readout.observables import PauliSums, basis_probabilities

ENCODINGS, ENTANGLERS, GATES = map(get_args, (Encoding, Entangler, EntanglingGate))
BLOCKS = [block for size in (1, 2, 3) for block in itertools.permutations(("rx", "ry", "rz"), size)]
FEW_SIZES = [(2, 3, 2), (3, 3, 1), (2, 2, 3)]
ALL_SIZES = [
    (features, qubits, layers)
    for qubits in range(1, 5)
    for features in range(1, qubits + 1)
    for layers in (1, 2, 3)
]


def pairs(num_qubits: int, entangler: str) -> list[tuple[int, int]]:
    """Return the joined pairs, written out from the definitions."""
    if entangler == "none":
        return []
    if entangler == "full":
        return list(itertools.combinations(range(num_qubits), 2))
    line = [(i, i + 1) for i in range(num_qubits - 1)]
    return line + [(num_qubits - 1, 0)] * (entangler == "ring" and num_qubits > 2)


def textbook(num_features, num_qubits, num_layers, encoding, block, entangler, gate) -> QNNCircuit:
    """Return the encoding and every gate of every layer, inert or not."""
    num_inputs = num_features if encoding != "amplitude" else 2**num_qubits - 1
    inputs = ParameterVector("x", num_inputs)
    weights = ParameterVector("w", num_layers * num_qubits * len(block))
    circuit = QuantumCircuit(num_qubits)
    if encoding == "zz":
        circuit.compose(zz_feature_map(num_features), range(num_features), inplace=True)
        inputs = circuit.parameters
    elif encoding == "amplitude":
        circuit.append(AmplitudeEncoding(inputs), range(num_qubits))
    else:
        for qubit, feature in enumerate(inputs):
            for axis in encoding.split("-"):
                getattr(circuit, axis)(feature, qubit)
    angles = iter(weights)
    for _ in range(num_layers):
        for qubit in range(num_qubits):
            for axis in block:
                getattr(circuit, axis)(next(angles), qubit)
        for pair in pairs(num_qubits, entangler):
            getattr(circuit, gate)(*pair)
    return QNNCircuit(circuit, tuple(inputs), tuple(weights))


def outcomes(qnn: QNNCircuit, row: np.ndarray):
    """Return the map from weights to outcome probabilities and ⟨Z⟩ of all qubits at one row."""
    num_qubits = qnn.circuit.num_qubits
    simulation = simulate(qnn.circuit, qnn.inputs, qnn.weights)
    single = [
        SparsePauliOp.from_sparse_list([("Z", [i], 1)], num_qubits) for i in range(num_qubits)
    ]
    sums = PauliSums(single, torch.complex128, torch.device("cpu"))

    def read(weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        states = simulation(torch.tensor(row)[None], weights)
        return basis_probabilities(states)[:, 0], sums(states)[:, 0]

    return read


def assert_without_dead_angles(size, options: tuple, generator: np.random.Generator) -> None:
    """Compare with the textbook circuit, whose dead angles are those of zero gradient."""
    full = textbook(*size, *options)
    row = generator.uniform(-2, 2, len(full.inputs))
    values = torch.tensor(generator.uniform(-2, 2, len(full.weights)))
    read = outcomes(full, row)
    slopes = torch.func.jacrev(lambda weights: read(weights)[0])(values)
    live = slopes.abs().amax(0) > 1e-12
    encoding, block, entangler, gate = options
    arguments = {
        "encoding": encoding,
        "rotations": block,
        "entanglement": entangler,
        "entangling_gate": gate,
    }
    if not live.any():
        with pytest.raises(InputError, match=r"num_weights must be .* at least 1, got 0"):
            qnn_circuit(*size, **arguments)
        return
    qnn = qnn_circuit(*size, **arguments)
    assert len(qnn.weights) == live.sum(), (size, options)
    kept = outcomes(qnn, row)
    for own, expected in zip(kept(values[live]), read(values), strict=True):
        torch.testing.assert_close(own, expected, rtol=0, atol=1e-12)
    by_z = torch.func.jacrev(lambda weights: kept(weights)[1])(values[live])
    assert by_z.abs().amax(0).min() > 1e-9, (size, options)


def needs_two_features(encoding: str, size: tuple[int, int, int]) -> bool:
    return encoding == "zz" and size[0] < 2


@pytest.mark.parametrize(("entangler", "gate"), list(itertools.product(ENTANGLERS, GATES)))
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_angle_is_dead_and_nothing_is_missing(encoding, entangler, gate, generator):
    """A fifth of the blocks for each combination, all of them for each encoding; see below."""
    first = ENTANGLERS.index(entangler) * len(GATES) + GATES.index(gate)
    for index in range(first % 5, len(BLOCKS), 5):
        size = FEW_SIZES[index % len(FEW_SIZES)]
        assert_without_dead_angles(size, (encoding, BLOCKS[index], entangler, gate), generator)


@pytest.mark.slow
@pytest.mark.parametrize("size", ALL_SIZES, ids=str)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_angle_is_dead_at_any_size(encoding, size, generator):
    if needs_two_features(encoding, size):
        pytest.skip("the ZZ map joins two features")
    for options in itertools.product([encoding], BLOCKS, ENTANGLERS, GATES):
        assert_without_dead_angles(size, options, generator)


def random_gates(generator: np.random.Generator) -> list[AnsatzGate]:
    gates = []
    for _ in range(generator.integers(1, 15)):
        name = str(generator.choice(["rx", "rz", "rz", "cx", "cx", "cz"]))
        size = 1 if name.startswith("r") else 2
        gates.append(AnsatzGate(name, tuple(generator.permutation(3)[:size].tolist())))
    return gates


def test_inert_gates_are_found_in_any_order_of_gates(generator):
    """Random gates after an encoded and two blank qubits; dropping may not change an outcome."""
    for _ in range(300):
        gates = random_gates(generator)
        angles = {id(gate): generator.uniform(-2, 2) for gate in gates}
        kept = _without_inert_start(_without_inert_end(gates, 3), 3, {0})
        found = []
        for own in (gates, kept):
            circuit = QuantumCircuit(3)
            circuit.ry(0.7, 0)
            for gate in own:
                arguments = (angles[id(gate)],) if gate.is_rotation else ()
                getattr(circuit, gate.name)(*arguments, *gate.qubits)
            found.append(Statevector(circuit).probabilities())
        np.testing.assert_allclose(found[1], found[0], rtol=0, atol=1e-12)


def test_the_default_circuit_gate_by_gate():
    """By hand: the first layer with CZ, then RY alone, since RZ and CZ at the end are diagonal."""
    circuit = qnn_circuit(2, 2, 2).circuit
    names = [(i.operation.name, *(circuit.find_bit(q).index for q in i.qubits)) for i in circuit]
    encoding, ry, rz = ([(name, 0), (name, 1)] for name in ("ry", "ry", "rz"))
    first = [ry[0], rz[0], ry[1], rz[1], ("cz", 0, 1)]
    assert names == [*encoding, *first, *ry]


def test_the_zz_map_is_qiskits(generator):
    qnn = qnn_circuit(3, 3, 1, encoding="zz")
    row = generator.uniform(-2, 2, 3)
    circuit = qnn.circuit.assign_parameters(dict(zip(qnn.inputs, row, strict=True)))
    without = circuit.assign_parameters(dict.fromkeys(qnn.weights, 0.0))
    expected = QuantumCircuit(3)
    expected.compose(zz_feature_map(3).assign_parameters(row), inplace=True)
    # With all weights zero only the CZ gates between the layers are left: none after one layer.
    assert Operator(without).equiv(Operator(expected))


def test_amplitude_encoding_is_one_gate_on_all_qubits():
    qnn = qnn_circuit(5, 3, 1, encoding="amplitude")
    gate, *rest = qnn.circuit
    assert isinstance(gate.operation, AmplitudeEncoding)
    assert gate.operation.params == list(qnn.inputs)
    assert [p.name for p in qnn.inputs] == [f"x[{i}]" for i in range(7)]
    assert gate.qubits == tuple(qnn.circuit.qubits)
    # All qubits are encoded, so that no rotation about Z of the first layer is left out.
    deep = qnn_circuit(1, 3, 2, encoding="amplitude", rotations=("rz", "ry"))
    assert [i.operation.name for i in deep.circuit][1:7] == ["rz", "ry"] * 3
    assert len(rest) == 3


@pytest.mark.parametrize("num_features", [2, 12])
def test_parameters_are_in_order(num_features):
    """Vector elements sort by index, where names would put x[10] before x[2]."""
    qnn = qnn_circuit(num_features, 12, 1, encoding="zz")
    assert [p.name for p in qnn.inputs] == [f"x[{i}]" for i in range(num_features)]
    assert [p.name for p in qnn.weights] == [f"w[{i}]" for i in range(len(qnn.weights))]
    assert list(qnn.circuit.parameters) == [*qnn.weights, *qnn.inputs]


@pytest.mark.parametrize("entangler", ENTANGLERS)
def test_entanglers(entangler):
    qnn = qnn_circuit(4, 4, 1, entanglement=entangler, entangling_gate="cx")
    found = [
        tuple(qnn.circuit.find_bit(qubit).index for qubit in instruction.qubits)
        for instruction in qnn.circuit
        if instruction.operation.name == "cx"
    ]
    assert found == pairs(4, entangler)


def test_a_circuit_is_a_plain_qiskit_circuit():
    qnn = qnn_circuit(2, 3, 2, encoding="rx-ry-rz")
    drawing = str(qnn.circuit.draw("text"))
    assert "Rx(x[0])" in drawing
    assert "Ry(w[0])" in drawing
    isa = transpile(qnn.circuit, GenericBackendV2(4, seed=1), seed_transpiler=1)
    assert set(isa.parameters) == {*qnn.inputs, *qnn.weights}
    qnn.circuit.measure_all()
    assert [register.name for register in qnn.circuit.cregs] == ["meas"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_features": 0}, "num_features must be an integer of at least 1, got 0"),
        ({"num_qubits": 0}, "num_qubits must be an integer of at least 1, got 0"),
        ({"num_layers": 0}, "num_layers must be an integer of at least 1, got 0"),
        ({"num_layers": 1.5}, "num_layers must be an integer of at least 1, got 1.5"),
        ({"num_features": 3}, r"num_features must be at most num_qubits \(2\), got 3"),
        ({"encoding": "angle"}, "must be one of ry, rx-ry-rz, zz, amplitude; got 'angle'"),
        (
            {"encoding": "amplitude", "num_features": 5},
            r"num_features must be at most 2\^num_qubits \(4\), got 5",
        ),
        (
            {"encoding": "amplitude", "num_qubits": 40},
            "num_qubits must be at most 12 with amplitude encoding, got 40",
        ),
        ({"encoding": "zz", "num_features": 1}, "num_features must be .* at least 2, got 1"),
        ({"entanglement": "star"}, "must be one of ring, linear, full, none; got 'star'"),
        ({"entangling_gate": "iswap"}, "entangling_gate must be one of cx, cz; got 'iswap'"),
        ({"rotations": ("ry", "h")}, "rotation must be one of rx, ry, rz; got 'h'"),
        ({"rotations": ()}, "num_weights must be an integer of at least 1, got 0"),
        ({"rotations": ("rz",)}, "num_weights must be an integer of at least 1, got 0"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(InputError, match=message):
        qnn_circuit(**({"num_features": 2, "num_qubits": 2, "num_layers": 1} | arguments))
