"""What a sweep would do: what is there, what is missing and what that takes."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.configuration.plan import RunPlan, run_plan
from qiskit_qmu.experiments.sweeps.folder import SweepFolder, has_failed
from qiskit_qmu.experiments.sweeps.grid import Cell
from qiskit_qmu.experiments.sweeps.running import result_or_error
from qiskit_qmu.experiments.sweeps.work import PendingWork, work_left


def sweep_plan(
    cells: Sequence[Cell],
    out: str | Path,
    *,
    data_dir: str | None = None,
    retry_failed: bool = False,
) -> RunPlan:
    """Return what `run_sweep` would do; nothing is trained or written.

    Args:
        cells: The cells.
        out: The folder; it may be missing.
        data_dir: Folder of image files.
        retry_failed: Whether cells that failed are computed again.

    Returns:
        Numbers of cells and models, there and missing, circuits as a device would count them, and
        seconds of one core at the pace of the cells that are there, None before there is one.

    Raises:
        InputError: If what the folder holds is damaged.
    """
    folder = SweepFolder(Path(out))
    work = work_left(
        cells, folder, data_dir=data_dir, retry_failed=retry_failed, guarded=result_or_error
    )
    kept = [records for cell in cells if (records := folder.records(cell)) is not None]
    done = [records for records in kept if not has_failed(records)]
    spent = [sum(record.row.get("seconds") or 0.0 for record in records) for records in done]
    return {
        "cells": len(cells),
        "there": work.there,
        "failed": len(kept) - len(done),
        "missing": len(work.cells),
        "impossible": [f"{cell.label}: {error}" for cell, error in work.impossible],
        "models_there": work.models_there,
        "models_to_train": len(work.originals),
        "models_to_unlearn": len(work.unlearned),
        **_circuits(work, data_dir),
        "seconds": round(sum(spent) / len(spent) * len(work.cells), 1) if spent else None,
    }


def _circuits(work: PendingWork, data_dir: str | None) -> dict[str, Any]:
    """Return the circuits of training originals, and of observing by backend and shots."""
    plans: dict[str, RunPlan] = {}

    def plan_of(experiment: Experiment) -> RunPlan:
        alike = replace(experiment, seed=0)
        if alike.digest() not in plans:
            plans[alike.digest()] = run_plan(alike, data_dir)
        return plans[alike.digest()]

    observing: dict[str, int] = {}
    for each in work.cells:
        plan = plan_of(each.cell.experiment)
        shots = "exact values" if plan["shots"] is None else f"{plan['shots']:,} shots each"
        name = f"{plan['backend']}, {shots}"
        observing[name] = observing.get(name, 0) + plan["observing_circuits"]
    trained = [*work.originals.values(), *(each for each in work.cells if not each.original)]
    return {
        "training_circuits": sum(plan_of(t.cell.experiment)["training_circuits"] for t in trained),
        "observing_circuits": observing,
    }
