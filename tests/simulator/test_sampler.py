"""TorchSampler: registers and shapes against StatevectorSampler, counts against probabilities."""

import numpy as np
import pytest
import torch
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Parameter
from qiskit.primitives import BitArray, StatevectorSampler
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import Statevector
from random_circuits import random_circuit
from scipy import stats

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import TorchSampler

A = Parameter("a")
SIGNIFICANCE = 1e-6
"""Probability with which a chi-square test rejects a correct program; the streams are fixed."""


def rotated(num_qubits: int = 1) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits)
    circuit.ry(A, 0)
    circuit.measure_all()
    return circuit


def register_probabilities(circuit: QuantumCircuit, register: str) -> np.ndarray:
    """Return the distribution of one register, read slowly from the state vector."""
    qubit_of = {
        instruction.clbits[0]: circuit.find_bit(instruction.qubits[0]).index
        for instruction in circuit.data
        if instruction.operation.name == "measure"
    }
    bits = next(own for own in circuit.cregs if own.name == register)
    state = Statevector(circuit.remove_final_measurements(inplace=False)).probabilities()
    expected = np.zeros(2 ** len(bits))
    for outcome, weight in enumerate(state):
        value = sum(
            (outcome >> qubit_of[bit] & 1) << i for i, bit in enumerate(bits) if bit in qubit_of
        )
        expected[value] += weight
    return expected


def assert_distributed(counts: dict[int, int], expected: np.ndarray) -> None:
    """Test counts by chi-square; outcomes that are expected less than five times are one."""
    observed = np.array([counts.get(outcome, 0) for outcome in range(len(expected))])
    assert not observed[expected < 1e-12].any()
    shots = observed.sum()
    rare = expected * shots < 5
    observed = np.append(observed[~rare], observed[rare].sum())
    mean = np.append(expected[~rare], expected[rare].sum()) * shots
    if mean[-1] < 5:
        observed, mean = observed[:-1], mean[:-1] * observed[:-1].sum() / mean[:-1].sum()
    assert stats.chisquare(observed, mean).pvalue > SIGNIFICANCE or len(mean) == 1


def several_registers(generator: np.random.Generator) -> QuantumCircuit:
    """Measure some of four qubits into shuffled bits of two of three registers."""
    circuit = QuantumCircuit(
        QuantumRegister(4, "q"),
        ClassicalRegister(2, "first"),
        ClassicalRegister(3, "second"),
        ClassicalRegister(1, "unused"),
    )
    circuit.compose(random_circuit(generator, 4, 12), range(4), inplace=True)
    circuit.barrier()
    qubits = generator.permutation(4)[:3].tolist()
    circuit.measure(qubits, generator.permutation(5)[:3].tolist())
    return circuit


@pytest.mark.parametrize("case", range(10))
def test_registers_in_exact_mode_and_with_shots(case, generator):
    circuit = several_registers(generator)
    exact = TorchSampler().run([circuit]).result()[0].data
    counted = TorchSampler(seed=case).run([circuit], shots=5000).result()[0].data
    assert list(exact) == list(counted) == ["first", "second", "unused"]
    for name, size in (("first", 2), ("second", 3), ("unused", 1)):
        expected = register_probabilities(circuit, name)
        assert exact[name].num_bits == counted[name].num_bits == size
        np.testing.assert_allclose(exact[name].probabilities, expected, rtol=0, atol=1e-12)
        assert_distributed(counted[name].get_int_counts(), expected)


def test_registers_are_correlated_as_in_the_state():
    """A Bell pair's halves, read into two registers, agree in every shot."""
    circuit = QuantumCircuit(
        QuantumRegister(2), ClassicalRegister(1, "left"), ClassicalRegister(1, "right")
    )
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    data = TorchSampler(shots=1000, seed=1).run([circuit]).result()[0].data
    np.testing.assert_array_equal(data.left.array, data.right.array)
    assert_distributed(data.left.get_int_counts(), np.array([0.5, 0.5]))


def test_shots_come_in_random_order():
    """The runs of a fair coin: their number is normal with mean N/2 and variance N/4."""
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    bits = TorchSampler(shots=10_000, seed=1).run([circuit]).result()[0].data.c.array[:, 0]
    changes = np.count_nonzero(np.diff(bits.astype(int)))
    assert abs(changes - 5000) < 5 * 50


@pytest.mark.parametrize("num_qubits", [1, 8, 9, 12])
def test_bits_are_packed_as_qiskit_packs_them(num_qubits, generator):
    circuit = QuantumCircuit(num_qubits)
    ones = np.flatnonzero(generator.integers(0, 2, num_qubits)).tolist()
    if ones:
        circuit.x(ones)
    circuit.measure_all()
    ours, stock = (
        sampler.run([circuit], shots=3).result()[0].data.meas
        for sampler in (TorchSampler(), StatevectorSampler())
    )
    assert isinstance(ours, BitArray)
    np.testing.assert_array_equal(ours.array, stock.array)
    assert ours.array.dtype == stock.array.dtype
    assert ours.get_counts() == stock.get_counts()


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (2, 0)])
@pytest.mark.parametrize("shots", [None, 20])
def test_results_have_the_shape_of_the_bindings(shape, shots, generator):
    values = generator.uniform(-3, 3, (*shape, 1))
    sampler = TorchSampler(shots=shots, seed=1)
    pub = sampler.run([(rotated(2), values)]).result()[0]
    assert pub.data.shape == pub.data.meas.shape == shape
    assert pub.data.meas.num_bits == 2
    if shots is None:
        expected = np.stack([np.cos(values[..., 0] / 2) ** 2, np.sin(values[..., 0] / 2) ** 2], -1)
        found = pub.data.meas.probabilities
        assert found.shape == (*shape, 4)
        np.testing.assert_allclose(found[..., :2], expected, rtol=0, atol=1e-14)
    else:
        assert pub.data.meas.array.shape == (*shape, 20, 1)


