"""plan_shots: which numbers of shots a model may be served with; one run serves all of them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import write_together
from qiskit_qmu._seeds import stream
from qiskit_qmu.backends import Backend, open_backend
from qiskit_qmu.backends.versions import environment
from qiskit_qmu.data import Rows
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.evaluation import ShotPlan, ShotTarget, check_shot_counts, planned_shots
from qiskit_qmu.experiments.configuration.workload import observation_workload
from qiskit_qmu.experiments.saved.model import SavedModel
from qiskit_qmu.experiments.shots.comparison import DEFAULT_SHOTS, MOST_SHOTS
from qiskit_qmu.models import QuantumClassifier, with_fewer_shots
from qiskit_qmu.report import render_shot_plan, shot_plan_figure
from qiskit_qmu.runs.progress import RunProgress, no_progress

_PLAN = "a plan of shots"


def plan_shots(
    model: QuantumClassifier,
    members: Rows,
    never_seen: Rows,
    target: ShotTarget,
    *,
    shots: Sequence[int] = DEFAULT_SHOTS,
    backend: Backend | None = None,
    seed: int = 0,
    progress: RunProgress = no_progress,
) -> ShotPlan:
    """Find the numbers of shots with which a model meets a target.

    The model is run once on all rows, with the largest number of shots for every query of a row;
    smaller numbers are drawn from it, so that they are not independent of each other.

    Args:
        model: The model, trained.
        members: Rows that it was trained on.
        never_seen: Rows that it never saw, of the same classes.
        target: What it must meet.
        shots: Numbers of shots to compare.
        backend: Where it is run; the exact simulator with shots if None. Its shots must be the
            largest number times the queries.
        seed: Seed of shots and attacks.
        progress: Called with what is being done and the share that is done.

    Returns:
        The plan; `ShotPlan.meeting` is empty where no number is enough.

    Raises:
        InputError: If the numbers are out of range, or the model has no counts in one basis.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import ShotTarget, plan_shots
        >>> iris = qmu.load_dataset("iris", seed=0)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> history = qmu.Trainer(epochs=2).fit(model, iris.x_train, iris.y_train, generator=0)
        >>> target = ShotTarget(max_auc=0.9, min_accuracy=0.05)
        >>> plan_shots(model, iris.train, iris.test, target, shots=(4, 16)).meeting
        (4, 16)
    """
    _check.not_empty(members=members, never_seen=never_seen)
    counts = check_shot_counts(shots)
    run_shots = plan_run_shots(counts, target)
    device = backend or open_backend("exact", shots=run_shots, seed=seed)
    if device.shots != run_shots:
        raise InputError(f"the backend must have {run_shots:,} shots, got {device.shots}")
    served = model.on(device)
    progress("observing the model", 0.0)
    x, y = (
        np.concatenate([getattr(rows, name) for rows in (members, never_seen)]) for name in "xy"
    )
    observed = served.observe(x, y)
    generator, choices = stream(seed, "fewer shots"), []
    places = np.arange(len(observed))
    inside, outside = places[: len(members)], places[len(members) :]
    for position, count in enumerate(counts):
        progress(f"attacking {count:,} shots", (1 + position) / (1 + len(counts)))
        asked = with_fewer_shots(served, observed, count * target.queries, generator)
        answers = with_fewer_shots(served, asked, count, generator)
        choices.append(
            planned_shots(
                target,
                count,
                answers=answers.take(outside),
                members=asked.take(inside),
                never_seen=asked.take(outside),
                compared=len(counts),
                seed=seed,
            )
        )
    return ShotPlan(
        target=target,
        choices=tuple(choices),
        num_members=len(members),
        num_never_seen=len(never_seen),
    )


def plan_run_shots(shots: Sequence[int], target: ShotTarget) -> int:
    """Return the shots of the run that serves a plan.

    Raises:
        InputError: If they are more than a run may have.
    """
    run_shots = max(check_shot_counts(shots)) * target.queries
    if run_shots > MOST_SHOTS:
        raise InputError(
            f"the largest shot count times queries must be at most {MOST_SHOTS:,}, "
            f"got {run_shots:,}"
        )
    return run_shots


def plan_saved_shots(
    path: str | Path,
    target: ShotTarget,
    *,
    shots: Sequence[int] = DEFAULT_SHOTS,
    backend: Backend | None = None,
    source: RowSource | None = None,
    seed: int = 0,
    progress: RunProgress = no_progress,
) -> ShotPlan:
    """Plan the shots of a saved model on its own rows, without those that it has forgotten.

    Args:
        path: Folder of the model.
        target: What it must meet.
        shots: Numbers of shots to compare.
        backend: As for `plan_shots`.
        source: Where its rows are now; where None, as the model remembers it.
        seed: Seed of shots and attacks.
        progress: As for `plan_shots`.

    Returns:
        The plan.

    Raises:
        InputError: If the model or its data cannot be read, or as `plan_shots`.
    """
    saved = SavedModel.read(path, backend, "planning shots", source=source)
    model, (members, never_seen) = saved.classifier(_PLAN), _asked_rows(saved)
    return plan_shots(
        model,
        members,
        never_seen,
        target,
        shots=shots,
        backend=backend,
        seed=seed,
        progress=progress,
    )


def shot_plan_cost(
    path: str | Path,
    target: ShotTarget,
    *,
    shots: Sequence[int] = DEFAULT_SHOTS,
    backend: Backend | None = None,
    source: RowSource | None = None,
) -> dict[str, Any]:
    """Return what `plan_saved_shots` would run, with nothing run.

    Args:
        path: Folder of the model.
        target: What it must meet.
        shots: Numbers of shots to compare.
        backend: As for `plan_shots`.
        source: As for `plan_saved_shots`.

    Returns:
        Rows, circuits, shots, jobs and seconds of a QPU as JSON values, see `CostEstimate`.

    Raises:
        InputError: As `plan_saved_shots`.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import ShotTarget, shot_plan_cost, train_and_save
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = train_and_save(experiment, "model")
        >>> target = ShotTarget(max_auc=0.6, min_accuracy=0.5, queries=2)
        >>> cost = shot_plan_cost("model", target, shots=(16, 1000))
        >>> cost["circuits"], cost["shots"]  # one run of all rows, at the largest number
        (140, 2000)
    """
    run_shots = plan_run_shots(shots, target)
    saved = SavedModel.read(path, backend, "planning shots", source=source)
    model, (members, never_seen) = saved.classifier(_PLAN), _asked_rows(saved)
    rows = len(members) + len(never_seen)
    device = backend or open_backend("exact", shots=run_shots)
    work = observation_workload(model.on(device), members.x, rows)
    return {
        "members": len(members),
        "never_seen": len(never_seen),
        "backend": device.name,
        **device.estimate(work, run_shots).to_dict(),
    }


def _asked_rows(saved: SavedModel) -> tuple[Rows, Rows]:
    """Return the rows that a saved model was trained on, and never-seen ones of their classes."""
    members, test = saved.known, saved.dataset.test
    return members, test.take(np.flatnonzero(np.isin(test.y, members.y)))


def write_shot_plan(folder: Path, plan: ShotPlan, *, title: str, subtitle: str) -> None:
    """Write plan.json, plan.svg and plan.html to a folder.

    Args:
        folder: The folder.
        plan: The plan.
        title: Title of the page.
        subtitle: What stands above it.

    Raises:
        InputError: If they cannot be written.
    """
    own, versions = plan.to_dict(), environment()
    page = render_shot_plan(
        plan, title=title, subtitle=subtitle, config=own["target"], environment=versions
    )
    content = {"schema": 1, "environment": versions, **own}
    files = {
        "plan.json": json.dumps(content, indent=1, allow_nan=False) + "\n",
        "plan.svg": shot_plan_figure(plan) + "\n",
        "plan.html": page,
    }
    write_together(folder, files)
