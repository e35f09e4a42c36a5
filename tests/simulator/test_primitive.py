"""What both primitives have in common: options, jobs and errors before anything runs."""

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
    copy = pickle.loads(text)
    assert copy.job_id() == job.job_id()
    assert copy.status() == JobStatus.DONE
    assert outcome(copy.result()) == outcome(job.result())
    copy._result = None
    copy._submit()
    with pytest.raises(JobError, match="a job that was pickled is done"):
        copy.result()


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
