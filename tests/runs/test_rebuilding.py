"""Ledgers that were lost, damaged, swapped or restored from a copy: nothing is paid for twice."""

import shutil

import pytest
from directory_service import IMPATIENT, DirectoryService, directory_backend
from qiskit.circuit import Parameter, QuantumCircuit

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend
from qiskit_qmu.backends.jobs import JobPolicy, JobsPendingError
from qiskit_qmu.runs.ledger import LEDGER, JobLedger
from qiskit_qmu.runs.rebuilding import rebuild_ledger

CIRCUIT = QuantumCircuit(1)
CIRCUIT.ry(Parameter("x"), 0)
CIRCUIT.measure_all()


@pytest.fixture
def place(tmp_path):
    """A folder for the service and one for the run."""
    (tmp_path / "service").mkdir()
    return tmp_path


def opened(place, run="run", *, wait=True, **faults):
    service = DirectoryService(folder=place / "service", **faults)
    policy = JobPolicy(retry=IMPATIENT, wait=wait)
    return directory_backend(service, policy=policy, ledger=place / run)


def counts(backend, angle):
    return backend.sampler.run([(CIRCUIT, [angle])]).result()[0].data.meas.get_counts()


def sent(place):
    return len(DirectoryService(folder=place / "service").tags())


def remove(ledger):
    ledger.unlink()


def empty(ledger):
    ledger.write_bytes(b"")


def damage(ledger):
    ledger.write_bytes(b"x" * 4096)


def restore(ledger):
    shutil.copy(ledger.with_name("copy"), ledger)


def swap(ledger):
    ledger.unlink()
    JobLedger(ledger).close()


@pytest.mark.parametrize(
    ("lose", "message"),
    [
        (remove, "is missing or empty beside 3 results"),
        (empty, "is missing or empty beside 3 results"),
        (damage, "is not a SQLite file"),
        (restore, "is older than the results beside it and lacks 2 of 3"),
        (swap, "the results beside it belong to run"),
    ],
)
def test_a_run_without_its_ledger_sends_nothing_and_goes_on_after_rebuilding(place, lose, message):
    ledger = place / "run" / LEDGER
    with opened(place) as backend:
        first = [counts(backend, 0.7)]
        shutil.copy(ledger, ledger.with_name("copy"))
        first += [counts(backend, 0.7), counts(backend, 0.1)]
        jobs, spent = (
            backend.resumable_sampler.ledger.jobs(),
            backend.resumable_sampler.ledger.spent_seconds(),
        )
    lose(ledger)
    with pytest.raises(InputError, match=message) as caught:
        opened(place)
    assert "rebuild_ledger" in str(caught.value)
    assert rebuild_ledger(place / "run") == 3
    with opened(place) as backend:
        assert backend.resumable_sampler.ledger.spent_seconds() == spent
        assert [counts(backend, angle) for angle in (0.7, 0.7, 0.1)] == first
        assert sent(place) == 3
        counts(backend, 0.2)
        rebuilt = backend.resumable_sampler.ledger.jobs()
    times = {"finished_at": None}
    assert [vars(job) | times for job in rebuilt[:3]] == [vars(job) | times for job in jobs]
    assert (rebuilt[3].number, rebuilt[3].position) == (3, 3)
    assert sent(place) == 4


def test_a_job_without_a_result_is_found_at_the_service_after_rebuilding(place):
    not_waiting = opened(place, wait=False, polls=1)
    with not_waiting as backend, not_waiting.sampler.without_waiting():
        for angle in (0.1, 0.2, 0.3):
            with pytest.raises(JobsPendingError):
                counts(backend, angle)
    with opened(place) as backend:
        first = counts(backend, 0.1)
    (place / "run" / LEDGER).unlink()
    rebuild_ledger(place / "run")
    with opened(place) as backend:
        again = [counts(backend, angle) for angle in (0.1, 0.2, 0.3)]
        assert again[0] == first
        assert backend.resumable_sampler.ledger.spent_seconds() == 9.0
    assert sent(place) == 3


def test_a_job_that_a_restored_ledger_does_not_know_is_found_at_the_service(place):
    with opened(place) as backend:
        counts(backend, 0.1)
    shutil.copy(place / "run" / LEDGER, place / "copy")
    with opened(place, wait=False, polls=9) as backend:
        counts(backend, 0.1)
        with pytest.raises(JobsPendingError):
            counts(backend, 0.2)
    shutil.copy(place / "copy", place / "run" / LEDGER)
    with opened(place) as backend:
        counts(backend, 0.1)
        counts(backend, 0.2)
    assert sent(place) == 2


def test_results_of_several_runs_are_no_ledger(place):
    for run, angle in (("run", 0.1), ("other", 0.2)):
        with opened(place, run) as backend:
            counts(backend, angle)
    for suffix in ("json", "npz"):
        shutil.copy(place / "other/jobs" / f"00000.{suffix}", place / f"run/jobs/00001.{suffix}")
    with pytest.raises(InputError, match="the results beside it belong to run"):
        opened(place)
    with pytest.raises(InputError, match="rebuilt from the results of one run"):
        rebuild_ledger(place / "run")
    with pytest.raises(InputError, match="has results of none"):
        rebuild_ledger(place / "service")


def test_a_result_that_this_machine_lost_is_computed_once_more_with_the_same_noise(place):
    def run():
        with open_backend("fake_manila", shots=100, seed=3, ledger=place / "run") as backend:
            return [counts(backend, 0.1 * k) for k in range(3)]

    first = run()
    (place / "run" / "jobs" / "00001.npz").unlink()
    assert run() == first


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ({"seed": 4}, "seed 3, got 4"),
        ({"name": "fake_quito"}, "device 'fake_manila', got 'fake_quito'"),
        ({"gradient": "spsa"}, "gradient 'parameter-shift', got 'spsa'"),
        ({"optimization_level": 1}, "optimization_level 3, got 1"),
    ],
)
def test_a_run_goes_on_with_nothing_but_what_it_began_with(place, other, name):
    given = {"name": "fake_manila", "shots": 10, "seed": 3}
    open_backend(**given, ledger=place / "run").close()
    with pytest.raises(InputError, match=f"belongs to a run with {name}"):
        open_backend(**{**given, **other}, ledger=place / "run")
    open_backend(**given, ledger=place / "run").close()


@pytest.mark.parametrize("change", ["flip", "remove", "replace"])
def test_another_circuit_than_the_run_began_with_is_refused(place, change):
    with opened(place) as backend:
        counts(backend, 0.1)
    (circuit,) = (place / "run" / "circuits").iterdir()
    if change == "remove":
        circuit.unlink()
    elif change == "replace":
        with opened(place, "other") as backend:
            backend.sampler.run([(CIRCUIT.compose(CIRCUIT), [0.1])]).result()
        (other,) = (place / "other" / "circuits").iterdir()
        shutil.copy(other, circuit)
    else:
        content = bytearray(circuit.read_bytes())
        content[-20] ^= 1
        circuit.write_bytes(content)
    with opened(place) as backend, pytest.raises(InputError, match=f"circuits/{circuit.name}"):
        counts(backend, 0.2)
    assert sent(place) == (2 if change == "replace" else 1)
