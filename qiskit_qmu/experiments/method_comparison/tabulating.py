"""tabulate(): tables and one page over the records of many runs and sweeps."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.versions import environment
from qiskit_qmu.experiments.method_comparison.run_folder import kept_run
from qiskit_qmu.experiments.records.places import records_of
from qiskit_qmu.experiments.sweeps import SweepResult, kept_cells
from qiskit_qmu.report import ResultTables, RunRecords, result_tables


def tabulate(
    results: Iterable[str | Path | SweepResult | RunRecords] | str | Path,
    *,
    title: str = "Quantum machine unlearning",
) -> ResultTables:
    """Return tables over the results of runs and sweeps, grouped by the settings that vary.

    Args:
        results: Folders of `qmu run` and `qmu sweep`, what `sweep` returned, and records by their
            settings, in any mixture; or one folder.
        title: Title of page and tables.

    Returns:
        Methods beside original and oracle, averaged over seeds; print it, or see `ResultTables`.

    Raises:
        InputError: If a folder holds neither a run nor a sweep, what it holds is damaged, there is
            no record, or two records of the same settings, method and seed are of different models.

    Example:
        >>> import qiskit_qmu as qmu
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> options = {"dataset": "iris", "model": "basic", "methods": ("noop",)}
        >>> swept = qmu.sweep(
        ...     {"train_size": [30, 40]}, "sizes", settings=settings, workers=1, **options
        ... )
        >>> tables = qmu.tabulate(["sizes"])
        >>> [(row["training rows"], row["method"]) for row in tables.to_rows()][:3]
        [('30', 'original'), ('30', 'oracle'), ('30', 'noop')]
        >>> print(tables.to_markdown().splitlines()[4][:40])
        | training rows | method | forget accura
    """
    listed = [results] if isinstance(results, str | Path) else results
    runs = (run for each in listed for run in _runs(each))
    return result_tables(runs, title=title, environment=environment())


def _runs(result: str | Path | SweepResult | RunRecords) -> Iterator[RunRecords]:
    if isinstance(result, RunRecords):
        yield result
    elif isinstance(result, SweepResult):
        yield from result.runs
    else:
        yield from folder_runs(Path(result))


def folder_runs(folder: Path) -> Iterator[RunRecords]:
    """Yield the records of a run, or of each cell of a sweep.

    Raises:
        InputError: If the folder holds neither, or what it holds is damaged.
    """
    if (folder / "cells").is_dir():
        for experiment, records in kept_cells(folder):
            yield records_of(experiment, records)
    elif (folder / "results.json").exists():
        experiment, _, records = kept_run(folder)
        yield records_of(experiment, records)
    else:
        raise InputError(f"{folder} holds neither a run nor a sweep")
