"""Compare shot counts: what few shots cost in accuracy, and how little they hide of membership.

Trains an original, retrains the oracle, unlearns by one method, and observes each of them once with
many shots, from which every smaller number is drawn. Prints a table and writes shots.json,
shots.html and shots.svg.
"""

import argparse
import sys
from pathlib import Path

from qiskit_qmu._check import InputError
from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.device_options import add_budget, add_device_options
from qiskit_qmu.cli.forget_options import add_forget_options
from qiskit_qmu.cli.options import (
    add_data_options,
    add_setting_options,
    make_experiment,
)

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
        help=f"shot counts, and exact where the backend has exact values ({_SHOTS})",
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


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    if options.seeds is None and options.config is None:
        options.seeds = _SEEDS
    counts, exact = parse_shots(options.shot_counts)
    experiment = make_experiment(options)
    if experiment.shots is not None:
        raise InputError(
            f"shots are given by --shots here, not in the config; got {experiment.shots}"
        )
    from qiskit_qmu.experiments import ShotComparison, run_shot_comparison
    from qiskit_qmu.experiments.progress import progress_display  # (help must not load it)
    from qiskit_qmu.report import remarks_by_method, shot_table

    comparison = ShotComparison(
        experiment=experiment,
        method=options.method or _METHOD,
        shots=counts,
        exact=exact,
        repetitions=options.repetitions,
        train_shots=options.train_shots,
    )
    name = f"qmu-shots-{experiment.dataset_name}-{experiment.model}-{comparison.digest()[:8]}"
    out = Path(options.out or name)
    with progress_display() as progress:
        rows = run_shot_comparison(comparison, out, data_dir=options.data_dir, progress=progress)
    options.written = out
    print(shot_table(rows))
    print(f"\n{out / 'shots.html'}")
    of_seeds = {(row["model"], row["seed"]): {**row, "method": row["model"]} for row in rows}
    for method, remarks in remarks_by_method(list(of_seeds.values())).items():
        print(f"qmu shots: {method}: {'; '.join(remarks)}", file=sys.stderr)


def when_stopped(options: argparse.Namespace) -> str:
    """Say what to do after the command was stopped."""
    if (options.backend or "").startswith("ibm"):
        return "the same command starts again, and reads the results of jobs that were sent"
    return "nothing is kept; the same command starts again"


def parse_shots(text: str) -> tuple[tuple[int, ...], bool]:
    """Return the shot counts of "16,64,exact", and whether exact values are among them.

    Raises:
        InputError: If a word is neither an integer nor "exact", or "exact" stands there twice.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    exact = words.count(_EXACT)
    if exact > 1:
        raise InputError(f"--shots must not repeat a number, got {text!r}")
    try:
        counts = tuple(option_types.integer(word) for word in words if word != _EXACT)
    except ValueError as error:
        raise InputError(
            f"--shots must be integers or exact, separated by commas; got {text!r}"
        ) from error
    if not counts:
        raise InputError(f"--shots must hold at least one number, got {text!r}")
    return counts, bool(exact)
