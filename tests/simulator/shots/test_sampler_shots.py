"""TorchSampler with shots: how many, their joint distribution, and streams that never repeat."""

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.quantum_info import Statevector
from sampled_registers import assert_distributed

from qiskit_qmu.simulator import TorchSampler

A = Parameter("a")


def rotated(num_qubits: int = 1) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits)
    circuit.ry(A, 0)
    circuit.measure_all()
    return circuit


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
        weights = [1 if shots is None else shots for shots in expected]
        assert [pub.data.meas.num_shots for pub in result] == weights
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


def test_registers_rows_and_pubs_have_the_moments_of_the_state():
    """Two registers of one PUB covary as the state does, rows and PUBs not at all.

    20,000 rows of 20 shots of a partly entangled pair: P(00) = cos²(½) = p, P(11) = 1-p, then a
    rotation of the second. Each moment is accepted within five standard deviations of its own,
    which a correct program misses with a probability of 6·10⁻⁷.
    """
    circuit = QuantumCircuit(
        QuantumRegister(2), ClassicalRegister(1, "left"), ClassicalRegister(1, "right")
    )
    circuit.ry(1.0, 0)
    circuit.cx(0, 1)
    circuit.ry(0.5, 1)
    weights = Statevector(circuit).probabilities()
    circuit.measure([0, 1], [0, 1])
    pub = (circuit, np.zeros((20_000, 0)))
    results = TorchSampler(shots=20, seed=1).run([pub, pub]).result()
    left, right, other = (
        register.array[:, :, 0].sum(axis=1, dtype=float)
        for register in (results[0].data.left, results[0].data.right, results[1].data.left)
    )
    p, q, both = weights[1] + weights[3], weights[2] + weights[3], weights[3]

    def assert_mean(samples: np.ndarray, mean: float) -> None:
        assert abs(samples.mean() - mean) <= 5 * samples.std() / np.sqrt(len(samples))

    assert_mean(left, 20 * p)
    assert_mean(right, 20 * q)
    assert_mean((left - 20 * p) ** 2, 20 * p * (1 - p))
    assert_mean((left - 20 * p) * (right - 20 * q), 20 * (both - p * q))
    assert_mean((left - 20 * p) * (other - 20 * p), 0)
    assert_mean((left[1:] - 20 * p) * (left[:-1] - 20 * p), 0)


@pytest.mark.parametrize("shots", [3, 50])
def test_what_is_drawn_at_once_does_not_matter(shots, monkeypatch):
    circuit = QuantumCircuit(4)
    circuit.h(range(4))
    circuit.measure_all()
    pub = (circuit, np.zeros((30, 0)))
    whole = TorchSampler(shots=shots, seed=1).run([pub]).result()[0].data.meas
    monkeypatch.setattr("qiskit_qmu.simulator.pubs.pub_outcomes._SHOTS_AT_ONCE", 4 * shots)
    assert TorchSampler(shots=shots, seed=1).run([pub]).result()[0].data.meas == whole
