"""Checks that a ledger matches the stored results, and rebuilds it from them."""

from contextlib import ExitStack
from pathlib import Path

from qiskit_qmu._check import InputError
from qiskit_qmu.runs.kept_jobs import CIRCUITS, KeptJob, kept_jobs
from qiskit_qmu.runs.ledger import LEDGER, JobLedger
from qiskit_qmu.runs.run_lock import LOCK, RunLock

REQUEST = "run.json"


def open_ledger(folder: Path) -> JobLedger:
    """Open a run's ledger, or create one in a folder without jobs.

    A run that continued with an empty, older or foreign ledger would send, and pay for, its jobs
    again.

    Raises:
        InputError: If it is missing, damaged, older than the stored results, or belongs to other
            results.
    """
    kept, path = kept_jobs(folder), folder / LEDGER
    advice = f"; restore it, or rebuild it from the results with {_how(folder)}"
    if not path.exists() or path.stat().st_size == 0:
        circuits = (folder / CIRCUITS).glob("*.qpy")
        if kept or any(circuits):
            raise InputError(f"{path} is missing or empty beside {len(kept)} results" + advice)
    with ExitStack() as opened:
        try:
            ledger = JobLedger(path)
        except InputError as error:
            raise InputError(f"{error}{advice}" if kept else str(error)) from error
        opened.callback(ledger.close)
        others = {job.run for job in kept.values() if job is not None} - {ledger.run}
        if others:
            raise InputError(
                f"{path} is the ledger of run {ledger.run}, the results beside it belong to run "
                f"{min(others)}{advice}"
            )
        newer = kept.keys() - {job.number for job in ledger.jobs()}
        if newer:
            raise InputError(
                f"{path} is older than the results beside it and lacks {len(newer)} of {len(kept)} "
                f"jobs{advice}"
            )
        opened.pop_all()  # (it is the right one and stays open)
    return ledger


def rebuild_ledger(folder: str | Path, *, run: str | None = None) -> int:
    """Rebuild a run's ledger from the metadata of its results.

    Entries of an old ledger of the same run are kept; any other ledger is moved aside. Jobs that
    were sent and have no result yet are searched for at the service when the run resumes.

    Args:
        folder: The run's folder.
        run: Name of the run, if known.

    Returns:
        Number of jobs in the ledger.

    Raises:
        InputError: If the run cannot be determined, there are results of several runs, or the
            folder is in use by another process.
    """
    path = Path(folder)
    with RunLock(path / LOCK):
        kept = [job for job in kept_jobs(path).values() if job is not None]
        runs = {job.run for job in kept} | ({run} if run else set())
        if len(runs) != 1:
            raise InputError(
                f"a ledger can be rebuilt from the results of one run only; {path} has results of "
                f"{', '.join(sorted(runs)) or 'none'}"
            )
        (name,) = runs
        if not _is_ledger_of(path / LEDGER, name):
            _set_aside(path / LEDGER)
        return _restored(path / LEDGER, name, kept)


def _restored(path: Path, run: str, kept: list[KeptJob]) -> int:
    ledger = JobLedger(path, run=run)
    try:
        for job in kept:
            for name, value in job.notes.items():
                if ledger.note(name) is None:
                    ledger.set_note(name, value)
            ledger.restore(job.job)
        return len(ledger.jobs())
    finally:
        ledger.close()


def _is_ledger_of(path: Path, run: str) -> bool:
    if not path.exists() or path.stat().st_size == 0:
        return True  # (nothing to keep)
    try:
        ledger = JobLedger(path)
    except InputError:
        return False
    found = ledger.run
    ledger.close()
    return found == run


def _set_aside(path: Path) -> None:
    number = 1
    while path.with_name(f"{path.name}.{number}.old").exists():
        number += 1
    path.rename(path.with_name(f"{path.name}.{number}.old"))
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)


def _how(folder: Path) -> str:
    if (folder / REQUEST).exists():
        return f"`qmu resume {folder} --rebuild-ledger`"
    return f"qiskit_qmu.backends.rebuild_ledger({str(folder)!r})"
