"""A sweep that is killed again and again ends with the records of an undisturbed one."""

import json
import multiprocessing
import os
import signal
import sys
import time

import pytest

from qiskit_qmu import sweep

TINY = {
    "dataset": "iris",
    "model": "basic",
    "train_size": 30,
    "test_size": 20,
    "methods": ("ssd",),
    "seeds": 4,
    "settings": {"trainer.epochs": 1, "model.num_layers": 1, "model.num_qubits": 2},
}
GRID = {"ssd.alpha": [float(alpha) for alpha in range(1, 11)]}
KILLS = 10

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal"),
]


def kept(folder):
    """Return how many models and cells a sweep has kept."""
    return sum(len(list((folder / part).glob("[!.]*"))) for part in ("models", "cells"))


def rows(folder):
    lines = (folder / "sweep.jsonl").read_text().splitlines()
    return [{**json.loads(line), "seconds": None} for line in lines]


def test_a_sweep_of_forty_cells_that_is_killed_ten_times(tmp_path, generator):
    sweep(GRID, tmp_path / "undisturbed", workers=1, **TINY)
    expected, everything = rows(tmp_path / "undisturbed"), kept(tmp_path / "undisturbed")
    assert len({row["cell"] for row in expected}) == 40
    killed = tmp_path / "killed"
    context = multiprocessing.get_context("fork")  # (a new process would import all again)
    for number in range(KILLS):
        process = context.Process(target=sweep, args=(GRID, killed), kwargs={"workers": 1, **TINY})
        process.start()
        enough = everything * (number + generator.uniform(0.2, 1)) / (KILLS + 1)
        while kept(killed) < enough:
            assert process.is_alive()
            time.sleep(generator.uniform(0, 0.02))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert not (killed / "sweep.jsonl").exists()
    sweep(GRID, killed, workers=1, **TINY)
    assert rows(killed) == expected
    assert kept(killed) == everything
