"""TorchEstimator with shots: how many, their errors, and streams that never repeat."""

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit_machine_learning.neural_networks import EstimatorQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import TorchEstimator

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


@pytest.mark.parametrize("precision", [1e-9, np.nan, np.inf])
def test_precisions_that_no_number_of_shots_meets(precision):
    with pytest.raises(InputError, match="precision must"):
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
    assert first == streams(seed=np.random.default_rng(1))
    assert len({*first, *streams(seed=2)}) == 6


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


def test_observables_of_one_pub_share_their_shots_and_those_of_two_do_not():
    """ZI and IZ of a Bell pair: equal in every shot, independent from PUB to PUB."""
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    together = TorchEstimator(shots=100, seed=1).run([(bell, ["ZI", "IZ"])]).result()[0].data.evs
    assert together[0] == together[1]
    estimator = TorchEstimator(shots=10**6, seed=1)
    apart = estimator.run([(bell, "ZI"), (bell, "IZ")]).result()
    assert apart[0].data.evs != apart[1].data.evs
