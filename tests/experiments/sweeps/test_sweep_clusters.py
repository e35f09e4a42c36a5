"""Sweeps on a real local cluster, of which a worker is killed in the middle: the same records."""

import os
import signal
import sys

import pytest

from qiskit_qmu import sweep
from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.experiments.sweeps import ray_tasks
from qiskit_qmu.experiments.sweeps.engine import open_engine

TINY = {
    "dataset": "iris",
    "model": "basic",
    "train_size": 30,
    "test_size": 20,
    "methods": ("ssd",),
    "seeds": 2,
    "settings": {"trainer.epochs": 1, "model.num_layers": 1, "model.num_qubits": 2},
}
GRID = {"ssd.alpha": [5.0, 9.0]}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal"),
    pytest.mark.filterwarnings("default"),  # (those of the cluster's own package)
]


def rows_of(result):
    return [{name: own for name, own in row.items() if name != "seconds"} for row in result.rows]


class KillInTheMiddle:
    """Progress that kills a worker as soon as the first unlearned model is there."""

    def __init__(self, find):
        self.find = find
        self.killed = None

    def __call__(self, task, share):
        if self.killed is None and task.startswith("oracles and unlearned models, 1 of"):
            self.killed = self.find()
            os.kill(self.killed, signal.SIGKILL)


def test_two_dask_workers_one_of_which_is_killed(tmp_path):
    distributed = pytest.importorskip("distributed")
    expected = rows_of(sweep(GRID, tmp_path / "here", workers=1, **TINY))
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        kill = KillInTheMiddle(lambda: next(iter(client.run(os.getpid).values())))
        address = cluster.scheduler_address.replace("tcp://", "dask://")
        found = sweep(GRID, tmp_path / "there", cluster=address, progress=kill, **TINY)
    assert kill.killed is not None
    assert rows_of(found) == expected


@pytest.fixture
def local_ray(monkeypatch):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    ray = pytest.importorskip("ray")
    for is_last in (False, False, True):
        try:
            ray.init(
                num_cpus=2,
                object_store_memory=80_000_000,
                include_dashboard=False,
                log_to_driver=False,
            )
            break
        except Exception:  # (Ray gives its own processes 20 seconds, few on a busy machine)
            ray.shutdown()
            if is_last:
                raise
    yield ray
    ray.shutdown()


def ray_workers():
    """Return the processes of a local Ray instance that are at work on a task."""
    psutil = pytest.importorskip("psutil")
    children = psutil.Process().children(recursive=True)
    # (Ray's own agents are called ray::… too, and a node ends with them.)
    return [each.pid for each in children if "ray::_on_one_thread" in " ".join(each.cmdline())]


def test_two_ray_workers_one_of_which_is_killed(tmp_path, local_ray):
    expected = rows_of(sweep(GRID, tmp_path / "here", workers=1, **TINY))
    kill = KillInTheMiddle(lambda: ray_workers()[0])
    found = sweep(GRID, tmp_path / "there", cluster="ray", progress=kill, **TINY)
    assert kill.killed is not None
    assert rows_of(found) == expected
    assert local_ray.is_initialized()


def test_a_ray_worker_that_is_always_lost_stops_the_sweep(local_ray, monkeypatch):
    monkeypatch.setattr(ray_tasks, "_RETRIES", 0)  # (a worker takes seconds to start)
    with open_engine("ray") as engine, pytest.raises(RunError, match="lost again and again"):
        list(engine.results_of(os._exit, [(1,)]))
    with open_engine("ray") as engine, pytest.raises(InputError, match="as it was raised"):
        list(engine.results_of(refuse, [()]))


def refuse():
    raise InputError("as it was raised")


def test_without_a_ray_cluster_it_says_how_to_start_one(monkeypatch):
    ray = pytest.importorskip("ray")

    def refused(address, **_options):
        raise ConnectionError

    monkeypatch.setattr(ray, "init", refused)
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    with pytest.raises(InputError, match="found at head:6379; start one"), open_engine("ray"):
        pass
