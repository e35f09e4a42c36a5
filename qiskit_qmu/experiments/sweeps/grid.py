"""The cells of a sweep: one experiment with one seed for each point of a grid."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, final

from qiskit_qmu._check import InputError
from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.experiments.configuration.experiment import Experiment

Grid = Mapping[str, Sequence[Any]]
"""Values by axis: by the name of an option, by a dotted setting such as "rga.alpha", or under any
name mappings of several of these, which change together."""


@final
@dataclass(frozen=True, kw_only=True)
class Cell:
    """One repetition of one experiment of a sweep.

    Attributes:
        experiment: What is run; with one seed.
        axes: Where it stands in the grid, as plain values by axis.
        digest: The experiment's.
    """

    experiment: Experiment
    axes: Mapping[str, Any]
    digest: str

    @property
    def label(self) -> str:
        """Where it stands in the grid, in words; empty where there is no axis."""
        return ", ".join(_said(name, value) for name, value in self.axes.items())

    @property
    def name(self) -> str:
        """Where it stands in the grid, with its seed."""
        return ", ".join(filter(None, (self.label, f"seed {self.experiment.seed}")))

    @property
    def is_sent(self) -> bool:
        """Whether its models are observed by jobs that are sent to IBM's devices."""
        return self.experiment.backend.startswith("ibm")


def grid_cells(grid: Grid, make: Callable[[Mapping[str, Any]], Experiment]) -> tuple[Cell, ...]:
    """Return the cells of a grid: all combinations of its values, each with all seeds.

    Args:
        grid: Values by axis; without an axis there is one experiment.
        make: Returns the experiment with some of its options and settings changed.

    Raises:
        InputError: If an axis has no values, two of them set the same option, two cells are the
            same, or an experiment is not possible.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments.sweeps import grid_cells
        >>> cells = grid_cells(
        ...     {"model": ["basic", "hybrid"], "rows": [{"train_size": 60, "test_size": 30}]},
        ...     lambda changes: qmu.Experiment(dataset="iris", seeds=2, **changes),
        ... )
        >>> [(cell.experiment.model, cell.experiment.seed) for cell in cells]
        [('basic', 0), ('basic', 1), ('hybrid', 0), ('hybrid', 1)]
        >>> cells[0].label
        'model=basic, train_size=60 test_size=30'
    """
    for name, values in grid.items():
        if isinstance(values, str | Mapping) or not isinstance(values, Sequence) or not values:
            raise InputError(f"the values of axis {name} must be a list, got {values!r}")
    cells: dict[str, Cell] = {}
    digests: dict[tuple[Any, ...], str | None] = {}
    for values in product(*grid.values()):
        point = dict(zip(grid, values, strict=True))
        axes = {name: _plain(value) for name, value in point.items()}
        experiment = make(_changes(point))
        files = experiment.dataset, experiment.test
        if files not in digests:  # (a file is read once)
            digests[files] = experiment.with_source().source_digest
        for one in _each_seed(replace(experiment, source_digest=digests[files])):
            cell = Cell(experiment=one, axes=axes, digest=one.digest())
            if cell.digest in cells:
                other = cells[cell.digest].label
                raise InputError(f"two cells are the same: {other}, and {cell.label}")
            cells[cell.digest] = cell
    return tuple(cells.values())


def _each_seed(experiment: Experiment) -> Iterator[Experiment]:
    for seed in range(experiment.seed, experiment.seed + experiment.seeds):
        yield replace(experiment, seeds=1, seed=seed)


def _changes(point: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a point of the grid sets, by option and setting."""
    changes: dict[str, Any] = {}
    for name, value in point.items():
        own = dict(value) if isinstance(value, Mapping) else {name: value}
        twice = own.keys() & changes.keys()
        if twice:
            raise InputError(f"two axes set {min(twice)}")
        changes |= own
    return changes


def _plain(value: Any) -> Any:
    """Return a value of an axis as one that a table can hold."""
    if isinstance(value, ForgetRequest):
        value = value.to_dict()
    if isinstance(value, Mapping):
        return " ".join(_said(str(name), _plain(own)) for name, own in value.items())
    if isinstance(value, list | tuple):
        return ",".join(str(_plain(own)) for own in value)
    return value


def _said(name: str, value: Any) -> str:
    return value if isinstance(value, str) and "=" in value else f"{name}={value}"
