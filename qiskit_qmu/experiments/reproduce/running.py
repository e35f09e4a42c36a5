"""reproduce(): runs a protocol as a sweep, and writes ours beside theirs."""

import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import write_together
from qiskit_qmu.data import load_dataset
from qiskit_qmu.experiments.configuration.plan import RunPlan
from qiskit_qmu.experiments.records.writable import writable_folder
from qiskit_qmu.experiments.reproduce.compared import Compared, StudyReport
from qiskit_qmu.experiments.reproduce.comparison import compare_with_published
from qiskit_qmu.experiments.reproduce.comparison_page import comparison_page
from qiskit_qmu.experiments.reproduce.comparison_text import (
    comparison_csv,
    comparison_markdown,
    comparison_text,
)
from qiskit_qmu.experiments.reproduce.measuring import measure_cells
from qiskit_qmu.experiments.reproduce.protocol import Choice, Protocol
from qiskit_qmu.experiments.reproduce.published import Published, read_published
from qiskit_qmu.experiments.reproduce.registry import PROTOCOLS
from qiskit_qmu.experiments.sweeps import SweepResult, run_sweep, sweep_plan
from qiskit_qmu.experiments.sweeps.engine import open_engine
from qiskit_qmu.experiments.sweeps.folder import SweepFolder
from qiskit_qmu.report.text_columns import WIDTH
from qiskit_qmu.runs.progress import RunProgress, no_progress, part_of
from qiskit_qmu.runs.run_lock import LOCK, RunLock