def test_rows_are_drawn_from_their_own_state():
    values = np.array([[0.0], [1.0], [2.0], [np.pi]])
    meas = TorchSampler(shots=10_000, seed=1).run([(rotated(), values)]).result()[0].data.meas
    for row, (value,) in enumerate(values):
        expected = np.array([np.cos(value / 2) ** 2, np.sin(value / 2) ** 2])
        assert_distributed(meas.get_int_counts(row), expected)


def test_shots_of_pub_run_and_sampler_in_this_order():
    circuit = rotated()
    pubs = [(circuit, [0.3], 5), (circuit, [0.3])]
    for sampler, options, expected in (
        (TorchSampler(), {}, [5, None]),
        (TorchSampler(), {"shots": 7}, [5, 7]),
        (TorchSampler(shots=9), {"shots": 7}, [5, 7]),
        (TorchSampler(shots=9), {}, [5, 9]),
    ):
        result = sampler.run(pubs, **options).result()
        assert [pub.data.meas.num_shots for pub in result] == expected
        assert [pub.metadata["shots"] for pub in result] == expected


def draws(sampler: TorchSampler, runs: int = 3) -> list[bytes]:
    pub = (rotated(), [[1.0], [1.0]])
    return [
        sampler.run([pub, pub]).result()[i].data.meas.array[row].tobytes()
        for _ in range(runs)
        for i in range(2)
        for row in range(2)
    ]


def test_the_noise_of_a_seed_is_a_sequence_without_repeats():
    """Rows of 200 shots are alike with a probability below 10⁻²⁰."""
    first = draws(TorchSampler(shots=200, seed=1))
    assert first == draws(TorchSampler(shots=200, seed=1))
    assert len(set(first)) == len(first)
    assert not set(first) & set(draws(TorchSampler(shots=200, seed=2)))
    assert not set(first) & set(draws(TorchSampler(shots=200)))


def test_jobs_that_run_at_the_same_time_repeat_their_noise_too():
    def together() -> list[bytes]:
        sampler = TorchSampler(shots=100, seed=3)
        jobs = [sampler.run([(rotated(), [1.0])]) for _ in range(20)]
        return [job.result()[0].data.meas.array.tobytes() for job in jobs]

    assert together() == together()


@pytest.mark.parametrize("case", range(10))
def test_random_circuits(case, generator):
    circuit = random_circuit(generator, int(generator.integers(1, 6)), 12)
    circuit.measure_all()
    expected = register_probabilities(circuit, "meas")
    exact, single, counted = (
        TorchSampler(dtype=dtype, shots=shots, seed=case).run([circuit]).result()[0].data.meas
        for dtype, shots in (
            (torch.complex128, None),
            (torch.complex64, None),
            (torch.complex64, 20_000),
        )
    )
    np.testing.assert_allclose(exact.probabilities, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(single.probabilities, expected, rtol=0, atol=1e-5)
    assert_distributed(counted.get_int_counts(), expected)


def test_a_transpiled_circuit_counts_as_the_logical_one():
    circuit = QuantumCircuit(2)
    circuit.ry(1.0, 0)
    circuit.cx(0, 1)
    circuit.x(1)
    circuit.measure_all()
    backend = GenericBackendV2(5, coupling_map=[[i, i + 1] for i in range(4)], seed=1)
    isa = transpile(
        circuit, backend, initial_layout=[4, 2], optimization_level=1, seed_transpiler=1
    )
    logical, physical = (
        TorchSampler().run([c]).result()[0].data.meas.probabilities for c in (circuit, isa)
    )
    np.testing.assert_allclose(physical, logical, rtol=0, atol=1e-12)


def test_measuring_again_repeats_the_outcome():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.measure(0, 1)
    counts = TorchSampler().run([circuit]).result()[0].data.c.get_counts()
    assert counts == pytest.approx({"00": 0.5, "11": 0.5})


def test_the_last_measurement_into_a_bit_stays():
    circuit = QuantumCircuit(2, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    circuit.measure(1, 0)
    assert TorchSampler().run([circuit]).result()[0].data.c.get_counts() == {"0": 1.0}


def nested_measurement() -> QuantumCircuit:
    inner = QuantumCircuit(1, 1, name="inner")
    inner.measure(0, 0)
    circuit = QuantumCircuit(1, 1)
    circuit.append(inner.to_instruction(), [0], [0])
    return circuit


def measured_in_the_middle() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    circuit.h(0)
    return circuit


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (QuantumCircuit(1), "a sampled circuit must have measurements, got none"),
        (nested_measurement(), "measurements must stand in the circuit itself, .* 'inner'"),
        (measured_in_the_middle(), "measurements must be the last instructions .* got 'h'"),
    ],
    ids=["none", "nested", "middle"],
)
def test_what_cannot_be_sampled_is_refused(circuit, message):
    with pytest.raises(InputError, match=message):
        TorchSampler().run([circuit]).result()


def test_options_are_checked():
    with pytest.raises(InputError, match="shots must be an integer of at least 1, got 0"):
        TorchSampler(shots=0)
    with pytest.raises(InputError, match="dtype must be one of"):
        TorchSampler(dtype=torch.float32)
