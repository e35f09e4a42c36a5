"""Computes what a sweep lacks: originals, then unlearned models, then cells from both."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from qiskit_qmu._errors import RunError
from qiskit_qmu.experiments.records import Record
from qiskit_qmu.experiments.run import run_seed
from qiskit_qmu.experiments.setup import Setup
from qiskit_qmu.experiments.sweeps.engine import Engine
from qiskit_qmu.experiments.sweeps.folder import SweepFolder, failed_cell
from qiskit_qmu.experiments.sweeps.grid import Cell
from qiskit_qmu.experiments.sweeps.made_model import (
    MadeModel,
    kept_models,
    make_original,
    make_unlearned,
)
from qiskit_qmu.experiments.sweeps.work import CellWork, PendingWork, work_left
from qiskit_qmu.runs.progress import RunProgress
from qiskit_qmu.training.processes import one_thread


def run_cells(
    cells: Sequence[Cell],
    folder: SweepFolder,
    engine: Engine,
    *,
    data_dir: str | None,
    retry_failed: bool,
    progress: RunProgress,
) -> None:
    """Compute the cells that a folder lacks, and keep each as soon as it is there.

    Only this process writes, and only this process sends jobs to IBM's devices: workers get plain
    values and return plain values.

    Args:
        cells: All cells.
        folder: Where records and models are kept.
        engine: What computes.
        data_dir: Folder of image files.
        retry_failed: Whether cells that failed are computed again.
        progress: Called with what is done and the share of the whole.
    """
    progress(f"looking for what is there of {len(cells)} cells", 0.0)
    work = work_left(
        cells, folder, data_dir=data_dir, retry_failed=retry_failed, guarded=result_or_error
    )
    _Running(work, folder, engine, progress, len(cells)).all()


class _Running:
    """One pass over what is to be computed."""

    def __init__(
        self,
        work: PendingWork,
        folder: SweepFolder,
        engine: Engine,
        progress: RunProgress,
        cells: int,
    ) -> None:
        self._work = work
        self._folder = folder
        self._engine = engine
        self._progress = progress
        self._cells = cells
        self._count = len(work.originals) + len(work.unlearned) + len(work.cells)
        self._done = 0
        self._failed: dict[str, str] = {}
        """What went wrong with models that could not be made, by digest."""

    def all(self) -> None:
        """Compute everything."""
        for cell, error in self._work.impossible:
            self._folder.keep(cell, failed_cell(cell, error))
        self._originals()
        self._unlearned()
        self._from_models()

    def _originals(self) -> None:
        tasks = {digest: (setup,) for digest, setup in self._work.originals.items()}
        self._make("originals", make_original, tasks)

    def _unlearned(self) -> None:
        tasks = {}
        for digest, (setup, method, original) in self._work.unlearned.items():
            kept = self._model(original)
            if kept is not None and kept.error is None:
                tasks[digest] = (setup, method, kept)
            else:  # its cells say why
                self._done += 1
        self._make("oracles and unlearned models", make_unlearned, tasks)

    def _make(
        self,
        what: str,
        function: Callable[..., MadeModel],
        tasks: Mapping[str, tuple[Any, ...]],
    ) -> None:
        digests = list(tasks)
        calls = [(function, *arguments) for arguments in tasks.values()]
        self._tell(f"{what}, 0 of {len(calls)}")
        for number, (place, made) in enumerate(
            self._engine.results_of(result_or_error, calls), start=1
        ):
            if isinstance(made, str):
                self._failed[digests[place]] = made
            else:
                self._folder.keep_model(digests[place], made)
            self._done += 1
            self._tell(f"{what}, {number} of {len(calls)}")

    def _from_models(self) -> None:
        ready = []
        for work in self._work.cells:
            errors = [self._failed[d] for d in work.models if d in self._failed]
            if errors:
                self._keep(work.cell, errors[0])
            else:
                ready.append(work)
        here = [work for work in ready if work.cell.experiment.backend.startswith("ibm")]
        there = [work for work in ready if work not in here]
        for place, found in self._engine.results_of(
            result_or_error, [(cell_records, *self._arguments(work), None) for work in there]
        ):
            self._keep(there[place].cell, found)
        for work in here:
            with one_thread():
                jobs = self._folder.jobs(work.cell)
                found = result_or_error(cell_records, *self._arguments(work), jobs)
            self._keep(work.cell, found)

    def _arguments(self, work: CellWork) -> tuple[Setup, MadeModel | None, dict[str, MadeModel]]:
        original = self._model(work.original) if work.original else None
        made = {method: self._model(digest) for method, digest in work.methods.items()}
        return work.setup, original, {name: own for name, own in made.items() if own is not None}

    def _model(self, digest: str) -> MadeModel | None:
        return self._folder.model(digest)

    def _keep(self, cell: Cell, found: list[Record] | str) -> None:
        records = failed_cell(cell, found) if isinstance(found, str) else found
        self._folder.keep(cell, records)
        self._done += 1
        name = ", ".join(filter(None, (cell.label, f"seed {cell.experiment.seed}")))
        self._tell(f"cell {name}" + (" failed" if isinstance(found, str) else ""))

    def _tell(self, task: str) -> None:
        self._progress(task, self._done / max(1, self._count))


def cell_records(
    setup: Setup, original: MadeModel | None, made: Mapping[str, MadeModel], jobs: Path | None
) -> list[Record]:
    """Return the records of a cell.

    Args:
        setup: Its rows.
        original: Its original; None where the cell is computed as a whole.
        made: Its oracle and unlearned models by method.
        jobs: Where the jobs of IBM's devices are written down.
    """
    kept = None if original is None else kept_models(setup, original, made)
    return list(run_seed(setup, job_dir=jobs, kept=kept))


def result_or_error(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function returns, or what went wrong as a text of one line."""
    try:
        return function(*arguments)
    except (KeyboardInterrupt, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  (one cell must not stop the others)
        text = " ".join(str(error).split())
        is_told = isinstance(error, ValueError | RunError)
        return text if is_told else f"{type(error).__name__}: {text}"
