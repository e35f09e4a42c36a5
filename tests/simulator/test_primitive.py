"""What both primitives have in common: options, jobs and errors before anything runs."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.primitives import BaseEstimatorV2, BaseSamplerV2, PrimitiveJob, PrimitiveResult
from qiskit.providers import JobError, JobStatus

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import TorchEstimator, TorchSampler

BOTH = pytest.mark.parametrize("primitive", [TorchEstimator, TorchSampler])


def coin() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.measure_all()
    return circuit


def pub_of(primitive: type) -> tuple:
    return (coin(), "Z") if primitive is TorchEstimator else (coin(),)


def outcome(result: PrimitiveResult) -> bytes:
    data = result[0].data
    return data.evs.tobytes() if "evs" in data else data.meas.array.tobytes()


def test_they_are_primitives():
    assert isinstance(TorchEstimator(), BaseEstimatorV2)
    assert isinstance(TorchSampler(), BaseSamplerV2)


@BOTH
def test_options(primitive):
    exact = primitive()
    assert exact.shots is None
    assert exact.seed is None
    chosen = primitive(shots=np.int64(5), seed=3, dtype=torch.complex64, device=torch.device("cpu"))
    assert chosen.shots == 5
    assert chosen.seed == 3
    assert chosen.cache.dtype is torch.complex64


@BOTH
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shots": 0}, "shots must be an integer of at least 1, got 0"),
        ({"shots": 1.5}, "shots must be an integer of at least 1, got 1.5"),
        ({"shots": True}, "shots must be an integer of at least 1, got True"),
        ({"dtype": torch.float64}, "dtype must be one of torch.complex64, torch.complex128; got"),
    ],
)
def test_options_are_checked(primitive, options, message):
    with pytest.raises(InputError, match=message):
        primitive(**options)


@BOTH
def test_a_job_tells_its_state(primitive):
    first, second = (primitive(shots=5).run([pub_of(primitive)]) for _ in range(2))
    assert isinstance(first, PrimitiveJob)
    assert first.job_id() != second.job_id()
    result = first.result()
    assert isinstance(result, PrimitiveResult)
    assert first.result() is result
    assert first.status() == JobStatus.DONE
    assert first.done()
    assert first.in_final_state()
    assert not first.running()
    assert not first.cancelled()
    assert not first.cancel()


@BOTH
def test_a_pickled_job_has_its_result_and_nothing_else(primitive):
    job = primitive(shots=100).run([pub_of(primitive)])
    text = pickle.dumps(job)
    assert len(text) < 5000
    restored = pickle.loads(text)
    assert restored.job_id() == job.job_id()
    assert restored.status() == JobStatus.DONE
    assert outcome(restored.result()) == outcome(job.result())
    restored._result = None
    restored._submit()
    with pytest.raises(JobError, match="an unpickled job has only its result"):
        restored.result()


@BOTH
def test_no_pubs(primitive):
    result = primitive().run([]).result()
    assert isinstance(result, PrimitiveResult)
    assert len(result) == 0
    assert result.metadata == {"version": 2}


@BOTH
def test_pubs_may_come_one_by_one(primitive):
    assert len(primitive().run(pub_of(primitive) for _ in range(3)).result()) == 3


@BOTH
def test_a_bad_pub_is_refused_before_a_stream_is_used(primitive):
    """The next run has the noise that it would have had without it."""
    disturbed, calm = primitive(shots=1000, seed=1), primitive(shots=1000, seed=1)
    with pytest.raises(ValueError, match="The length of pub must be"):
        disturbed.run([()])
    runs = [p.run([pub_of(primitive)]).result() for p in (disturbed, calm)]
    assert outcome(runs[0]) == outcome(runs[1])


@BOTH
def test_runs_from_several_threads_have_noise_of_their_own(primitive):
    """Two runs of 10⁴ coins have one estimate with probability 0.006, 10⁴ coins 2⁻¹⁰⁰⁰⁰."""
    shared = primitive(shots=10**12 if primitive is TorchEstimator else 10**4, seed=1)
    with ThreadPoolExecutor(4) as pool:
        results = pool.map(lambda _: shared.run([pub_of(primitive)]).result(), range(20))
        found = {outcome(result) for result in results}
    assert len(found) == 20


@BOTH
def test_copies_draw_shots_of_their_own_and_leave_the_original_alone(primitive):
    """Two sequences of three runs of 1,000 coins are equal with a probability below 10⁻⁵."""

    def runs(source) -> list[bytes]:
        return [outcome(source.run([pub_of(primitive)]).result()) for _ in range(3)]

    def copied() -> list:
        original = primitive(shots=1000, seed=1)
        pickled = pickle.loads(pickle.dumps(original))
        twice = copy.deepcopy(pickled)
        copies = [copy.copy(original), copy.deepcopy(original), pickled, twice, original]
        assert all(own.cache is original.cache for own in copies[:2])
        return copies

    found = [runs(own) for own in copied()]
    assert found == [runs(own) for own in copied()]
    assert found[-1] == runs(primitive(shots=1000, seed=1))
    assert len({tuple(sequence) for sequence in found}) == 5


def test_an_estimator_and_a_sampler_of_one_seed_are_independent():
    """Means of 400 runs of 100 shots; independent ones correlate with a deviation of 1/20."""
    circuit = QuantumCircuit(1)
    circuit.h(0)
    measured = circuit.measure_all(inplace=False)
    rows = np.zeros((400, 0))
    means = TorchEstimator(shots=100, seed=1).run([(circuit, "Z", rows)]).result()[0].data.evs
    bits = TorchSampler(shots=100, seed=1).run([(measured, rows)]).result()[0].data.meas
    drawn = bits.expectation_values("Z")
    assert abs(np.corrcoef(means, drawn)[0, 1]) < 5 / 20


def test_primitives_that_share_a_generator_are_independent():
    shared = np.random.default_rng(1)
    pub = pub_of(TorchEstimator)
    first, second = (TorchEstimator(shots=10**12, seed=shared).run([pub]).result() for _ in "ab")
    assert outcome(first) != outcome(second)
