"""SweepResult: the tidy rows of a sweep."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from qiskit_qmu.backends.versions import environment
from qiskit_qmu.data.named_datasets import classes_of
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.records.places import records_of
from qiskit_qmu.experiments.records.records import Record
from qiskit_qmu.experiments.sweeps.grid import Cell
from qiskit_qmu.report import ResultTables, RunRecords, result_tables

if TYPE_CHECKING:
    import pandas as pd


@final
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SweepResult:
    """What a sweep found.

    Attributes:
        cells: Its cells, in the order of the grid.
        records: The records of each cell: of the original, the oracle, then the methods; of a cell
            that failed a single one, whose row has no method and says why under "error".
    """

    cells: tuple[Cell, ...]
    records: tuple[tuple[Record, ...], ...]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row of numbers for each cell and method, with where it stands in the grid."""
        return [
            {**_place(cell), **record.row}
            for cell, records in zip(self.cells, self.records, strict=True)
            for record in records
        ]

    @property
    def failed(self) -> int:
        """Number of cells that failed as a whole."""
        return sum(not records[0].row["method"] for records in self.records)

    @property
    def runs(self) -> list[RunRecords]:
        """The records of each cell, with where its experiment stands among the others."""
        pairs = zip(self.cells, self.records, strict=True)
        return [records_of(cell.experiment, records) for cell, records in pairs]

    def tables(self) -> ResultTables:
        """Return methods beside original and oracle, for each point of the grid, over the seeds."""
        return result_tables(self.runs, environment=environment())

    def to_frame(self) -> "pd.DataFrame":
        """Return the rows as a table, with the ends of each interval beside its value."""
        import pandas as pd  # (slow to import)

        return pd.DataFrame(self.rows)

    def __repr__(self) -> str:
        return self.tables().to_text()


def _place(cell: Cell) -> dict[str, Any]:
    """Return where a cell stands; what a row has under the same name is of another meaning."""
    experiment = cell.experiment
    forget = None if experiment.forget is None else _in_words(experiment)
    axes = {name: value for name, value in cell.axes.items() if name not in _OF_ROWS}
    return {
        "cell": cell.digest,
        "dataset": experiment.dataset_name,
        "model": experiment.model,
        "forget": forget,
        **axes,
        "observed_on": experiment.backend,
        "observed_shots": experiment.shots,
    }


_OF_ROWS = ("cell", "dataset", "model", "forget", "backend", "shots", "methods")
"""Axes that a row holds under a name of its own."""


def _in_words(experiment: Experiment) -> str:
    assert experiment.forget is not None
    given = experiment.forget.to_dict()
    names = classes_of(experiment.dataset) if experiment.is_bundled else None
    if names is not None and given.get("label") in range(len(names)):
        given["label"] = names[given["label"]]
    return " ".join(f"{name}={_short(value)}" for name, value in given.items())


def _short(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"{len(value)} rows" if len(value) > _FEW else ",".join(map(str, value))
    return str(value)


_FEW = 5
