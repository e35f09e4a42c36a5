"""Run an experiment over a grid of options: models, datasets, forget sets, backends, settings.

CONFIG is a TOML file with options of `qmu run` by name, which all cells share, and a table [grid]:

    dataset = "iris"
    methods = ["ga-r", "ssd-r"]
    seeds = 5

    [grid]
    model = ["basic", "hybrid"]
    "rga.alpha" = [1.0, 5.0]
    forget = [{forget_class = 1}, {forget_fraction = 0.1}]
    device = [{backend = "exact"}, {backend = "fake_torino", shots = 1000}]

An axis is an option or a setting with a list of values, or any name with a list of tables, each of
which sets several options at once. A cell is one combination with one seed. Models are trained once
and shared by all cells that they suit; what the output folder holds is not computed again, and a
cell that fails stops no other. Exit status 1 says that some failed or, of --dry-run, would fail.
"""

import argparse
import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.cli.config_file import read_config
from qiskit_qmu.cli.options import (
    EXPERIMENT_KEYS,
    SHORTCUT_KEYS,
    add_data_dir,
    experiment_from,
)
from qiskit_qmu.cli.result import add_result_options, print_result, refuse_occupied
from qiskit_qmu.runs.display import progress_display
from qiskit_qmu.runs.running_tasks import NOTES

if TYPE_CHECKING:
    from qiskit_qmu.experiments import Cell, Experiment
from qiskit_qmu.cli.worker_options import add_cluster, add_workers

SUMMARY = "run an experiment over a grid; what is there is not run again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("config", metavar="CONFIG", help="TOML file with options and a [grid]")
    group = parser.add_argument_group("sweep")
    group.add_argument("--out", metavar="DIR", help="output folder (default: named after CONFIG)")
    add_workers(group)
    add_cluster(group)
    group.add_argument(
        "--retry-failed", action="store_true", help="compute cells that failed again"
    )
    add_data_dir(group)
    add_result_options(parser, dry_run=True)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    cells = _cells(options.config)
    from qiskit_qmu.experiments import run_sweep, sweep_plan

    out = Path(options.out or f"qmu-sweep-{Path(options.config).stem}")
    options.force = False
    refuse_occupied(options, out, "sweep.jsonl", resumes=True)
    how = {"data_dir": options.data_dir, "retry_failed": options.retry_failed}
    if options.dry_run:
        plan = sweep_plan(cells, out, **how)
        print_result(options, plan, lambda: plan_text(plan))
        if plan["impossible"]:
            raise RunError(f"{len(plan['impossible'])} of {len(cells)} cells are not possible")
        return
    with progress_display(quiet=options.quiet, running=out / NOTES) as progress:
        result = run_sweep(
            cells, out, workers=options.workers, cluster=options.cluster, progress=progress, **how
        )
    options.written = out
    content = {"out": str(out), "cells": len(cells), "failed": result.failed, "rows": result.rows}
    print_result(options, content, lambda: f"{result}\n\n{out / 'sweep.html'}")
    if result.failed:
        raise RunError(
            f"{result.failed} of {len(cells)} cells failed; {out / 'sweep.jsonl'} says why, and "
            "--retry-failed computes them again"
        )


def _cells(path: str) -> "tuple[Cell, ...]":
    """Return the cells that a config file describes."""
    options, settings = read_config(path, (*EXPERIMENT_KEYS, "grid"), SHORTCUT_KEYS)
    grid = options.pop("grid", {})
    if not isinstance(grid, dict):
        raise InputError(f"{path}: grid must be a table, got {grid!r}")
    from qiskit_qmu.experiments import grid_cells  # (slow to load)

    def make(changes: Mapping[str, Any]) -> "Experiment":
        own = {name.replace("-", "_"): value for name, value in changes.items()}
        chosen = {SHORTCUT_KEYS.get(name, name): value for name, value in own.items()}
        given = {name: value for name, value in chosen.items() if "." not in name}
        for name in given:
            if name not in EXPERIMENT_KEYS:
                raise InputError(f"{path}: unknown axis {name!r}{_meant(name)}")
        dotted = {name: value for name, value in chosen.items() if "." in name}
        return experiment_from({**options, **given}, {**settings, **dotted})

    return grid_cells(grid, make)


def _meant(name: str) -> str:
    near = difflib.get_close_matches(name, (*EXPERIMENT_KEYS, *SHORTCUT_KEYS), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def plan_text(plan: dict[str, Any]) -> str:
    """Return in words what a sweep would do."""
    observing = [f"{count:,} on {where}" for where, count in plan["observing_circuits"].items()]
    seconds = plan["seconds"]
    pace = "not known before a first cell is there"
    lines = [
        f"cells:     {plan['cells']:,}; {plan['there']:,} are there ({plan['failed']:,} failed), "
        f"{plan['missing']:,} to be computed, {len(plan['impossible']):,} not possible",
        f"models:    {plan['models_to_train']:,} to be trained, {plan['models_to_unlearn']:,} "
        f"to be unlearned or retrained; {plan['models_there']:,} are there",
        f"training:  at most {plan['training_circuits']:,} circuits of a device for the originals",
        f"observing: {'; '.join(observing) or 'no circuits'}",
        f"time:      {pace if seconds is None else f'{seconds:,.0f} s of one core for models'}",
        *(f"not possible: {reason}" for reason in plan["impossible"]),
    ]
    return "\n".join([*lines, "nothing was run or written"])


def when_stopped(_options: argparse.Namespace) -> str:
    """Return advice for a stopped command."""
    return "the same command computes what is missing"
