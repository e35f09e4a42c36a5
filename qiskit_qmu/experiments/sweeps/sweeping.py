"""sweep(): an experiment over a grid, into a folder that keeps what is done."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu._files import write_together
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.records.writable import writable_folder
from qiskit_qmu.experiments.sweeps.engine import open_engine
from qiskit_qmu.experiments.sweeps.folder import SweepFolder
from qiskit_qmu.experiments.sweeps.grid import Cell, Grid, grid_cells
from qiskit_qmu.experiments.sweeps.result import SweepResult
from qiskit_qmu.experiments.sweeps.running import run_cells
from qiskit_qmu.runs.progress import RunProgress, no_progress
from qiskit_qmu.runs.run_lock import LOCK, RunLock


def sweep(
    grid: Grid,
    out: str | Path,
    *,
    data_dir: str | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    retry_failed: bool = False,
    progress: RunProgress = no_progress,
    **options: Any,
) -> SweepResult:
    """Run an experiment at all points of a grid, into a folder; what it holds is not run again.

    A cell is an experiment with one seed; the methods of an experiment are judged together in each
    of its cells. Originals, oracles and unlearned models are kept by a digest of everything that
    decides them: cells that differ in backend, shots or methods share them, also between sweeps
    into the same folder. A cell that fails is a record that says why, and stops no other.

    Args:
        grid: Lists of values by axis: a field of `Experiment`, a setting such as "rga.alpha", or
            under any name mappings of several of these, which change together.
        out: The folder. ``sweep.jsonl`` holds the rows, ``sweep.html`` the table, ``cells`` the
            records and ``models`` the models by digest.
        data_dir: Folder of image files.
        workers: Processes; one per core if None. The numbers do not depend on it.
        cluster: "dask://HOST:PORT" to compute on a Dask cluster; "ray" for the Ray cluster that
            ``RAY_ADDRESS`` names, or that of this machine; None for processes of this machine.
            Cells on IBM's devices are observed by this process in any case.
        retry_failed: Whether cells that failed before are computed again.
        progress: Called with what is done and the share of the whole.
        **options: Fields of `Experiment` that all cells share.

    Returns:
        The rows of all cells, see `SweepResult`.

    Raises:
        InputError: If the grid or an experiment is not possible, the folder cannot be written, or
            another process works in it.
        RunError: If workers are lost again and again.

    Example:
        >>> import qiskit_qmu as qmu
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> result = qmu.sweep(
        ...     {"train_size": [30, 40]},
        ...     "sizes",
        ...     dataset="iris",
        ...     model="basic",
        ...     methods=("noop",),
        ...     settings=settings,
        ...     workers=1,
        ... )
        >>> frame = result.to_frame()
        >>> list(frame[["train_size", "method"]].itertuples(index=False, name=None))[:3]
        [(30, 'original'), (30, 'oracle'), (30, 'noop')]
    """
    cells = grid_cells(grid, lambda changes: experiment_of(options, changes))
    return run_sweep(
        cells,
        out,
        data_dir=data_dir,
        workers=workers,
        cluster=cluster,
        retry_failed=retry_failed,
        progress=progress,
    )


def experiment_of(options: Mapping[str, Any], changes: Mapping[str, Any]) -> Experiment:
    """Return an experiment from fields and changes of fields and settings.

    Raises:
        InputError: If a field is unknown or a value is not possible.
    """
    fields = {name: value for name, value in changes.items() if "." not in name}
    own = {name: value for name, value in changes.items() if "." in name}
    given = {**options, **fields}
    given["settings"] = {**dict(given.get("settings") or {}), **own}
    try:
        return Experiment(**given)
    except TypeError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"not an experiment: {error}") from error


def run_sweep(
    cells: Sequence[Cell],
    out: str | Path,
    *,
    data_dir: str | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    retry_failed: bool = False,
    progress: RunProgress = no_progress,
) -> SweepResult:
    """Run the cells of a sweep; the arguments are those of `sweep`.

    Raises:
        InputError: As for `sweep`.
        RunError: Likewise.
    """
    with writable_folder(out) as path, RunLock(path / LOCK):
        folder = SweepFolder(path)
        with open_engine(cluster, workers) as engine:
            run_cells(
                cells,
                folder,
                engine,
                data_dir=data_dir,
                retry_failed=retry_failed,
                progress=progress,
            )
        progress("writing the table", 1.0)
        result = SweepResult(
            cells=tuple(cells), records=tuple(tuple(folder.records(each) or ()) for each in cells)
        )
        _write(path, result)
    return result


def _write(folder: Path, result: SweepResult) -> None:
    lines = (json.dumps(row, allow_nan=False) for row in result.rows)
    files = {
        "sweep.jsonl": "".join(f"{line}\n" for line in lines),
        "sweep.html": result.tables().to_html(),
    }
    write_together(folder, files)
