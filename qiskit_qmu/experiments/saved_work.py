"""How much work can be done on a saved model: train it, unlearn, observe and attack it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, final

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._seeds import stream
from qiskit_qmu.backends import Backend, CostEstimate, ExactBackend, Rule, Work
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.saved import ForgetRequest, SavedModel
from qiskit_qmu.experiments.work import auditing, observing, training, unlearning
from qiskit_qmu.experiments.workers import one_thread
from qiskit_qmu.unlearning import METHODS, make_strategy

BudgetState = Literal["within", "maybe over", "over"]
"""Of what may take longer than expected, "maybe over" if only its worst case is."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PlannedWork:
    """One piece of work.

    Attributes:
        name: "train", "observe", "attack" or the name of a method.
        work: What it takes without noise.
        worst_case: What it may take at most, where it stops by what it measures.
    """

    name: str
    work: Work
    worst_case: Work


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """All work that was asked about.

    Attributes:
        works: The pieces.
        observed_rows: Rows that are observed.
        forgotten_rows: Rows that are forgotten.
    """

    works: tuple[PlannedWork, ...]
    observed_rows: int
    forgotten_rows: int


def cost_rows(
    plan: Plan, backend: Backend, shots: Sequence[int], *, max_qpu_seconds: float | None = None
) -> list[dict[str, Any]]:
    """Return what each piece of work would cost, as JSON values, by shots and then by work.

    Args:
        plan: The work.
        backend: Where it would run.
        shots: Numbers of measurements of each circuit.
        max_qpu_seconds: Budget of each piece of work; none where None.

    Raises:
        InputError: If a number of shots is below one, or more than a job may have.
    """
    rows = []
    for number in shots:
        for piece in plan.works:
            cost, most = (backend.estimate(w, number) for w in (piece.work, piece.worst_case))
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


def plan_saved(
    path: str | Path,
    request: ForgetRequest | None = None,
    *,
    methods: Sequence[str] = tuple(METHODS),
    rows: int | None = None,
    settings: dict[str, Any] | None = None,
    rule: Rule | None = None,
    data_dir: str | None = None,
    seed: int = 0,
) -> Plan:
    """Return what a saved model's training, unlearning, observation and audit take.

    Args:
        path: Folder of the model.
        request: What to forget; the class of the model's experiment where None.
        methods: Names of the methods to unlearn with.
        rows: Rows to observe; all training and test rows where None.
        settings: Hyperparameters that replace the preset's.
        rule: How gradients are measured; by parameter shift where None.
        data_dir: Where image files lie.
        seed: Seed of everything random, as `unlearn_saved` takes it.

    Raises:
        InputError: If the model or its data cannot be read, or the request is not possible.
    """
    _check.at_least(0, seed=seed)
    if rows is not None:
        _check.at_least(1, rows=rows)
    backend = ExactBackend(rule=rule)
    saved = SavedModel.read(path, data_dir, backend).still_known()
    request = request or ForgetRequest(label=saved.experiment.label)
    forget = request.chosen(saved.dataset, saved.trained, seed)
    split = saved.split(forget, request.label)
    experiment = saved.experiment_for(request, settings or {})
    observed = len(saved.trained) + len(saved.dataset.test) if rows is None else rows
    with one_thread():
        works = (
            _training(experiment, saved, split, backend),
            *_unlearning(experiment, saved, split, methods, seed),
            _fixed("observe", observing(saved.model, split.forget.x, observed)),
            _fixed("attack", auditing([saved.model] * 3, split)),
        )
    return Plan(works=works, observed_rows=observed, forgotten_rows=len(forget))


def _training(
    experiment: Experiment, saved: SavedModel, split: ForgetSplit, backend: ExactBackend
) -> PlannedWork:
    trainer = experiment.trainer(_num_features(saved))
    model = experiment.build_model(saved.dataset, experiment.seed, backend)
    known = saved.dataset.train.take(saved.trained)

    def rehearsed(*, worst_case: bool) -> Work:
        return training(
            trainer,
            model,
            known.x,
            known.y,
            generator=stream(experiment.seed, "original", "batches"),
            validation=split.validation,
            worst_case=worst_case,
        )

    work = rehearsed(worst_case=False)
    ends_alike = trainer.worst_case() == trainer
    return PlannedWork(
        name="train", work=work, worst_case=work if ends_alike else rehearsed(worst_case=True)
    )


def _unlearning(
    experiment: Experiment,
    saved: SavedModel,
    split: ForgetSplit,
    methods: Sequence[str],
    seed: int,
) -> Iterator[PlannedWork]:
    preset = experiment.preset(_num_features(saved))
    trainer = experiment.trainer(_num_features(saved))
    for method in methods:
        strategy = make_strategy(method, preset.strategies, trainer)
        work = unlearning(strategy, saved.model, split, generator=stream(seed, method))
        worst_case = work
        if strategy.worst_case() != strategy:
            worst_case = unlearning(
                strategy, saved.model, split, generator=stream(seed, method), worst_case=True
            )
        yield PlannedWork(name=method, work=work, worst_case=worst_case)


def _fixed(name: str, work: Work) -> PlannedWork:
    return PlannedWork(name=name, work=work, worst_case=work)


def _num_features(saved: SavedModel) -> int:
    return int(np.prod(saved.dataset.input_shape))
