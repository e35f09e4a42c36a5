"""Processes that are killed at random moments, again and again, until their work is done."""

import multiprocessing
import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np


def fork_server() -> Any:
    """Return what starts processes at once, forked from one that has loaded all."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            "qiskit_qmu.experiments",
            "qiskit_qmu.backends.noise.aer_engine",
            "qiskit_ibm_runtime.fake_provider",
            "qiskit_aer.noise",
            "sklearn.datasets",
            "torch._dynamo",
            "matplotlib.figure",
            "matplotlib.backends.backend_svg",
            "qiskit_qmu.report.page",
        ]
    )
    return context


def seconds_of(processes: Any, work: Callable[..., None], arguments: tuple[Any, ...]) -> float:
    """Return how long work takes in a process that nobody kills."""
    process = processes.Process(target=work, args=arguments)
    started = time.perf_counter()
    process.start()
    process.join()
    assert process.exitcode == 0, "the run failed by itself"
    return time.perf_counter() - started


def killed_until_done(
    processes: Any,
    work: Callable[..., None],
    arguments: tuple[Any, ...],
    seconds: float,
    generator: np.random.Generator,
) -> int:
    """Kill work within so many seconds until it gets through; return how often it was killed."""
    kills = 0
    while True:
        process = processes.Process(target=work, args=arguments)
        process.start()
        process.join(generator.uniform(0.0, seconds))
        process.kill()
        process.join()
        if process.exitcode != -signal.SIGKILL:
            assert process.exitcode == 0, "the run failed by itself"
            return kills
        kills += 1
