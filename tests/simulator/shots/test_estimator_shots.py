"""TorchEstimator with shots: how many, their errors, and streams that never repeat."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_machine_learning.neural_networks import EstimatorQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import qnn_circuit
from qiskit_qmu.simulator import TorchEstimator
from qiskit_qmu.simulator.shots import sampled_pauli_sums
from qiskit_qmu.simulator.shots.draws import outcome_counts

A, B = Parameter("a"), Parameter("b")


def entangled() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.ry(A, 0)
    circuit.cx(0, 1)
    circuit.rx(A * B, 1)
    return circuit


def expectations(estimator: TorchEstimator, *pub) -> np.ndarray:
    return estimator.run([pub]).result()[0].data.evs


def test_shots_of_a_precision():
    """ceil(1/precision²) of the PUB, else of the run, else the estimator's own."""
    values = [0.3, 0.4]
    pubs = [(entangled(), "ZZ", values, 0.015625), (entangled(), "ZZ", values)]
    for precision, shots in ((None, 30), (0, 30), (0.3, 12), (1.0, 1), (7, 1)):
        result = TorchEstimator(shots=30).run(pubs, precision=precision).result()
        assert [pub.metadata["shots"] for pub in result] == [4096, shots]
        target = precision or 30**-0.5
        assert [pub.metadata["target_precision"] for pub in result] == [0.015625, target]
    # Values from N shots lie on a grid of steps 2/N.
    steps = (1 + result[0].data.evs) * 4096 / 2
    assert steps == pytest.approx(round(float(steps)), abs=1e-9)


def test_the_default_precision_is_that_of_the_shots():
    """As a property, like Qiskit's StatevectorEstimator; given back, it takes as many shots."""
    assert TorchEstimator().default_precision == 0.0
    for number in (1, 3, 10, 100, 4096, 10**6 + 3):
        estimator = TorchEstimator(shots=number)
        assert estimator.default_precision == pytest.approx(number**-0.5)
        assert estimator.shots_for(estimator.default_precision) == number


@pytest.mark.parametrize("precision", [1e-9, np.nan, np.inf])
def test_precisions_that_no_number_of_shots_meets(precision):
    with pytest.raises(InputError, match=r"precision must|choose a larger one"):
        TorchEstimator(shots=1).run([(entangled(), "ZZ", [0.3, 0.4])], precision=precision)


def test_a_precision_is_met_by_the_standard_error():
    """One-shot variances of a Pauli string are at most 1, of N shots at most N/(N - 1)."""
    pub = (entangled(), ["ZZ", "XI", "IY"], [0.3, 0.4])
    for precision in (0.1, 0.01):
        stds = TorchEstimator(shots=1, seed=1).run([pub], precision=precision).result()[0].data.stds
        assert (stds <= precision * 1.006).all()


def test_a_network_asks_for_its_own_precision_unless_it_is_told_not_to():
    """The default of 1/64 means 4096 shots, whatever the estimator's."""
    estimator = TorchEstimator(shots=10, seed=1)
    circuit = QuantumCircuit(1)
    circuit.ry(A, 0)
    for options, shots in (({}, 4096), ({"default_precision": 0.0}, 10)):
        network = EstimatorQNN(
            circuit=circuit, estimator=estimator, input_params=[A], weight_params=[], **options
        )
        steps = (1 + network.forward([[1.0]] * 50, [])) * shots / 2
        np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)
        assert (steps % 2 == 1).any()


def test_one_shot_has_no_standard_error():
    data = TorchEstimator(shots=1).run([(entangled(), ["ZZ", "II"], [0.3, 0.4])]).result()[0].data
    assert abs(data.evs[0]) == 1
    assert np.isnan(data.stds[0])
    assert data.stds[1] == 0


# Twenty rows whose noise has a standard deviation of 1/30, on a grid of 1/500.
PUB = (entangled(), "IX", [[0.3, 0.4]] * 20)


def streams(seed, runs: int = 3) -> list[bytes]:
    estimator = TorchEstimator(shots=1000, seed=seed)
    return [expectations(estimator, *PUB).tobytes() for _ in range(runs)]


def test_the_noise_of_a_seed_is_a_sequence_without_repeats():
    """Two independent runs are alike with a probability below 10⁻²⁰."""
    first = streams(seed=1)
    assert first == streams(seed=1)
    assert len({*first, *streams(seed=2)}) == 6
    given = streams(seed=np.random.default_rng(1))
    assert given == streams(seed=np.random.default_rng(1))
    assert not {*first} & {*given}


