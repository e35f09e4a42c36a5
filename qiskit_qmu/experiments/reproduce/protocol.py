"""Protocol: a study with fixed data, models, methods and sizes, and what was published of it."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias, final

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.reproduce.compared import Compared, StudyFigure
from qiskit_qmu.experiments.reproduce.quantity import Quantity
from qiskit_qmu.experiments.sweeps import Cell

TASK = "task"
"""The axis of a protocol's cells: what its tables are divided by."""

Outputs: TypeAlias = Mapping[str, SplitObservations]
"""Outputs of the models of one cell by method, the original and the oracle first."""

Measure: TypeAlias = Callable[
    [Outputs, ForgetSplit, np.random.Generator], Mapping[str, Mapping[str, float | None]]
]
"""Returns further numbers of the models of one cell, by method and name."""


@final
@dataclass(frozen=True, kw_only=True)
class Choice:
    """How a protocol is run.

    Attributes:
        seeds: Repetitions.
        quick: Whether to check only that it runs, with few rows and short trainings.
        form: One of the protocol's forms.
        backend: Where trained models are observed; None for where the protocol does.
        shots: Measurements of each circuit there; None for the protocol's.
        folder: Where rows that the protocol makes itself are written.
        data_dir: Folder of image files.
    """

    seeds: int
    quick: bool = False
    form: str | None = None
    backend: str | None = None
    shots: int | None = None
    folder: Path
    data_dir: str | None = None

    def observed_on(self, backend: str = "exact", shots: int | None = None) -> dict[str, Any]:
        """Return where models are observed, as fields of an `Experiment`."""
        if self.backend is not None:
            return {"backend": self.backend, "shots": self.shots or shots}
        return {"backend": backend, "shots": shots}


Tasks: TypeAlias = Sequence[tuple[str, Experiment]]
"""Experiments with the name of their task; those of one task stand in one table."""


@final
@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A study with fixed data, models, methods and sizes.

    Attributes:
        name: Its name.
        summary: What it does, in one line.
        tasks: Returns its experiments.
        quantities: What its tables show.
        duration: How long it takes with its seeds, roughly and in words.
        seeds: Repetitions that it has by default.
        datasets: Image files that it needs.
        forms: Its forms, the default first.
        published: Name of the file of published values; empty where there are none.
        differs: Where it differs from what was published and why, one line each; by form, with
            those of all forms under "".
        measure: What it measures on models beyond the columns of every sweep.
        figures: Draws figures of what its tables show.
        on_devices: Whether its models may be observed on other backends.
    """

    name: str
    summary: str
    tasks: Callable[[Choice], Tasks]
    quantities: tuple[Quantity, ...]
    duration: str
    seeds: int = 5
    datasets: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    published: str = ""
    differs: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict, hash=False)
    measure: Measure | None = None
    figures: Callable[[Sequence[Compared]], Sequence[StudyFigure]] | None = None
    on_devices: bool = False

    def check_form(self, form: str | None) -> str | None:
        """Return a form of the protocol, the default one if None.

        Raises:
            InputError: If there is no such form.
        """
        if form is None:
            return self.forms[0] if self.forms else None
        if not self.forms:
            raise InputError(f"{self.name} has no forms, got form={form!r}")
        _check.one_of(self.forms, form=form)
        return form

    def check_device(self, backend: str | None, shots: int | None) -> None:
        """Raise InputError unless models may be observed so."""
        if backend is None and shots is None:
            return
        if not self.on_devices:
            raise InputError(
                f"{self.name} observes its models exactly; leave out backend and shots"
            )
        if shots is not None and backend in (None, "exact"):
            raise InputError(
                "shots are those of a device; name one, such as --backend aer or --backend "
                f"fake_torino, got shots={shots}"
            )

    def differences(self, form: str | None) -> tuple[str, ...]:
        """Return where it differs from what was published."""
        own = self.differs.get(form, ()) if form is not None else ()
        return (*self.differs.get("", ()), *own)

    def cells(self, choice: Choice) -> tuple[Cell, ...]:
        """Return its cells: each experiment with each of its seeds."""
        cells: dict[str, Cell] = {}
        for task, experiment in self.tasks(choice):
            known = experiment.with_source()
            for seed in range(experiment.seed, experiment.seed + experiment.seeds):
                one = replace(known, seeds=1, seed=seed)
                cell = Cell(experiment=one, axes={TASK: task}, digest=one.digest())
                cells.setdefault(cell.digest, cell)
        return tuple(cells.values())
