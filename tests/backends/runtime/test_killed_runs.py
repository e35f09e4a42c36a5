"""Runs on IBM Runtime that are killed at any moment: nothing is lost, and nothing is sent twice."""

import numpy as np
import pytest
from device_work import train_small
from fake_server import FakeService
from killed_processes import fork_server, killed_until_done, seconds_of
from runtime_work import go_on
from safetensors.numpy import load_file

from qiskit_qmu.experiments import run_status


def sent(place):
    """Return the tags of all jobs that the service took; each job has one of its own."""
    return [job["tags"][0] for job in FakeService(place / "server").server.jobs()]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["job", "session"])
def test_a_run_that_is_killed_is_the_same_as_one_that_is_not(tmp_path, generator, mode):
    saved = train_small(tmp_path / "model")
    processes = fork_server()
    for place in (tmp_path / "first", tmp_path / "whole"):  # the first one loads what is missing
        seconds = seconds_of(processes, go_on, (saved, place, mode, 0))
    whole = run_status(tmp_path / "whole" / "run")
    expected = sent(tmp_path / "whole")
    kills = number = 0
    while kills < 15:
        number += 1
        place = tmp_path / f"killed-{number}"
        work = (saved, place, mode, number % 2)
        kills += killed_until_done(processes, go_on, work, 1.5 * seconds, generator)
        status = run_status(place / "run")
        assert status.state == "finished"
        assert len(sent(place)) == len(set(sent(place))) == len(expected)
        assert [job.state for job in status.jobs] == ["done"] * len(expected)
        assert [job.digest for job in status.jobs] == [job.digest for job in whole.jobs]
        own, right = (
            load_file(s.result / "model" / "weights.safetensors") for s in (status, whole)
        )
        for name, values in right.items():
            np.testing.assert_array_equal(own[name], values)
