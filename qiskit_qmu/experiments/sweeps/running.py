"""Computes what a folder lacks: originals, then unlearned models, then cells from both."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from qiskit_qmu._errors import RunError
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.records.records import Record
from qiskit_qmu.experiments.repetition.run import run_seed
from qiskit_qmu.experiments.sweeps.engine import Engine
from qiskit_qmu.experiments.sweeps.folder import CellFolder, failed_cell
from qiskit_qmu.experiments.sweeps.grid import Cell
from qiskit_qmu.experiments.sweeps.made_model import (
    MadeModel,
    kept_models,
    make_original,
    make_unlearned,
)
from qiskit_qmu.experiments.sweeps.work import CellWork, PendingWork, work_left
from qiskit_qmu.runs.progress import RunProgress
from qiskit_qmu.runs.running_tasks import NOTES, TaskNote, note_folder, noted
from qiskit_qmu.training.processes import one_thread


def run_cells(
    cells: Sequence[Cell],
    folder: CellFolder,
    engine: Engine,
    *,
    data_dir: str | None,
    retry_failed: bool,
    progress: RunProgress,
) -> None:
    """Compute the cells that a folder lacks, and keep each as soon as it is there.

    Only this process writes records and models, and only this process sends jobs to IBM's devices:
    workers get plain values and return plain values.

    Args:
        cells: All cells.
        folder: Where records and models are kept.
        engine: What computes.
        data_dir: Folder of image files.
        retry_failed: Whether cells that failed are computed again.
        progress: Called with what is done and the share of the whole.
    """
    progress("looking for what is there", 0.0)
    work = work_left(
        cells, folder, data_dir=data_dir, retry_failed=retry_failed, guarded=result_or_error
    )
    with note_folder(folder.path / NOTES) as notes:
        _Running(work, folder, engine, notes, progress).all()


def computed(
    engine: Engine,
    folder: CellFolder,
    function: Callable[..., Any],
    tasks: Sequence[tuple[Cell, tuple[Any, ...]]],
) -> Iterator[tuple[int, Any]]:
    """Call a function for several cells, of those on IBM's devices in this process.

    Args:
        engine: What computes all others.
        folder: Knows where the jobs of a cell are written down.
        function: What is called, with a cell's arguments and at last the folder of its jobs, None
            where it sends none.
        tasks: Cells and arguments.

    Yields:
        The number of a task, from 0, and its result, as soon as it is there.
    """
    there = [number for number, (cell, _) in enumerate(tasks) if not cell.is_sent]
    calls = [(*tasks[number][1], None) for number in there]
    for place, found in engine.results_of(function, calls):
        yield there[place], found
    for number, (cell, arguments) in enumerate(tasks):
        if cell.is_sent:
            with one_thread():
                found = function(*arguments, folder.jobs(cell))
            yield number, found


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Task:
    """A model that is to be made, or a cell that is to be measured."""

    digest: str
    cell: Cell
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class _Running:
    """One pass over what is to be computed."""

    def __init__(
        self,
        work: PendingWork,
        folder: CellFolder,
        engine: Engine,
        notes: Path,
        progress: RunProgress,
    ) -> None:
        self._work = work
        self._folder = folder
        self._engine = engine
        self._notes = notes
        self._progress = progress
        self._count = len(work.originals) + len(work.unlearned) + len(work.cells)
        self._done = 0
        self._failed: dict[str, str] = {}
        """What went wrong with models that could not be made, by digest."""

    def all(self) -> None:
        """Compute everything."""
        for cell, error in self._work.impossible:
            self._keep(cell, error)
        self._keep_models("originals", self._originals())
        self._keep_models("oracles and unlearned models", list(self._unlearned()))
        self._keep_cells(list(self._cells()))

    def _originals(self) -> list[_Task]:
        return [
            _Task(digest=digest, cell=work.cell, function=make_original, arguments=(work.setup,))
            for digest, work in self._work.originals.items()
        ]

    def _unlearned(self) -> Iterator[_Task]:
        for digest, (work, method) in self._work.unlearned.items():
            original = self._folder.models.get(work.original)
            if original is None or original.error is not None:  # its cells say why
                self._done += 1
                continue
            arguments = work.setup, method, original
            yield _Task(digest=digest, cell=work.cell, function=make_unlearned, arguments=arguments)

    def _cells(self) -> Iterator[_Task]:
        for work in self._work.cells:
            errors = [self._failed[d] for d in work.models if d in self._failed]
            if errors:
                self._done += 1
                self._keep(work.cell, errors[0])
                continue
            arguments = self._arguments(work)
            yield _Task(
                digest=work.cell.digest,
                cell=work.cell,
                function=cell_records,
                arguments=arguments,
            )

    def _keep_models(self, what: str, tasks: Sequence[_Task]) -> None:
        results = self._engine.results_of(noted_result, [self._call(task) for task in tasks])
        for task, made in self._told(what, tasks, results):
            if isinstance(made, str):
                self._failed[task.digest] = made
            else:
                self._folder.models.keep(task.digest, made)

    def _keep_cells(self, tasks: Sequence[_Task]) -> None:
        calls = [(task.cell, self._call(task)) for task in tasks]
        results = computed(self._engine, self._folder, noted_result, calls)
        for task, found in self._told("cells", tasks, results):
            self._keep(task.cell, found)

    def _arguments(self, work: CellWork) -> tuple[Setup, MadeModel | None, dict[str, MadeModel]]:
        models = self._folder.models
        original = models.get(work.original) if work.original else None
        made = {method: models.get(digest) for method, digest in work.methods.items()}
        return work.setup, original, {name: own for name, own in made.items() if own is not None}

    def _told(
        self, what: str, tasks: Sequence[_Task], results: Iterator[tuple[int, Any]]
    ) -> Iterator[tuple[_Task, Any]]:
        """Yield each task and what it returned, or what went wrong as a text."""
        if tasks:
            self._tell(f"{what}, 0 of {len(tasks)}")
        failed = 0
        for number, (place, found) in enumerate(results, start=1):
            yield tasks[place], found
            self._done += 1
            failed += isinstance(found, str)
            text = f"{what}, {number} of {len(tasks)}"
            self._tell(f"{text}, {failed} failed" if failed else text)

    def _call(self, task: _Task) -> tuple[Any, ...]:
        experiment = task.cell.experiment
        alike = f"{experiment.dataset} {experiment.train_size} {experiment.model}"
        note = TaskNote(name=task.cell.name, alike=alike)
        return self._notes / f"{task.digest}.json", note, task.function, *task.arguments

    def _keep(self, cell: Cell, found: list[Record] | str) -> None:
        records = failed_cell(cell, found) if isinstance(found, str) else found
        self._folder.keep(cell, records)

    def _tell(self, task: str) -> None:
        self._progress(task, self._done / max(1, self._count))


def noted_result(file: Path, note: TaskNote, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function returns or what went wrong, and note what it does meanwhile."""
    with noted(file, note) as progress:
        return result_or_error(function, *arguments, progress)


def cell_records(
    setup: Setup,
    original: MadeModel | None,
    made: Mapping[str, MadeModel],
    jobs: Path | None,
    progress: RunProgress,
) -> list[Record]:
    """Return the records of a cell.

    Args:
        setup: Its rows.
        original: Its original; None where the cell is computed as a whole.
        made: Its oracle and unlearned models by method.
        jobs: Where the jobs of IBM's devices are written down.
        progress: Called before each part.
    """
    kept = None if original is None else kept_models(setup, original, made)
    return list(run_seed(setup, job_dir=jobs, kept=kept, progress=progress))


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
