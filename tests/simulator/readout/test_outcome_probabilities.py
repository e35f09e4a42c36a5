"""Exact outcome probabilities in place of counts: alone, joined, and inside a stock SamplerQNN.

What they say is compared with a BitArray whose shots have just these frequencies.
"""

import pickle

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives import BitArray
from qiskit.quantum_info import Statevector
from qiskit_machine_learning.neural_networks import SamplerQNN
from random_circuits import random_circuit

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import OutcomeProbabilities, TorchSampler

A = Parameter("a")
SHOTS = 64


def pair(generator, shape=(2, 3), num_bits=3) -> tuple[OutcomeProbabilities, BitArray]:
    """Return random shots, and the probabilities that are their frequencies."""
    samples = generator.integers(0, 2**num_bits, (*shape, SHOTS))
    bits = BitArray(samples[..., None].astype(np.uint8), num_bits)
    weights = np.zeros((*shape, 2**num_bits))
    for index in np.ndindex(shape):
        weights[index] = np.bincount(samples[index], minlength=2**num_bits) / SHOTS
    return OutcomeProbabilities(weights, num_bits), bits


def assert_alike(exact: OutcomeProbabilities, bits: BitArray, shots: float = SHOTS) -> None:
    """Compare shapes and, at each binding, probabilities with frequencies."""
    assert (exact.shape, exact.ndim, exact.size) == (bits.shape, bits.ndim, bits.size)
    assert exact.num_bits == bits.num_bits
    for index in np.ndindex(exact.shape):
        for ours, theirs in (
            (exact.get_counts(index), bits.get_counts(index)),
            (exact.get_int_counts(index), bits.get_int_counts(index)),
        ):
            assert ours == pytest.approx({key: n / shots for key, n in theirs.items()})
        dense = [exact.get_int_counts(index).get(key, 0.0) for key in range(2**exact.num_bits)]
        np.testing.assert_allclose(exact.probabilities[index], dense, rtol=0, atol=1e-14)


@pytest.mark.parametrize("shape", [(), (4,), (2, 3)])
def test_probabilities_are_read_like_counts(shape, generator):
    exact, bits = pair(generator, shape)
    assert_alike(exact, bits)
    # Whoever divides counts by their number has the probabilities.
    assert exact.num_shots == pytest.approx(sum(exact.get_counts().values()))
    everything = {key: n / (SHOTS * exact.size) for key, n in bits.get_counts().items()}
    assert exact.get_counts() == pytest.approx(everything)
    assert repr(exact) == f"OutcomeProbabilities(<shape={shape}, num_bits=3>)"


def test_bindings_are_indexed_reshaped_and_transposed(generator):
    exact, bits = pair(generator)
    for index in (1, (1, 2), slice(1), (slice(None), -1), np.array([1, 0, 1])):
        assert_alike(exact[index], bits[index])
    assert_alike(exact[..., 0], bits[:, 0])
    assert_alike(exact.reshape(6), bits.reshape(6))
    assert_alike(exact.reshape((3, 2)), bits.reshape((3, 2)))
    assert_alike(exact.transpose(), bits.transpose())
    assert_alike(exact.transpose(1, 0), bits.transpose(1, 0))
    with pytest.raises(IndexError):
        exact[0, 0, 0]


@pytest.mark.parametrize("indices", [1, [0], [2, 0], [1, 1, 0, 2]])
def test_slices_of_bits_are_marginals(indices, generator):
    exact, bits = pair(generator)
    assert_alike(exact.slice_bits(indices), bits.slice_bits(indices))
    assert_alike(exact.slice_bits([2, 1]).slice_bits(1), bits.slice_bits([2, 1]).slice_bits(1))


def test_there_are_only_so_many_bits(generator):
    exact, _ = pair(generator)
    for index in (-1, 3):
        with pytest.raises(IndexError, match=f"bits must lie between 0 and 2, got index {index}"):
            exact.slice_bits([0, index])


@pytest.mark.parametrize(("indices", "selection"), [(1, 0), ([0, 2], [1, 0]), ([-1], [True])])
def test_postselection_keeps_what_fits(indices, selection, generator):
    exact, bits = pair(generator, shape=())
    kept = bits.postselect(indices, selection)
    assert_alike(exact.postselect(indices, selection), kept)
    assert exact.postselect([], []).get_counts() == exact.get_counts()
    assert exact.postselect([0, 0], [0, 1]).get_counts() == {}
    with pytest.raises(InputError, match="one value for each bit, got 2 bits and 1 values"):
        exact.postselect([0, 1], [1])


def test_expectation_values_of_diagonal_observables(generator):
    exact, bits = pair(generator)
    for observables in (
        "ZIZ",
        {"01I": 0.5, "ZZZ": -2.0},
        [["III"], ["1ZI"]],
        ["ZII", "IZ0", "000"],
    ):
        if np.ndim(observables) == 2:
            shaped = exact.reshape(2, 1, 3), bits.reshape(2, 1, 3)
        else:
            shaped = exact, bits
        expected = shaped[1].expectation_values(observables)
        np.testing.assert_allclose(shaped[0].expectation_values(observables), expected, atol=1e-12)
    for wrong in ("ZIX", "ZZ"):
        with pytest.raises(InputError, match="products of I, Z, 0 and 1 on 3 bits, got"):
            exact.expectation_values(wrong)


def test_no_bindings():
    exact = OutcomeProbabilities(np.zeros((0, 4)), 2)
    assert exact.get_counts() == {}
    assert exact.slice_bits(0).probabilities.shape == (0, 2)
    assert exact.expectation_values("ZZ").shape == (0,)


