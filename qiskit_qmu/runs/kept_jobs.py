"""The metadata stored with each job's result, sufficient to rebuild the ledger."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

from qiskit_qmu._check import InputError
from qiskit_qmu._files import entry, read_sealed_json, reading, recover_sets
from qiskit_qmu.runs.job_record import JobRecord

JOBS = "jobs"
CIRCUITS = "circuits"

_WHAT = "the metadata of a job's result"
_LARGEST = 2**28


@final
@dataclass(frozen=True, kw_only=True)
class KeptJob:
    """A job whose result is stored.

    Attributes:
        run: Name of its run.
        job: Its entry in the ledger.
        notes: Notes of the ledger about the whole run.
        content: The file's complete content, as JSON values.
    """

    run: str
    job: JobRecord
    notes: dict[str, str]
    content: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the content of the file."""
        return {"run": self.run, "job": asdict(self.job), "notes": self.notes, **self.content}

    @staticmethod
    def read(path: Path) -> "KeptJob":
        """Read the metadata file of a result.

        Raises:
            InputError: If it cannot be read, or was changed.
        """
        content = read_sealed_json(path, _WHAT, largest=_LARGEST)
        with reading(path, _WHAT):
            return KeptJob(
                run=entry(content, "run", str),
                job=JobRecord(**entry(content, "job", dict)),
                notes=entry(content, "notes", dict),
                content=content,
            )


def file_of(folder: Path, number: int, suffix: str) -> Path:
    """Return the path of one of a job's files.

    Args:
        folder: The run's folder.
        number: The job's number.
        suffix: ".json", or ".npz" for the result itself.
    """
    return folder / JOBS / f"{number:05d}{suffix}"


def recover_kept_jobs(folder: Path) -> None:
    """Complete or remove results left by a killed process; the caller holds the folder's lock."""
    recover_sets(folder / JOBS, lambda name: f"{Path(name).stem}.json")


def kept_jobs(folder: Path) -> dict[int, KeptJob | None]:
    """Return the jobs with results in a run's folder, by number; None for damaged ones."""
    found: dict[int, KeptJob | None] = {}
    for path in sorted((folder / JOBS).glob("[0-9]*.json")):
        if path.stem.isdecimal() and path.stem.isascii():
            try:
                found[int(path.stem)] = KeptJob.read(path)
            except InputError:
                found[int(path.stem)] = None
    return found
