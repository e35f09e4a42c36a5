"""Seeds of an experiment on several processes."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from qiskit_qmu.experiments.records import Record
from qiskit_qmu.experiments.run import run_seed
from qiskit_qmu.experiments.setup import Setup
from qiskit_qmu.runs.progress import RunProgress, no_progress, part_of_seeds
from qiskit_qmu.training.processes import one_thread, results_of


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
    tasks = ((setup, job_dir) for setup in setups)
    done = results_of(_records, tasks, count=len(seeds), workers=workers, advice=_ADVICE)
    for number, (_, records) in enumerate(done, start=1):
        progress(f"{number} of {len(seeds)} seeds done", number / len(seeds))
        yield records


_ADVICE = (
    "the same command resumes after the last completed seed, and needs least memory with "
    "--workers 1"
)


def _records(
    setup: Setup, job_dir: Path | None, progress: RunProgress = no_progress
) -> list[Record]:
    with one_thread():
        return list(run_seed(setup, job_dir=job_dir, progress=progress))