@pytest.mark.parametrize(
    ("probabilities", "bits", "source"), [(3, 2, None), (2, 2, None), (4, 2, [0]), (4, 1, [2])]
)
def test_probabilities_must_fit_the_bits(probabilities, bits, source):
    with pytest.raises(InputError, match="needs as many sources and 2"):
        OutcomeProbabilities(np.zeros(probabilities), bits, source)


def two_registers(generator: np.random.Generator) -> tuple[QuantumCircuit, np.ndarray]:
    """Return four qubits read into two registers, and the distribution of all six bits.

    Register b reads qubits 3 and 0 into its bits 0 and 2; its bit 1 is never written.
    """
    circuit = QuantumCircuit(
        QuantumRegister(4), ClassicalRegister(2, "a"), ClassicalRegister(3, "b")
    )
    circuit.compose(random_circuit(generator, 4, 10), inplace=True)
    circuit.ry(A, 0)
    state = Statevector(circuit.assign_parameters([0.7])).probabilities()
    circuit.measure([1, 2, 3, 0], [0, 1, 2, 4])
    joint = np.zeros(32)
    for outcome, weight in enumerate(state):
        q = [outcome >> i & 1 for i in range(4)]
        joint[q[1] + 2 * q[2] + 4 * q[3] + 16 * q[0]] += weight
    return circuit, joint


@pytest.mark.parametrize("case", range(5))
def test_joined_registers_keep_their_correlations(case, generator):
    circuit, joint = two_registers(generator)
    result = TorchSampler().run([(circuit, [[0.1], [0.7]])]).result()[0]
    found = result.join_data()
    assert found.num_bits == 5
    np.testing.assert_allclose(found.probabilities[1], joint, rtol=0, atol=1e-12)
    table = joint.reshape(8, 4)
    np.testing.assert_allclose(
        result.join_data(["b", "a"]).probabilities[1], table.T.ravel(), rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(result.data.a.probabilities[1], table.sum(0), rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        result.join_data(["b"]).probabilities[1], table.sum(1), rtol=0, atol=1e-12
    )


def test_shots_are_joined_in_the_same_order(generator):
    """Frequencies of 10⁵ shots: within five standard deviations of the joint probabilities."""
    circuit, joint = two_registers(generator)
    result = TorchSampler(shots=100_000, seed=1).run([(circuit, [0.7])]).result()[0]
    counts = result.join_data().get_int_counts()
    found = np.array([counts.get(i, 0) for i in range(32)]) / 100_000
    assert (np.abs(found - joint) <= 5 * np.sqrt(joint * (1 - joint) / 100_000) + 1e-12).all()


def test_names_of_joined_registers_are_checked(generator):
    circuit, _ = two_registers(generator)
    result = TorchSampler().run([(circuit, [0.7])]).result()[0]
    for names in ([], ["a", "c"]):
        with pytest.raises(ValueError, match=r"must be registers of the circuit \(a, b\), got"):
            result.join_data(names)
    other = TorchSampler().run([(circuit, [0.7])]).result()[0]
    with pytest.raises(InputError, match="of different results have no joint distribution"):
        OutcomeProbabilities.concatenate_bits([result.data.a, other.data.b])


def test_a_register_wider_than_memory(generator):
    """Four of 127 qubits do something; all are measured."""
    circuit = QuantumCircuit(127)
    circuit.h(100)
    circuit.cx(100, 126)
    circuit.measure_all()
    meas = TorchSampler().run([circuit]).result()[0].data.meas
    both = 2**100 + 2**126
    assert meas.get_int_counts() == pytest.approx({0: 0.5, both: 0.5})
    assert meas.get_counts() == pytest.approx({"0" * 127: 0.5, format(both, "0127b"): 0.5})
    assert meas.slice_bits([126, 0]).get_counts() == pytest.approx({"00": 0.5, "01": 0.5})
    with pytest.raises(InputError, match="limited to 30 bits, but the register has 127"):
        _ = meas.probabilities


def test_results_can_be_pickled(generator):
    circuit, joint = two_registers(generator)
    result = pickle.loads(pickle.dumps(TorchSampler().run([(circuit, [0.7])]).result()))
    np.testing.assert_allclose(result[0].join_data().probabilities, joint, rtol=0, atol=1e-12)


@pytest.mark.parametrize("interpret", [None, lambda k: k % 3, lambda k: (k % 2, k // 2)])
def test_a_stock_sampler_qnn_reads_exact_probabilities(interpret, generator):
    """The probabilities of outcomes, summed by hand over what interpret makes of them."""
    circuit = random_circuit(generator, 2, 6)
    circuit.ry(A, 0)
    shape = {None: (4,)}.get(interpret, (3,) if interpret and interpret(3) == 0 else (2, 2))
    network = SamplerQNN(
        circuit=circuit,
        sampler=TorchSampler(),
        input_params=[A],
        interpret=interpret,
        output_shape=None if interpret is None else shape,
    )
    rows = generator.uniform(-3, 3, (5, 1))
    expected = np.zeros((5, *shape))
    for i, (value,) in enumerate(rows):
        weights = Statevector(circuit.assign_parameters([value])).probabilities()
        for outcome, weight in enumerate(weights):
            key = outcome if interpret is None else interpret(outcome)
            expected[(i, *np.atleast_1d(key))] += weight
    np.testing.assert_allclose(network.forward(rows, []), expected, rtol=0, atol=1e-12)


def test_the_only_row_of_a_result_without_bindings_is_the_first():
    alone = OutcomeProbabilities(np.array([0.25, 0.75]), 1)
    assert alone.get_counts(0) == alone.get_counts() == {"0": 0.25, "1": 0.75}
    with pytest.raises(IndexError):
        alone.get_counts(1)
