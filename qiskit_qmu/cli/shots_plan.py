"""Find the numbers of shots with which a saved model leaks little and still answers well.

Runs the model once on its training rows and on never-seen ones, attacks its answers with every
number of shots, and says which numbers meet the target: the upper bound of every AUC at most
--max-auc, the lower bound of the accuracy at least --min-accuracy. Exits with status 1 if none
does. With --out, also writes plan.json, plan.html and plan.svg.
"""

import argparse
from contextlib import nullcontext
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.device_options import add_budget, add_device_options, backend_of
from qiskit_qmu.cli.options import add_saved_model, add_seed
from qiskit_qmu.cli.result import add_result_options, print_result, refuse_occupied
from qiskit_qmu.cli.row_source import add_row_source, row_source_of
from qiskit_qmu.cli.shots import parse_shots
from qiskit_qmu.runs.display import progress_display

SUMMARY = "find the shots with which a saved model leaks little and answers well"

_SHOTS = "16,64,256,1024,4096,8192"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_saved_model(parser, "folder of a saved model")
    group = parser.add_argument_group("target")
    group.add_argument(
        "--max-auc",
        type=option_types.share,
        required=True,
        metavar="X",
        help="largest AUC of any attack, from 0.5 to 1",
    )
    group.add_argument(
        "--min-accuracy",
        type=option_types.share,
        required=True,
        metavar="X",
        help="smallest accuracy on never-seen rows",
    )
    group.add_argument(
        "--queries",
        type=option_types.count,
        default=1,
        metavar="N",
        help="how often an attacker may query the same row with fresh shots (1)",
    )
    group.add_argument(
        "--shots",
        dest="shot_counts",
        metavar="N,N,…",
        default=_SHOTS,
        help=f"shot counts to compare ({_SHOTS})",
    )
    parser.add_argument("--out", metavar="DIR", help="also write plan.json and plan.html there")
    add_seed(parser)
    add_budget(
        add_device_options(parser, "where the model is served (exact)", default="exact"),
    )
    add_row_source(parser)
    add_result_options(parser, dry_run=True, overwrites="a plan")


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    refuse_occupied(options, options.out, "plan.json")
    counts, exact = parse_shots(options.shot_counts)
    if exact:
        raise InputError("exact values have no shots to plan; leave exact out of --shots")
    from qiskit_qmu.experiments import (  # (help must not load it)
        ShotTarget,
        plan_run_shots,
        plan_saved_shots,
        shot_plan_cost,
        writable_folder,
        write_shot_plan,
    )
    from qiskit_qmu.report import shot_plan_text

    target = ShotTarget(
        max_auc=options.max_auc, min_accuracy=options.min_accuracy, queries=options.queries
    )
    options.shots = plan_run_shots(counts, target)
    if options.dry_run:
        with backend_of(options) or nullcontext() as device:
            cost = shot_plan_cost(
                options.model, target, shots=counts, backend=device, source=row_source_of(options)
            )
        print_result(options, cost, lambda: _cost_text(cost))
        return
    out = nullcontext() if options.out is None else writable_folder(options.out)
    device, show = backend_of(options), progress_display(quiet=options.quiet)
    with out as folder, device or nullcontext(), show as progress:
        plan = plan_saved_shots(
            options.model,
            target,
            shots=counts,
            backend=device,
            source=row_source_of(options),
            seed=options.seed,
            progress=progress,
        )
        if folder is not None:
            title = f"Shots for {options.model}"
            write_shot_plan(folder, plan, title=title, subtitle=f"served on {options.backend}")
    options.written = options.out
    page = "" if folder is None else f"\n\n{folder / 'plan.html'}"
    print_result(options, plan.to_dict(), lambda: f"{shot_plan_text(plan)}{page}")
    if not plan.meeting:
        raise RunError("no number of shots meets the target")


def _cost_text(cost: dict[str, Any]) -> str:
    """Return what a plan would run in words."""
    jobs, seconds = cost["jobs"], cost["qpu_seconds"]
    return "\n".join(
        [
            f"rows:  {cost['members']:,} trained on and {cost['never_seen']:,} never seen",
            f"run:   {cost['circuits']:,} circuits on {cost['backend']}, {cost['shots']:,} shots "
            "each, which serve all numbers of shots",
            f"cost:  {jobs:,} {'job' if jobs == 1 else 'jobs'}, {seconds:,.0f} QPU seconds by "
            "IBM's rule of thumb",
            "nothing was run or written",
        ]
    )
