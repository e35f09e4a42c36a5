"""How much work can be done on a saved model, and what it would cost: `qmu estimate`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, final

from qiskit_qmu import _check
from qiskit_qmu._seeds import stream
from qiskit_qmu.backends import Backend, CostEstimate, ExactBackend, Rule, Workload
from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.experiments.saved_model import SavedModel
from qiskit_qmu.experiments.setup import Setup
from qiskit_qmu.experiments.workers import one_thread
from qiskit_qmu.experiments.workload import (
    audit_workload,
    observation_workload,
    training_workload,
    unlearning_workload,
)
from qiskit_qmu.models import QuantumClassifier
from qiskit_qmu.unlearning import METHODS

BudgetState = Literal["within", "maybe over", "over"]
"""With data-dependent stopping, "maybe over" if only the worst case is."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PlannedWorkload:
    """One piece of work.

    Attributes:
        name: "train", "observe", "attack" or the name of a method.
        expected: What it takes without noise.
        worst_case: What it may take at most, where stopping depends on measured values.
    """

    name: str
    expected: Workload
    worst_case: Workload


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class SavedWorkloads:
    """All work that was asked about.

    Attributes:
        pieces: The pieces of work.
        observed_rows: Rows that are observed.
        forgotten_rows: Rows that are forgotten.
    """

    pieces: tuple[PlannedWorkload, ...]
    observed_rows: int
    forgotten_rows: int


def saved_workloads(
    path: str | Path,
    request: ForgetRequest | None = None,
    *,
    methods: Sequence[str] = tuple(METHODS),
    rows: int | None = None,
    settings: dict[str, Any] | None = None,
    rule: Rule | None = None,
    source: RowSource | None = None,
    seed: int = 0,
) -> SavedWorkloads:
    """Return what a saved model's training, unlearning, observation and audit take.

    Args:
        path: Folder of the model.
        request: What to forget; what the model's experiment says where None.
        methods: Names of the methods to unlearn with.
        rows: Rows to observe; all training and test rows where None.
        settings: Hyperparameters that replace the preset's.
        rule: How gradients are measured; by parameter shift where None.
        source: Where the model's rows are now; where None, as the model remembers it.
        seed: Seed of everything random, as `unlearn_saved` takes it.

    Raises:
        InputError: If the model or its data cannot be read, or the request is not possible.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import ForgetRequest, saved_workloads, train_and_save
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = train_and_save(experiment, "model")
        >>> work = saved_workloads("model", ForgetRequest(label=1), methods=["gd"], rows=10)
        >>> [piece.name for piece in work.pieces]
        ['train', 'gd', 'observe', 'attack']
    """
    _check.at_least(0, seed=seed)
    if rows is not None:
        _check.at_least(1, rows=rows)
    backend = ExactBackend(rule=rule)
    saved = SavedModel.read(path, backend, source=source)
    setup = saved.setup(request or saved.experiment.request, seed, settings)
    observed = len(saved.known) + len(saved.dataset.test) if rows is None else rows
    with one_thread():
        pieces = (
            _training(replace(setup, seed=saved.experiment.seed), backend),
            *_unlearning(setup, saved.model, methods),
            _fixed("observe", observation_workload(saved.model, setup.split.forget.x, observed)),
            _fixed("attack", audit_workload([saved.model] * 3, setup.split)),
        )
    return SavedWorkloads(
        pieces=pieces, observed_rows=observed, forgotten_rows=len(setup.split.forget)
    )


def _training(setup: Setup, backend: ExactBackend) -> PlannedWorkload:
    trainer = setup.trainer
    model = setup.build_model(backend)

    def rehearsed(*, worst_case: bool) -> Workload:
        return training_workload(trainer, model, **setup.fit_arguments(), worst_case=worst_case)

    expected = rehearsed(worst_case=False)
    ends_alike = trainer.worst_case() == trainer
    return PlannedWorkload(
        name="train",
        expected=expected,
        worst_case=expected if ends_alike else rehearsed(worst_case=True),
    )


def _unlearning(
    setup: Setup, model: QuantumClassifier, methods: Sequence[str]
) -> Iterator[PlannedWorkload]:
    for method in methods:
        expected = method_workload(setup, model, method)
        strategy = setup.strategy(method)
        ends_alike = strategy.worst_case() == strategy
        yield PlannedWorkload(
            name=method,
            expected=expected,
            worst_case=expected
            if ends_alike
            else method_workload(setup, model, method, worst_case=True),
        )


def method_workload(
    setup: Setup, model: QuantumClassifier, method: str, *, worst_case: bool = False
) -> Workload:
    """Return the work of unlearning a model by a named method; see `unlearning_workload`."""
    return unlearning_workload(
        setup.strategy(method),
        model,
        setup.split,
        generator=stream(setup.seed, method),
        worst_case=worst_case,
    )


def _fixed(name: str, work: Workload) -> PlannedWorkload:
    return PlannedWorkload(name=name, expected=work, worst_case=work)


def cost_rows(
    workloads: SavedWorkloads,
    backend: Backend,
    shots: Sequence[int],
    *,
    max_qpu_seconds: float | None = None,
) -> list[dict[str, Any]]:
    """Return what each piece of work would cost, as JSON values, by shots and then by work.

    Args:
        workloads: The work.
        backend: Where it would run.
        shots: Numbers of measurements of each circuit.
        max_qpu_seconds: Budget of each piece of work; none where None.

    Raises:
        InputError: If a number of shots is below one, or more than a job may have.
    """
    rows = []
    for number in shots:
        for piece in workloads.pieces:
            cost, most = (
                backend.estimate(work, number) for work in (piece.expected, piece.worst_case)
            )
            rows.append(
                {
                    "work": piece.name,
                    **cost.to_dict(),
                    "most_circuits": most.circuits,
                    "most_jobs": most.jobs,
                    "most_qpu_seconds": most.most_qpu_seconds,
                    "budget": _budget(cost, most, max_qpu_seconds),
                }
            )
    return rows


def _budget(
    cost: CostEstimate, most: CostEstimate, max_qpu_seconds: float | None
) -> BudgetState | None:
    if max_qpu_seconds is None:
        return None
    if cost.most_qpu_seconds > max_qpu_seconds:
        return "over"
    return "within" if most.most_qpu_seconds <= max_qpu_seconds else "maybe over"
