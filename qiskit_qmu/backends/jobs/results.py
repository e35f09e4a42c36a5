"""Results of jobs as files: arrays as npz, everything else as JSON; no pickle."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from qiskit.primitives import BitArray

from qiskit_qmu._check import InputError
from qiskit_qmu._files import (
    arrays_from_bytes,
    arrays_to_bytes,
    entry,
    read_set,
    reading,
    write_set,
)
from qiskit_qmu.backends.jobs.service import PubData
from qiskit_qmu.runs.job_record import JobRecord
from qiskit_qmu.runs.kept_jobs import KeptJob, file_of
from qiskit_qmu.simulator.readout.outcome_probabilities import OutcomeProbabilities

_WHAT = "a job's results"


def save_results(folder: Path, kept: KeptJob, results: list[PubData]) -> None:
    """Write a job's results and metadata into a run's folder.

    Args:
        folder: The run's folder.
        kept: The job and its metadata.
        results: Registers or arrays by name, for each PUB.

    Raises:
        InputError: If some are exact probabilities, which no device returns.
    """
    arrays: dict[str, np.ndarray] = {}
    bits: list[dict[str, int | None]] = []
    for position, data in enumerate(results):
        bits.append({})
        for name, value in data.items():
            if isinstance(value, OutcomeProbabilities):
                raise InputError("exact values cannot be stored as job results; use shots")
            bits[-1][name] = value.num_bits if isinstance(value, BitArray) else None
            arrays[f"{position}/{name}"] = value.array if isinstance(value, BitArray) else value
    number, content = kept.job.number, replace(kept, content={**kept.content, "pubs": bits})
    path = file_of(folder, number, ".npz")
    index = file_of(folder, number, ".json").name
    write_set(path.parent, index, content.to_dict(), {path.name: arrays_to_bytes(arrays)})


def load_results(folder: Path, job: JobRecord) -> list[PubData]:
    """Read results written by `save_results`.

    Args:
        folder: The run's folder.
        job: The job to which they must belong.

    Raises:
        InputError: If a file is missing, damaged, or belongs to another job.
    """
    index, path = (file_of(folder, job.number, suffix) for suffix in (".json", ".npz"))
    kept = KeptJob.read(index)
    if (kept.job.tag, kept.job.digest) != (job.tag, job.digest):
        raise InputError(f"{index} holds the results of another job, {kept.job.job_id}")
    content, files = read_set(index.parent, index.name, _WHAT)
    with reading(path, _WHAT):
        arrays = arrays_from_bytes(files[path.name])
        pubs: list[dict[str, Any]] = entry(content, "pubs", list)
        return [
            {
                name: arrays[f"{position}/{name}"]
                if bits is None
                else BitArray(arrays[f"{position}/{name}"], bits)
                for name, bits in data.items()
            }
            for position, data in enumerate(pubs)
        ]
