"""What of a sweep is still to be computed: its models, each once, and its cells."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.sweeps.digests import (
    has_shared_models,
    method_digest,
    original_digest,
)
from qiskit_qmu.experiments.sweeps.folder import CellFolder, has_failed
from qiskit_qmu.experiments.sweeps.grid import Cell


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class CellWork:
    """A cell that is to be computed.

    Attributes:
        cell: The cell.
        setup: Its rows.
        original: Digest of its original; empty where it is computed as a whole.
        methods: Digests of its oracle and unlearned models, by method.
    """

    cell: Cell
    setup: Setup
    original: str = ""
    methods: dict[str, str] = field(default_factory=dict)

    @property
    def models(self) -> tuple[str, ...]:
        """Digests of all its models, the original first; none where it is computed as a whole."""
        return (self.original, *self.methods.values()) if self.original else ()


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PendingWork:
    """What is to be computed.

    Attributes:
        cells: The cells.
        originals: A cell with each original that is to be trained, by digest.
        unlearned: Cell and method of each model that is to be unlearned or retrained, by digest.
        impossible: What is wrong with cells that cannot be computed.
        there: Cells that are there already.
        models_there: Models that are there already.
    """

    cells: list[CellWork]
    originals: dict[str, CellWork]
    unlearned: dict[str, tuple[CellWork, str]]
    impossible: list[tuple[Cell, str]]
    there: int
    models_there: int


def work_left(
    cells: Sequence[Cell],
    folder: CellFolder,
    *,
    data_dir: str | None,
    retry_failed: bool,
    guarded: Callable[..., Any],
) -> PendingWork:
    """Return what of a sweep is still to be computed.

    Args:
        cells: All cells.
        folder: What is there.
        data_dir: Folder of image files.
        retry_failed: Whether cells that failed are computed again.
        guarded: Calls a function and returns its result, or the error as a text.
    """
    works: list[CellWork] = []
    impossible: list[tuple[Cell, str]] = []
    there = 0
    for cell in cells:
        records = folder.records(cell)
        if records is not None and not (retry_failed and has_failed(records)):
            there += 1
            continue
        found = guarded(_cell_work, cell, data_dir)
        if isinstance(found, str):
            impossible.append((cell, found))
        else:
            works.append(found)
    needed: dict[str, tuple[CellWork, str]] = {}
    for digest, task in _models_of(works):
        needed.setdefault(digest, task)
    missing = {digest: task for digest, task in needed.items() if digest not in folder.models}
    return PendingWork(
        cells=works,
        originals={digest: task[0] for digest, task in missing.items() if not task[1]},
        unlearned={digest: task for digest, task in missing.items() if task[1]},
        impossible=impossible,
        there=there,
        models_there=len(needed) - len(missing),
    )


def _cell_work(cell: Cell, data_dir: str | None) -> CellWork:
    setup = Setup.load(cell.experiment, cell.experiment.seed, data_dir)
    if not has_shared_models(setup):
        setup.check([])
        return CellWork(cell=cell, setup=setup)
    original = original_digest(setup)
    methods = {
        method: method_digest(setup, method, original) for method in cell.experiment.all_methods
    }
    return CellWork(cell=cell, setup=setup, original=original, methods=methods)


def _models_of(works: Sequence[CellWork]) -> Iterator[tuple[str, tuple[CellWork, str]]]:
    """Yield digest, cell and method of each model; no method is the original."""
    for work in works:
        if work.original:
            yield work.original, (work, "")
            for method, digest in work.methods.items():
                yield digest, (work, method)