def test_the_noise_of_two_pubs_and_of_the_rows_of_one_differs():
    result = TorchEstimator(shots=1000, seed=1).run([PUB, PUB]).result()
    first, second = (pub.data.evs for pub in result)
    assert (first != second).any()
    assert len(np.unique(first)) > 3


def test_jobs_that_run_at_the_same_time_repeat_their_noise_too():
    def together() -> list[bytes]:
        estimator = TorchEstimator(shots=100, seed=3)
        jobs = [estimator.run([PUB]) for _ in range(20)]
        return [job.result()[0].data.evs.tobytes() for job in jobs]

    assert together() == together()


def test_the_noise_of_rows_pubs_and_runs_is_uncorrelated():
    """2 runs x 2 PUBs x 2000 rows; correlations of independent noise have a deviation of 1/√2000.

    Each is accepted within five, which a correct program misses with a probability of 6·10⁻⁷.
    """
    pub = (PUB[0], PUB[1], [[0.3, 0.4]] * 2000)
    estimator = TorchEstimator(shots=20, seed=1)
    results = [result for _ in range(2) for result in estimator.run([pub, pub]).result()]
    found = [result.data.evs for result in results]
    streams = [*found, *(np.roll(rows, 1) for rows in found)]
    table = np.corrcoef(streams)
    assert np.abs(table - np.eye(8)).max() < 5 / np.sqrt(2000)


def test_observables_share_their_shots_in_a_pub_and_from_pub_to_pub():
    """ZI and IZ of a Bell pair: equal in every shot. What is asked for again is measured anew."""
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)

    def values(*pubs) -> list[np.ndarray]:
        job = TorchEstimator(shots=10**6, seed=1).run([(bell, *pub) for pub in pubs])
        return [result.data.evs for result in job.result()]

    (together,) = values([["ZI", "IZ"]])
    assert together[0] == together[1]
    first, second, again = values(["ZI"], ["IZ"], ["ZI"])
    assert first == second != again
    first, other = values(["ZI"], ["IZ", [], 2e-3])
    assert first != other  # (another number of shots)


def test_a_network_measures_as_often_forward_as_its_connector(monkeypatch):
    """Three observables in two bases, in PUBs of their own: two measurements of each row."""
    qnn = qnn_circuit(2, 2, 1)
    measured = []

    def counted(states, shots, generator):
        measured.append(states.shape[1])
        return outcome_counts(states, shots, generator)

    monkeypatch.setattr(sampled_pauli_sums, "outcome_counts", counted)
    network = EstimatorQNN(
        circuit=qnn.circuit,
        observables=[SparsePauliOp(label) for label in ("ZI", "XX", "IZ")],
        input_params=qnn.inputs,
        weight_params=qnn.weights,
        estimator=TorchEstimator(shots=10, seed=1),
        default_precision=0.0,
    )
    network.forward(np.ones((3, 2)), np.ones(len(qnn.weights)))
    assert measured == [3, 3]


def test_standard_errors_of_weighted_observables_in_two_bases(generator):
    """Unbiased: squared, and as the mean over 4,000 rows of 3 shots, the variance of the values.

    The mean of 4,000 sample variances has a relative deviation of about 2 %; divided by N in place
    of N - 1 they would be too small by a third.
    """
    observable = SparsePauliOp(["ZZ", "ZI", "XX", "II"], [1.0, -0.5, 0.7, 2.0])
    rows = np.tile([0.3, 0.4], (4000, 1))
    data = TorchEstimator(shots=3, seed=1).run([(entangled(), observable, rows)]).result()[0].data
    state = Statevector(entangled().assign_parameters([0.3, 0.4]))

    def variance(part: SparsePauliOp) -> float:
        mean = state.expectation_value(part).real
        return state.expectation_value((part @ part).simplify()).real - mean**2

    expected = (variance(observable[:2]) + variance(observable[2])) / 3
    assert np.mean(data.stds**2) == pytest.approx(expected, rel=0.1)
    assert data.evs.var() == pytest.approx(expected, rel=0.1)
    alone = TorchEstimator(shots=1).run([(entangled(), observable, [0.3, 0.4])]).result()[0].data
    assert np.isnan(alone.stds)
