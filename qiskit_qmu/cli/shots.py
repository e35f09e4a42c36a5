"""Compare shot counts: how accuracy, divergence and membership leakage depend on them.

Without MODEL, trains an original with every seed, retrains the oracle and unlearns by one method.
With MODEL, a folder that `qmu train` or `qmu import` wrote, this is the original; one that
`qmu unlearn` wrote is observed as it is, unless more is to be forgotten. Each model is observed
once with many shots, from which all smaller shot counts are drawn. Prints a table and writes
shots.json, shots.html and shots.svg. `qmu shots plan` finds the shots that meet a target.
"""

import argparse
from pathlib import Path
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.device_options import DEVICE_OPTIONS, add_budget, add_device_options
from qiskit_qmu.cli.dry_run import plan_text
from qiskit_qmu.cli.forget_options import add_forget_options, forget_request_of, print_notes
from qiskit_qmu.cli.options import (
    add_data_options,
    add_setting_options,
    add_strength,
    make_experiment,
    settings_of,
)
from qiskit_qmu.cli.result import add_result_options, print_result, refuse_occupied, remark
from qiskit_qmu.cli.row_source import row_source_of
from qiskit_qmu.runs.display import progress_display

SUMMARY = "accuracy, divergence and membership against the number of shots"

_SEEDS = 3
_METHOD = "rga-r"
_EXACT = "exact"
_SHOTS = "16,64,256,1024,4096,8192,exact"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "saved",
        nargs="?",
        type=option_types.saved_model,
        metavar="MODEL",
        help="folder of a saved model (trains models of its own)",
    )
    add_data_options(parser)
    add_forget_options(parser)
    group = parser.add_argument_group("comparison")
    group.add_argument(
        "--shots",
        dest="shot_counts",
        metavar="N,N,…",
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
    text = _SHOTS if options.shot_counts is None else options.shot_counts
    counts, exact = parse_shots(text)
    if options.saved is not None:
        _on_saved_model(options, counts, exact=_has_exact(options, options.backend, counts, exact))
        return
    if options.seeds is None and options.config is None:
        options.seeds = _SEEDS
    experiment = make_experiment(options)
    exact = _has_exact(options, experiment.backend, counts, exact)
    if experiment.shots is not None:
        raise InputError(f"use --shots instead of shots = {experiment.shots} in the config file")
    from qiskit_qmu.experiments import ShotComparison, run_shot_comparison, shots_plan

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
    _tell(options, out, comparison.to_dict(), rows)


_OF_NEW_MODELS = (
    "model", "outputs", "scale", "train_size", "test_size", "validation_fraction", "seeds",
    "train_shots", "config", "dry_run",
)  # fmt: skip
"""Options that a saved model does not need."""


def _on_saved_model(options: argparse.Namespace, counts: tuple[int, ...], *, exact: bool) -> None:
    """Run the command on a saved model."""
    for name in _OF_NEW_MODELS:
        if getattr(options, name):
            instead = "; `qmu estimate MODEL` says what it costs" if name == "dry_run" else ""
            raise InputError(f"--{name.replace('_', '-')} cannot be given with MODEL{instead}")
    from qiskit_qmu.experiments import SavedShots, run_saved_shots

    names = (*DEVICE_OPTIONS, "max_qpu_seconds")
    device = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    out = Path(options.out or f"qmu-shots-{Path(options.saved).resolve().name}")
    refuse_occupied(options, out, "shots.json")
    work = SavedShots.read(
        options.saved,
        forget_request_of(options, options.saved),
        method=options.method or _METHOD,
        shots=counts,
        exact=exact,
        repetitions=options.repetitions,
        backend=options.backend or "exact",
        mitigation=options.mitigation,
        backend_options=device,
        settings=settings_of(options),
        source=row_source_of(options),
        seed=options.seed or 0,
    )
    with progress_display(quiet=options.quiet) as progress:
        rows = run_saved_shots(work, out, progress=progress)
    _tell(options, out, work.comparison.to_dict(), rows)


def _has_exact(
    options: argparse.Namespace, backend: str | None, counts: tuple[int, ...], exact: bool
) -> bool:
    """Return whether to observe exactly as well.

    Raises:
        InputError: If exact values are asked of a device that has none.
    """
    if not exact or backend is None or not backend.startswith("ibm"):
        return exact
    if options.shot_counts is not None:
        listed = ",".join(map(str, counts))
        raise InputError(
            f"{backend} measures with shots and has no exact values: use --shots {listed}"
        )
    return False


def _tell(
    options: argparse.Namespace, out: Path, config: dict[str, Any], rows: list[dict[str, Any]]
) -> None:
    """Print the table, and what became of methods that changed nothing."""
    from qiskit_qmu.report import remarks_by_method, shot_table

    options.written = out
    content = {"out": str(out), "config": config, "rows": rows}
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
