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
from qiskit_qmu.experiments.repetition import Record
from qiskit_qmu.experiments.run import run_seed
from qiskit_qmu.experiments.setup import Setup
from qiskit_qmu.runs.progress import RunProgress, no_progress, part_of_seeds


def run_seeds(
    first: Setup,
    seeds: Sequence[int],
    *,
    data_dir: str | None,
    workers: int | None,
    job_dir: Path | None = None,
    progress: RunProgress,
) -> Iterator[list[Record]]:
    """Run seeds of an experiment and yield each one's records as soon as it is done.

    Args:
        first: One of its seeds, with rows that are loaded already.
        seeds: Which seeds to run.
        data_dir: Folder of image files.
        workers: Processes; as many as there are cores and seeds if None.
        job_dir: Where the jobs of IBM's devices are written down.
        progress: Called with what is done and the share of the whole that is.

    Yields:
        The records of one seed, in order of completion.

    Raises:
        InputError: If a seed's rows do not allow what is to be forgotten.
        RunError: If one of the processes was ended from outside.
    """
    workers = min(workers or os.cpu_count() or 1, len(seeds))
    setups = (first.of_seed(seed, data_dir) for seed in seeds)
    if workers <= 1:
        for number, setup in enumerate(setups):
            yield _records(setup, job_dir, part_of_seeds(progress, number, len(seeds)))
        return
    progress(f"{len(seeds)} seeds on {workers} processes", 0.0)
    tasks = (joblib.delayed(_silent_records)(setup, job_dir) for setup in setups)
    parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1)
    try:
        for number, records in enumerate(parallel(tasks), start=1):
            progress(f"{number} of {len(seeds)} seeds done", number / len(seeds))
            yield records
    except TerminatedWorkerError as error:
        raise RunError(
            "a worker process was killed, possibly for lack of memory; the same command resumes "
            "after the last completed seed, and needs least memory with --workers 1"
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


def _records(setup: Setup, job_dir: Path | None, progress: RunProgress) -> list[Record]:
    with one_thread():
        return list(run_seed(setup, job_dir=job_dir, progress=progress))


def _silent_records(setup: Setup, job_dir: Path | None) -> list[Record]:
    _end_with_parent()
    return _records(setup, job_dir, no_progress)


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
