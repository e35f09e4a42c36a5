"""Train a model, unlearn by several methods, audit each beside the retrained oracle.

Prints a table and writes records.jsonl, results.json and report.html. The same command with the
same folder goes on after the last seed that was done.
"""

import argparse
import sys
from pathlib import Path

from qiskit_qmu import _check
from qiskit_qmu.cli.device_options import add_budget, add_device_options, add_shots
from qiskit_qmu.cli.options import (
    add_data_options,
    add_forget_options,
    add_setting_options,
    make_experiment,
)

SUMMARY = "the whole main job: train, unlearn, audit, report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data_options(parser)
    add_forget_options(parser)
    group = parser.add_argument_group("run")
    group.add_argument("--methods", help="comma-separated, see `qmu list strategies` (all)")
    group.add_argument("--seeds", type=int, help="repetitions, from --seed on (1)")
    group.add_argument("--jobs", type=int, help="processes that share the seeds (one per core)")
    group.add_argument("--out", metavar="DIR", help="folder of the results (named after the run)")
    device = add_device_options(
        parser, "where trained models are observed (all but exact train exactly)"
    )
    add_shots(device)
    add_budget(device, "of each seed")
    add_setting_options(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.cli.progress import progress_display  # (help must not load it)
    from qiskit_qmu.experiments import run_experiment
    from qiskit_qmu.report import remarks_by_method, text_table

    if options.jobs is not None:
        _check.at_least(1, jobs=options.jobs)
    experiment = make_experiment(options)
    name = f"qmu-run-{experiment.dataset}-{experiment.model}-{experiment.digest()[:8]}"
    out = Path(options.out or name)
    with progress_display() as progress:
        records = run_experiment(
            experiment, out, data_dir=options.data_dir, jobs=options.jobs, progress=progress
        )
    options.written = out
    rows = [record.row for record in records]
    print(text_table(rows, kind=experiment.kind))
    print(f"\n{out / 'report.html'}")
    for method, remarks in remarks_by_method(rows).items():
        print(f"qmu run: {method}: {'; '.join(remarks)}", file=sys.stderr)


def when_stopped(_options: argparse.Namespace) -> str:
    """Say what to do after the command was stopped."""
    return "the same command goes on after the last seed that was done"
