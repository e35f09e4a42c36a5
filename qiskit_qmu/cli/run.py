"""Train a model, unlearn by several methods, audit each against the retrained oracle.

Prints a table and writes records.jsonl, results.json and report.html. The same command with the
same folder resumes with what is missing.
"""

import argparse
from pathlib import Path

from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.device_options import add_budget, add_device_options, add_shots
from qiskit_qmu.cli.dry_run import plan_text
from qiskit_qmu.cli.forget_options import add_forget_options, print_notes
from qiskit_qmu.cli.options import (
    add_data_options,
    add_setting_options,
    add_strength,
    make_experiment,
)
from qiskit_qmu.cli.result import add_result_options, print_result, refuse_occupied, remark
from qiskit_qmu.cli.worker_options import add_cluster, add_workers
from qiskit_qmu.runs.display import progress_display
from qiskit_qmu.runs.running_tasks import NOTES

SUMMARY = "train, unlearn, audit and report in one go"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data_options(parser)
    add_forget_options(parser)
    group = parser.add_argument_group("run")
    group.add_argument(
        "--methods",
        type=option_types.methods,
        metavar="A,B,…",
        help="separated by commas, see `qmu list strategies` (all)",
    )
    group.add_argument(
        "--seeds", type=option_types.count, metavar="N", help="repetitions, from --seed on (1)"
    )
    add_workers(group, "processes that share the models", default="one per core and seed")
    add_cluster(group)
    group.add_argument("--out", metavar="DIR", help="output folder (default: named after the run)")
    add_result_options(parser, dry_run=True, overwrites="another run's results")
    device = add_device_options(
        parser,
        "where trained models are observed; training is exact on all but exact",
    )
    add_shots(device)
    add_budget(device, "for each seed")
    add_setting_options(parser)
    add_strength(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    experiment = make_experiment(options)
    from qiskit_qmu.experiments import run_experiment, run_plan
    from qiskit_qmu.experiments.records.by_seed import notes_by_seed
    from qiskit_qmu.report import remarks_by_method, strengths_by_method, text_table
    from qiskit_qmu.report.observed_on import observed_in_words

    name = f"qmu-run-{experiment.dataset_name}-{experiment.model_name}-{experiment.digest()[:8]}"
    out = Path(options.out or name)
    options.folder = out
    refuse_occupied(options, out, "records.jsonl", resumes=True)
    if options.dry_run:
        plan = run_plan(experiment, options.data_dir)
        print_result(options, plan, lambda: plan_text(plan))
        of = f"seed {experiment.seed}" if experiment.seeds > 1 else ""
        print_notes(options, plan["notes"], of=of)
        return
    with progress_display(quiet=options.quiet, running=out / NOTES) as progress:
        records = run_experiment(
            experiment,
            out,
            data_dir=options.data_dir,
            workers=options.workers,
            cluster=options.cluster,
            overwrite=options.force,
            progress=progress,
            call=options.call,
        )
    options.written = out
    rows = [record.row for record in records]
    text = text_table(rows, kind=experiment.kind)
    if experiment.backend != "exact":
        exact = "Shots are those of training and unlearning, which are exact"
        text += f"\n{exact}; {observed_in_words(rows)}."
    notes = notes_by_seed({each.row["seed"]: each.split["notes"] for each in records})
    content = {"out": str(out), "config": experiment.to_dict(), "notes": notes, "rows": rows}
    print_result(options, content, f"{text}\n\n{out / 'report.html'}")
    print_notes(options, notes)
    for method, choices in strengths_by_method(rows).items():
        remark(options, f"{method}: {'; '.join(choices)}")
    for method, remarks in remarks_by_method(rows).items():
        remark(options, f"{method}: {'; '.join(remarks)}")


def when_stopped(options: argparse.Namespace) -> str:
    """Return advice for a stopped command."""
    folder: Path | None = getattr(options, "folder", None)
    kept = ("records.jsonl", ".qmu-models/[!.]*", "jobs/*")  # (a dot: it is being written)
    if folder is None or not any(any(folder.glob(each)) for each in kept):
        return "nothing was finished; the same command starts again"
    return "the same command computes what is missing"
