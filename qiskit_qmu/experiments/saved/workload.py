"""How much work can be done on a saved model, and what it would cost: `qmu estimate`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, final

from qiskit_qmu import _check
from qiskit_qmu._seeds import stream
from qiskit_qmu.auditing import in_words
from qiskit_qmu.backends import Backend, CostEstimate, DerivativeRule, ExactBackend, Workload
from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.data.resolution import class_number
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.experiments.configuration.experiment import SAVED_NETWORK
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.configuration.workload import (
    audit_workload,
    observation_workload,
    training_workload,
    unlearning_workload,
)
from qiskit_qmu.experiments.saved.model import SavedModel
from qiskit_qmu.models import QuantumModel, reinitialize
from qiskit_qmu.training.processes import one_thread
from qiskit_qmu.unlearning import DEFAULT_METHODS

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
        forgotten: What is forgotten, in words.
        notes: What must be known of the rows, see `qiskit_qmu.data.ForgetSplit.notes`.
    """

    pieces: tuple[PlannedWorkload, ...]
    observed_rows: int
    forgotten_rows: int
    forgotten: str
    notes: tuple[str, ...] = ()


def saved_workloads(
    path: str | Path,
    request: ForgetRequest | None = None,
    *,
    methods: Sequence[str] = ("noop", *DEFAULT_METHODS),
    rows: int | None = None,
    settings: dict[str, Any] | None = None,
    rule: DerivativeRule | None = None,
    source: RowSource | None = None,
    seed: int = 0,
    only_methods: bool = False,
) -> SavedWorkloads:
    """Return what a saved model's training, unlearning, observation and audit take.

    Args:
        path: Folder of the model.
        request: What to forget; where None, what the model's experiment says, or a tenth of the
            rows where it says nothing.
        methods: Names of the methods to unlearn with; those of the QMU paper by default.
        rows: Rows to observe; all training and test rows where None.
        settings: Hyperparameters that replace the preset's.
        rule: How gradients are measured; by parameter shift where None.
        source: Where the model's rows are now; where None, as the model remembers it.
        seed: Seed of everything random, as `unlearn_saved` takes it.
        only_methods: Leave out training, observation and audit.

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
    setup = saved.setup(request or usual_request(saved), seed, settings)
    observed = len(saved.known) + len(saved.dataset.test) if rows is None else rows
    with one_thread():
        pieces = tuple(_unlearning(setup, saved.model, methods))
        if not only_methods:
            watched = observation_workload(saved.model, setup.split.forget.x, observed)
            pieces = (
                _training(replace(setup, seed=saved.experiment.seed), saved.model, backend),
                *pieces,
                _fixed("observe", watched),
                _fixed("attack", audit_workload([saved.model] * 3, setup.split)),
            )
    return SavedWorkloads(
        pieces=pieces,
        observed_rows=observed,
        forgotten_rows=len(setup.split.forget),
        forgotten=in_words(setup.split),
        notes=(*(() if request else (_EXAMPLE,)), *setup.split.notes),
    )


_EXAMPLE = (
    "no rows to forget were named: those of the model's experiment, or else a tenth drawn at "
    "random, stand for them"
)


def usual_request(saved: SavedModel) -> ForgetRequest:
    """Return what the experiment forgets, if it says so and the model still knows it."""
    experiment = saved.experiment
    known = saved.known.y
    if experiment.is_bundled or experiment.forget is not None:
        request = experiment.request
        if request.label is None or class_number(saved.dataset, request.label) in known:
            return request
    return ForgetRequest(fraction=0.1)


def _training(setup: Setup, saved: QuantumModel, backend: ExactBackend) -> PlannedWorkload:
    trainer = setup.trainer
    if setup.experiment.model == SAVED_NETWORK:
        model = saved.clone()
        reinitialize(model, stream(setup.seed, "weights"))
    else:
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
    setup: Setup, model: QuantumModel, methods: Sequence[str]
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
    setup: Setup, model: QuantumModel, method: str, *, worst_case: bool = False
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
    shots: Sequence[int | None],
    *,
    max_qpu_seconds: float | None = None,
) -> list[dict[str, Any]]:
    """Return what each piece of work would cost, as JSON values, by shots and then by work.

    Args:
        workloads: The work.
        backend: Where it would run.
        shots: Numbers of measurements of each circuit; None for exact values.
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
