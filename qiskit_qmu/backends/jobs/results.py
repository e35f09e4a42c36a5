"""Results of jobs as files: arrays as npz, all else as JSON beside them; never a pickle."""

import json
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

import numpy as np
from qiskit.primitives import BitArray

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.jobs.files import write_whole
from qiskit_qmu.backends.jobs.service import PubData
from qiskit_qmu.simulator.outcome_probabilities import OutcomeProbabilities


def save_results(path: Path, results: list[PubData], about: dict[str, Any]) -> None:
    """Write a job's results to ``path.npz`` and ``path.json``.

    Args:
        path: The files' common name.
        results: Registers or arrays by name, for each PUB.
        about: What else to keep, as JSON values.

    Raises:
        InputError: If there are exact probabilities among them, which no device has.
    """
    arrays: dict[str, np.ndarray] = {}
    bits: list[dict[str, int | None]] = []
    for position, data in enumerate(results):
        bits.append({})
        for name, value in data.items():
            if isinstance(value, OutcomeProbabilities):
                raise InputError("results that are kept must come from shots, got exact values")
            bits[-1][name] = value.num_bits if isinstance(value, BitArray) else None
            arrays[f"{position}/{name}"] = value.array if isinstance(value, BitArray) else value

    def write_arrays(file: BinaryIO) -> None:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # (its stub has no arrays)

    text = json.dumps({"pubs": bits, **about}, indent=1)
    write_whole(_named(path, ".json"), lambda file: file.write(text.encode()))
    write_whole(_named(path, ".npz"), write_arrays)


def load_results(path: Path) -> list[PubData]:
    """Read what `save_results` wrote.

    Raises:
        InputError: If a file is missing or damaged.
    """
    try:
        pubs = json.loads(_named(path, ".json").read_text())["pubs"]
        with _named(path, ".npz").open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        return [
            {
                name: arrays[f"{position}/{name}"]
                if bits is None
                else BitArray(arrays[f"{position}/{name}"], bits)
                for name, bits in data.items()
            }
            for position, data in enumerate(pubs)
        ]
    except (OSError, EOFError, KeyError, TypeError, ValueError, BadZipFile) as error:
        raise InputError(f"{path}.npz must hold a job's results, got {error}") from error


def _named(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
