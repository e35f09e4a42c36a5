"""Observes a saved model on rows of its own dataset."""

from pathlib import Path
from typing import get_args

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu.backends import Backend
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.experiments.saved.model import SavedModel
from qiskit_qmu.observation import Observations
from qiskit_qmu.runs.request import SavedRows


def observe_saved(
    path: str | Path,
    *,
    rows: SavedRows = "test",
    source: RowSource | None = None,
    backend: Backend | None = None,
) -> tuple[Observations, list[int]]:
    """Observe a saved model on rows of its own dataset.

    Args:
        path: Folder of the model.
        rows: "train" for the rows that it was trained on, "test" for never-seen rows, "all" for
            both, training rows first.
        source: Where the rows are now; where None, as the model remembers it.
        backend: Where circuits run; where None, the simulator on which the model was trained.

    Returns:
        What the model answered, and the positions of the rows in the model's record.

    Raises:
        InputError: If the model or its data cannot be read.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import observe_saved, train_and_save
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = train_and_save(experiment, "model")
        >>> observed, positions = observe_saved("model", rows="test")
        >>> len(observed), len(positions)
        (45, 45)
    """
    _check.one_of(get_args(SavedRows), rows=rows)
    saved = SavedModel.read(path, backend, "observing", source=source)
    train, test = saved.trained, saved.dataset.test
    parts = {"train": [train], "test": [test], "all": [train, test]}[rows]
    observed = saved.model.observe(
        np.concatenate([part.x for part in parts]), np.concatenate([part.y for part in parts])
    )
    return observed, [int(i) for part in parts for i in part.indices]
