"""Sweeps on a real local cluster, of which a worker is killed in the middle: the same records."""

import os
import signal
import sys

import pytest

from qiskit_qmu import sweep

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
