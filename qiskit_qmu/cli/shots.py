"""Compare shot counts: how accuracy, divergence and membership leakage depend on them.

Trains an original, retrains the oracle, unlearns by one method, and observes each of them once with
many shots, from which all smaller shot counts are drawn. Prints a table and writes shots.json,
shots.html and shots.svg.
"""

import argparse
from pathlib import Path

from qiskit_qmu._check import InputError
from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.device_options import add_budget, add_device_options
from qiskit_qmu.cli.dry_run import plan_text
from qiskit_qmu.cli.forget_options import add_forget_options, print_notes
from qiskit_qmu.cli.options import (
    add_data_options,
    add_setting_options,
    add_strength,
    make_experiment,
)
from qiskit_qmu.cli.result import add_result_options, print_result, refuse_occupied, remark
from qiskit_qmu.runs.progress import progress_display

SUMMARY = "accuracy, divergence and membership against the number of shots"

_SEEDS = 3
_METHOD = "rga-r"
_EXACT = "exact"
_SHOTS = "16,64,256,1024,4096,8192,exact"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data_options(parser)
    add_forget_options(parser)
    group = parser.add_argument_group("comparison")
    group.add_argument(
        "--shots",
        dest="shot_counts",
        metavar="N,N,…",
        default=_SHOTS,
        help=f"shot counts, and exact if the backend supports it ({_SHOTS})",
    )
    group.add_argument(
        "--method",
        type=option_types.method,
        metavar="NAME",
        help=f"unlearning method ({_METHOD})",
    )
    group.add_argument(
        "--seeds",
        type=option_types.count,
        metavar="N",
        help=f"independently trained models, from --seed on ({_SEEDS})",
    )
    group.add_argument(
        "--repetitions",
        type=option_types.count,
        default=1,
        metavar="N",
        help="independent sets of shots for each seed's models (1)",
    )
    group.add_argument(
        "--train-shots",
        type=option_types.count,
        metavar="N",
        help="shots of each circuit in training as well",
    )
    group.add_argument("--out", metavar="DIR", help="output folder (default: named after the run)")
    add_budget(
        add_device_options(parser, "where models are observed"),
        "for each seed",
    )
    add_setting_options(parser)
    add_strength(parser)
    add_result_options(parser, dry_run=True, overwrites="another comparison's results")


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    if options.seeds is None and options.config is None:
        options.seeds = _SEEDS
    counts, exact = parse_shots(options.shot_counts)
    experiment = make_experiment(options)
    if experiment.shots is not None:
        raise InputError(f"use --shots instead of shots = {experiment.shots} in the config file")
    from qiskit_qmu.experiments import ShotComparison, run_shot_comparison, shots_plan
    from qiskit_qmu.report import remarks_by_method, shot_table

    comparison = ShotComparison(
        experiment=experiment,
        method=options.method or _METHOD,
        shots=counts,
        exact=exact,
        repetitions=options.repetitions,
        train_shots=options.train_shots,
    )
    name = f"qmu-shots-{experiment.dataset_name}-{experiment.model_name}-{comparison.digest()[:8]}"
    out = Path(options.out or name)
    refuse_occupied(options, out, "shots.json")
    if options.dry_run:
        plan = shots_plan(comparison, options.data_dir)
        print_result(options, plan, lambda: plan_text(plan))
        print_notes(options, plan["notes"])
        return
    with progress_display(quiet=options.quiet) as progress:
        rows = run_shot_comparison(comparison, out, data_dir=options.data_dir, progress=progress)
    options.written = out
    content = {"out": str(out), "config": comparison.to_dict(), "rows": rows}
    print_result(options, content, lambda: f"{shot_table(rows)}\n\n{out / 'shots.html'}")
    of_seeds = {(row["model"], row["seed"]): {**row, "method": row["model"]} for row in rows}
    for method, remarks in remarks_by_method(list(of_seeds.values())).items():
        remark(options, f"{method}: {'; '.join(remarks)}")


def when_stopped(options: argparse.Namespace) -> str:
    """Return advice for a stopped command."""
    if (options.backend or "").startswith("ibm"):
        return "the same command starts again, and reads the results of jobs that were sent"
    return "nothing is kept; the same command starts again"


def parse_shots(text: str) -> tuple[tuple[int, ...], bool]:
    """Return the shot counts of "16,64,exact", and whether exact values are included.

    Raises:
        InputError: If an entry is neither an integer nor "exact", or is repeated.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    exact = words.count(_EXACT)
    if exact > 1:
        raise InputError(f"--shots has duplicates: {text!r}")
    try:
        counts = tuple(option_types.integer(word) for word in words if word != _EXACT)
    except ValueError as error:
        raise InputError(
            f"--shots must be integers or exact, separated by commas; got {text!r}"
        ) from error
    if not counts:
        raise InputError(f"--shots needs at least one number, got {text!r}")
    return counts, bool(exact)