@final
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Reproduction:
    """What a protocol found, beside what was published.

    Attributes:
        protocol: The protocol.
        choice: How it was run.
        published: What was published.
        result: The rows of its cells.
        compared: Ours beside theirs.
    """

    protocol: Protocol
    choice: Choice
    published: Published
    result: SweepResult
    compared: tuple[Compared, ...]

    @property
    def title(self) -> str:
        """Name, form and seeds."""
        form = f", form {self.choice.form}" if self.choice.form else ""
        quick = ", QUICK CHECK WITHOUT MEANING" if self.choice.quick else ""
        seeds = "1 seed" if self.choice.seeds == 1 else f"{self.choice.seeds} seeds"
        return f"{self.protocol.name}{form}: {seeds}{quick}"

    @property
    def report(self) -> StudyReport:
        """What its report shows, with figures of some protocols."""
        draw = self.protocol.figures
        return StudyReport(
            title=self.title,
            compared=self.compared,
            notes=self.notes,
            figures=() if draw is None else draw(self.compared),
            quick=self.choice.quick,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Where the published values are from, and where ours differ and why."""
        source = self.published
        theirs = (f"theirs: {source.source}, {source.place}",) if source.source else ()
        return (*theirs, *self.protocol.differences(self.choice.form))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "protocol": self.protocol.name,
            "form": self.choice.form,
            "quick": self.choice.quick,
            "seeds": self.choice.seeds,
            "notes": list(self.notes),
            "cells": len(self.result.cells),
            "failed": self.result.failed,
            "rows": [each.to_dict() for each in self.compared],
        }

    def __repr__(self) -> str:
        notes = "\n".join(
            textwrap.fill(f"- {note}", WIDTH, subsequent_indent="  ") for note in self.notes
        )
        return (
            f"{self.title}\n\n{comparison_text(self.compared, quick=self.choice.quick)}\n\n{notes}"
        )


def reproduce(
    name: str,
    out: str | Path,
    *,
    seeds: int | None = None,
    quick: bool = False,
    form: str | None = None,
    backend: str | None = None,
    shots: int | None = None,
    data_dir: str | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    retry_failed: bool = False,
    progress: RunProgress = no_progress,
) -> Reproduction:
    """Run a protocol, and compare what it finds with what was published.

    A protocol is a sweep: the folder keeps each model and each cell as soon as it is there, and the
    same call computes what is missing. It writes ``comparison.md``, ``comparison.html``,
    ``comparison.csv`` and, of some protocols, figures as SVG beside the files of the sweep.

    Args:
        name: The protocol's, see `qiskit_qmu.experiments.PROTOCOLS`.
        out: The folder.
        seeds: Repetitions; the protocol's number if None.
        quick: Whether to check only that it runs, with few rows and short trainings.
        form: One of the protocol's forms, its first if None.
        backend: Where trained models are observed, such as "fake_torino"; the protocol's if None.
        shots: Measurements of each circuit there.
        data_dir: Folder of image files.
        workers: Processes; one per core if None.
        cluster: "dask://HOST:PORT" or "ray" to compute on a cluster, see `sweep`.
        retry_failed: Whether cells that failed before are computed again.
        progress: Called with what is done and the share of the whole.

    Raises:
        InputError: If there is no such protocol or form, its data are missing, or the folder cannot
            be written.
        RunError: If workers are lost again and again.

    Example:
        >>> from qiskit_qmu.experiments import PROTOCOLS, reproduce
        >>> PROTOCOLS["qmu-table2"].seeds, PROTOCOLS["qmu-table2"].forms
        (20, ('text', 'code'))
        >>> found = reproduce("hqml-iris", "iris", seeds=5)  # doctest: +SKIP
    """
    protocol = _protocol(name)
    with writable_folder(out) as path:
        choice = _choice(
            protocol, path, seeds, quick, form=form, backend=backend, shots=shots, data_dir=data_dir
        )
        cells = protocol.cells(choice)
        swept = 1.0 if protocol.measure is None else _SHARE_OF_SWEEP
        result = run_sweep(
            cells,
            path,
            data_dir=data_dir,
            workers=workers,
            cluster=cluster,
            retry_failed=retry_failed,
            progress=part_of(progress, 0.0, swept),
        )
        measures = None
        if protocol.measure is not None:
            with RunLock(path / LOCK), open_engine(cluster, workers) as engine:
                measures = measure_cells(
                    cells,
                    SweepFolder(path),
                    protocol.measure,
                    engine,
                    data_dir=data_dir,
                    progress=part_of(progress, swept, 1.0),
                )
        published = read_published(protocol.published)
        found = Reproduction(
            protocol=protocol,
            choice=choice,
            published=published,
            result=result,
            compared=compare_with_published(result, protocol.quantities, published, measures),
        )
        write_together(path, _files(found))
    return found


_SHARE_OF_SWEEP = 0.9


def _files(found: Reproduction) -> dict[str, str]:
    report = found.report
    return {
        "comparison.md": comparison_markdown(report),
        "comparison.html": comparison_page(report),
        "comparison.csv": comparison_csv(report.compared),
        **{f"{figure.name}.svg": f"{figure.svg}\n" for figure in report.figures},
    }


def reproduction_plan(
    name: str,
    out: str | Path,
    *,
    seeds: int | None = None,
    quick: bool = False,
    form: str | None = None,
    backend: str | None = None,
    shots: int | None = None,
    data_dir: str | None = None,
    retry_failed: bool = False,
) -> RunPlan:
    """Return what `reproduce` would do, as `sweep_plan` does; the arguments are those of both.

    Raises:
        InputError: As for `reproduce`.
    """
    protocol = _protocol(name)
    with tempfile.TemporaryDirectory() as rows:  # (rows of its own are known by their content)
        choice = _choice(
            protocol,
            Path(rows),
            seeds,
            quick,
            form=form,
            backend=backend,
            shots=shots,
            data_dir=data_dir,
        )
        return sweep_plan(protocol.cells(choice), out, data_dir=data_dir, retry_failed=retry_failed)


def _protocol(name: str) -> Protocol:
    _check.one_of(tuple(PROTOCOLS), reproduction=name)
    return PROTOCOLS[name]


def _choice(
    protocol: Protocol, folder: Path, seeds: int | None, quick: bool, **given: Any
) -> Choice:
    form = protocol.check_form(given.pop("form"))
    number = (1 if quick else protocol.seeds) if seeds is None else seeds
    _check.at_least(1, seeds=number)
    protocol.check_device(given["backend"], given["shots"])
    for dataset in protocol.datasets:
        try:
            load_dataset(dataset, train_size=10, test_size=10, data_dir=given["data_dir"])
        except InputError as error:
            raise InputError(f"{protocol.name} needs {dataset}: {error}") from error
    return Choice(seeds=number, quick=quick, form=form, folder=folder, **given)
