"""Seeds on several processes, each on one thread.

Sums of floats depend on how many threads share them, and training amplifies the difference: on one
thread a run's numbers are the same however many cores there are. The matrices of ten qubits are too
small to gain from threads; several seeds at once gain from processes.
"""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import joblib
import torch
from joblib.externals.loky.process_executor import TerminatedWorkerError
from threadpoolctl import threadpool_limits

from qiskit_qmu._errors import RunError
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.run import Progress, Record, run_seed


def run_seeds(
    experiment: Experiment,
    seeds: Sequence[int],
    *,
    data_dir: str | None,
    jobs: int | None,
    ledgers: Path | None = None,
    progress: Progress,
) -> Iterator[list[Record]]:
    """Run an experiment's seeds and yield each one's records as soon as it is done.

    Args:
        experiment: What to run.
        seeds: Which of its seeds.
        data_dir: Where image files lie.
        jobs: Processes; as many as there are cores and seeds where None.
        ledgers: Where the jobs of IBM's devices are written down.
        progress: Called with what is done and the share of the whole that is.

    Yields:
        The records of one seed, in order of completion.

    Raises:
        RunError: If one of the processes was ended from outside.
    """
    jobs = min(jobs or os.cpu_count() or 1, len(seeds))
    if jobs <= 1:
        for number, seed in enumerate(seeds):
            part = _part(progress, number, len(seeds))
            yield _records(experiment, seed, data_dir, ledgers, part)
        return
    progress(f"{len(seeds)} seeds on {jobs} processes", 0.0)
    tasks = (joblib.delayed(_silent_records)(experiment, seed, data_dir, ledgers) for seed in seeds)
    parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)
    try:
        for number, records in enumerate(parallel(tasks), start=1):
            progress(f"{number} of {len(seeds)} seeds done", number / len(seeds))
            yield records
    except TerminatedWorkerError as error:
        raise RunError(
            "a process that ran a seed was ended from outside, perhaps for want of memory; the "
            "same command goes on after the last seed that was done, with --jobs 1 it needs least"
        ) from error


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread inside the block."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.set_num_threads(threads)


def _records(
    experiment: Experiment,
    seed: int,
    data_dir: str | None,
    ledgers: Path | None,
    progress: Progress,
) -> list[Record]:
    with one_thread():
        records = run_seed(experiment, seed, data_dir=data_dir, jobs=ledgers, progress=progress)
        return list(records)


def _silent_records(
    experiment: Experiment, seed: int, data_dir: str | None, ledgers: Path | None
) -> list[Record]:
    _end_with_parent()
    return _records(experiment, seed, data_dir, ledgers, lambda _task, _share: None)


def _end_with_parent() -> None:
    """Let this process end soon after the one that started it, also where that was killed."""
    parent = multiprocessing.parent_process()
    if parent is None or any(thread.name == _WATCH for thread in threading.enumerate()):
        return
    # What joblib starts on POSIX does not know when its parent ends; only the system does.
    is_alive = parent.is_alive if os.name == "nt" else lambda: os.getppid() == parent.pid
    threading.Thread(target=_end_without, args=(is_alive,), name=_WATCH, daemon=True).start()


_WATCH = "end with parent"


def _end_without(is_alive: Callable[[], bool]) -> None:
    while is_alive():
        time.sleep(0.5)
    os._exit(1)


def _part(progress: Progress, number: int, count: int) -> Progress:
    """Say which seed it is, and count its share of the whole."""

    def report(task: str, share: float) -> None:
        prefix = f"seed {number + 1} of {count}: " if count > 1 else ""
        progress(prefix + task, (number + share) / count)

    return report
