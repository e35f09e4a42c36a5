"""Run a published study as a sweep, and print ours beside theirs.

NAME is one of `qmu list reproductions`. Data, models, methods and sizes are fixed; the published
values are kept as data with the place that they were taken from. The output folder is that of a
sweep: the same command computes what is missing. comparison.html, .md and .csv hold the tables,
with what each column means and one line on each thing that differs and why; qmu-figure4 and
hqml-depth have figures. Exit status 1 says that some cells failed.
"""

import argparse
from pathlib import Path

from qiskit_qmu._errors import RunError
from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.options import add_data_dir
from qiskit_qmu.cli.result import add_result_options, print_result, refuse_occupied
from qiskit_qmu.cli.sweep import plan_text
from qiskit_qmu.cli.worker_options import add_cluster, add_workers
from qiskit_qmu.runs.display import progress_display
from qiskit_qmu.runs.running_tasks import NOTES

SUMMARY = "run a published study, ours beside theirs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("name", metavar="NAME", help="see `qmu list reproductions`")
    group = parser.add_argument_group("study")
    group.add_argument(
        "--seeds", type=option_types.count, metavar="N", help="repetitions (the study's number)"
    )
    group.add_argument("--form", metavar="FORM", help="form of the study, where it has several")
    group.add_argument(
        "--quick",
        action="store_true",
        help="check only that it runs: one seed, few rows, short trainings, numbers that mean "
        "nothing",
    )
    group.add_argument(
        "--backend",
        type=option_types.backend,
        metavar="NAME",
        help="where trained models are observed, such as fake_torino or ibm_… (the study's)",
    )
    group.add_argument(
        "--shots", type=option_types.count, metavar="N", help="measurements of each circuit there"
    )
    group.add_argument("--out", metavar="DIR", help="output folder (qmu-reproduce-NAME)")
    add_workers(group)
    add_cluster(group)
    group.add_argument(
        "--retry-failed", action="store_true", help="compute cells that failed again"
    )
    add_data_dir(group)
    add_result_options(parser, dry_run=True)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.experiments import reproduce, reproduction_plan  # (slow to load)

    out = Path(options.out or f"qmu-reproduce-{options.name}")
    options.force = False
    refuse_occupied(options, out, "sweep.jsonl", resumes=True)
    names = ("seeds", "form", "quick", "backend", "shots", "data_dir", "retry_failed")
    how = {name: getattr(options, name) for name in names}
    if options.dry_run:
        plan = reproduction_plan(options.name, out, **how)
        print_result(options, plan, lambda: plan_text(plan))
        return
    with progress_display(quiet=options.quiet, running=out / NOTES) as progress:
        found = reproduce(
            options.name,
            out,
            workers=options.workers,
            cluster=options.cluster,
            progress=progress,
            **how,
        )
    options.written = out
    print_result(options, found.to_dict(), lambda: f"{found}\n\n{out / 'comparison.html'}")
    if found.result.failed:
        raise RunError(
            f"{found.result.failed} of {len(found.result.cells)} cells failed; "
            f"{out / 'sweep.jsonl'} says why, and --retry-failed computes them again"
        )


def when_stopped(_options: argparse.Namespace) -> str:
    """Return advice for a stopped command."""
    return "the same command computes what is missing"
