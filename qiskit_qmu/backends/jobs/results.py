"""Results of jobs as files: arrays as npz, all else as JSON beside them; never a pickle."""

from pathlib import Path
from typing import Any

import numpy as np
from qiskit.primitives import BitArray

from qiskit_qmu._check import InputError
from qiskit_qmu._files import (
    arrays_from_bytes,
    arrays_to_bytes,
    checked,
    entry,
    read_set,
    reading,
    write_set,
)
from qiskit_qmu.backends.jobs.service import PubData
from qiskit_qmu.simulator.outcome_probabilities import OutcomeProbabilities

_WHAT = "a job's results"


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

    write_set(
        path.parent,
        f"{path.name}.json",
        {"pubs": bits, **about},
        {f"{path.name}.npz": arrays_to_bytes(arrays)},
    )


def load_results(path: Path) -> list[PubData]:
    """Read what `save_results` wrote.

    Raises:
        InputError: If a file is missing or damaged.
    """
    content, files = read_set(path.parent, f"{path.name}.json", _WHAT)
    with reading(path.with_name(f"{path.name}.npz"), _WHAT):
        arrays = arrays_from_bytes(files[f"{path.name}.npz"])
        return [
            {
                name: arrays[f"{position}/{name}"]
                if bits is None
                else BitArray(arrays[f"{position}/{name}"], checked(bits, int, "num_bits"))
                for name, bits in checked(data, dict, "a PUB").items()
            }
            for position, data in enumerate(entry(content, "pubs", list))
        ]
