"""Poisoned rows as files, with which every command works."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._files import arrays_to_bytes, make_folder, write_set
from qiskit_qmu.data.poisoning import Poison, poison
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.configuration.setup import load_rows


def write_poisoned(
    out: str | Path,
    kind: Poison,
    fraction: float,
    *,
    rows: dict[str, Any] | None = None,
    seed: int = 0,
    data_dir: str | None = None,
) -> dict[str, Any]:
    """Write a dataset with poisoned rows (rows.npz) and the ids of these (poisoned.txt).

    Args:
        out: The folder; created if missing.
        kind: What is wrong with poisoned rows; see `qiskit_qmu.data.poison`.
        fraction: Share of the training rows.
        rows: The dataset, as fields of an `Experiment`; the default one where None.
        seed: Seed of the draw of rows and poisons.
        data_dir: Folder of image files.

    Returns:
        What was written, as JSON values, which poison.json keeps.

    Raises:
        InputError: If the rows cannot be read or poisoned, or the folder cannot be written.

    Example:
        >>> from qiskit_qmu.experiments import write_poisoned
        >>> write_poisoned("planted", "labels", 0.2, rows={"dataset": "iris"})["poisoned"]
        21
    """
    experiment = Experiment(**(rows or {}), seed=seed)
    poisoned = poison(load_rows(experiment, seed, data_dir), kind, fraction, seed=seed)
    ds = poisoned.dataset
    if not (np.isfinite(ds.x_train).all() and np.isfinite(ds.x_test).all()):
        raise InputError("rows to poison must not have missing values; fill them first")
    ids = _ids(ds.ids_train, "train", len(ds.y_train))
    names = None if ds.class_names is None else np.array(ds.class_names)
    arrays = {
        "x_train": ds.x_train,
        "y_train": ds.y_train if names is None else names[ds.y_train],
        "ids_train": ids,
        "x_test": ds.x_test,
        "y_test": ds.y_test if names is None else names[ds.y_test],
        "ids_test": _ids(ds.ids_test, "test", len(ds.y_test)),
    }
    content = {
        "dataset": experiment.dataset,
        "kind": kind,
        "fraction": fraction,
        "seed": seed,
        "poisoned": len(poisoned.positions),
        "training_rows": len(ds.y_train),
    }
    files = {
        "rows.npz": arrays_to_bytes(arrays),
        "poisoned.txt": "".join(f"{ids[row]}\n" for row in poisoned.positions).encode(),
    }
    write_set(make_folder(out), "poison.json", content, files)
    return content


def _ids(ids: NDArray[np.str_] | None, part: str, rows: int) -> NDArray[np.str_]:
    return np.array([f"{part}-{row}" for row in range(rows)]) if ids is None else ids
