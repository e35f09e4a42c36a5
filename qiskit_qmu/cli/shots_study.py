"""Study how many shots leak how much: at inference, in unlearning and in training.

Trains target models on halves of a pool of rows, unlearns a class from each by several methods, and
attacks each with the others as reference models: by its loss, by RMIA, by the likelihood ratio of
its counts and with repeated queries. Shots are few in training, in unlearning, at inference or
throughout, on the exact simulator and on a noisy device. Writes study.jsonl, study.html, study.csv,
study.md and the figures; what the folder holds is not computed again.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.options import add_data_dir, add_setting_options, settings_of
from qiskit_qmu.cli.result import add_result_options, print_result, refuse_occupied
from qiskit_qmu.cli.shots import parse_shots
from qiskit_qmu.cli.worker_options import add_cluster, add_workers
from qiskit_qmu.runs.display import progress_display

SUMMARY = "study how many shots leak how much, in training, unlearning and at inference"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    group = parser.add_argument_group("study")
    group.add_argument(
        "--quick", action="store_true", help="a small study, to see what one is like: minutes"
    )
    group.add_argument("--datasets", metavar="NAME,…", help="bundled datasets (digits,mnist)")
    group.add_argument("--models", metavar="NAME,…", help="models (basic,hybrid)")
    group.add_argument(
        "--shots",
        dest="shot_counts",
        metavar="N,N,…",
        help="shot counts beside exact values (1,4,16,64,256,1024,4096,8192)",
    )
    group.add_argument(
        "--methods",
        metavar="NAME,…",
        help="unlearning methods: ga, ga-r, ssd, ssd-r, rga and rga-r, and SSD without the bias of "
        "shots, ssd-unbiased and ssd-r-unbiased (all)",
    )
    group.add_argument(
        "--stages",
        metavar="NAME,…",
        help="where shots are few: always at inference, and in unlearning and training (all)",
    )
    group.add_argument(
        "--targets",
        type=option_types.count,
        metavar="N",
        help="models of each kind, an even number (10)",
    )
    group.add_argument("--device", metavar="NAME", help="device with noise, or none (fake_torino)")
    group.add_argument(
        "--queries",
        type=option_types.count,
        metavar="N",
        help="how often an attacker asks who repeats his queries (16)",
    )
    group.add_argument(
        "--forget-class",
        dest="label",
        type=int,
        metavar="LABEL",
        help="class to forget (4)",
    )
    group.add_argument(
        "--train-size", type=option_types.count, metavar="N", help="rows of each target (120)"
    )
    group.add_argument(
        "--test-size", type=option_types.count, metavar="N", help="never-seen rows (200)"
    )
    group.add_argument(
        "--seed", type=option_types.seed, metavar="N", help="seed of everything random (0)"
    )
    group.add_argument("--out", metavar="DIR", help="output folder (qmu-shots-study)")
    add_workers(group)
    add_cluster(group)
    add_data_dir(group)
    add_setting_options(parser, shortcuts=False, config=False)
    add_result_options(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.experiments.shots.study import QUICK_STUDY, ShotStudy, run_shot_study

    base = QUICK_STUDY if options.quick else ShotStudy()
    changes: dict[str, Any] = {
        name: getattr(options, name)
        for name in ("targets", "queries", "label", "train_size", "test_size", "seed")
        if getattr(options, name) is not None
    }
    for name in ("datasets", "models", "methods", "stages"):
        given = getattr(options, name)
        if given is not None:
            changes[name] = tuple(word.strip() for word in given.split(",") if word.strip())
    if options.shot_counts is not None:
        changes["shots"] = tuple(sorted(parse_shots(options.shot_counts)[0]))
    if options.device is not None:
        changes["device"] = None if options.device == "none" else options.device
    if (options.device or "").startswith("ibm"):
        raise InputError("a study trains many models; use a fake device, such as fake_torino")
    changes["settings"] = {**base.settings, **settings_of(options)}
    if "methods" in changes:
        chosen = changes["methods"]
        changes["throughout"] = tuple(name for name in base.throughout if name in chosen)
    study = replace(base, **changes)
    out = Path(options.out or "qmu-shots-study")
    options.force = False
    refuse_occupied(options, out, "study.json", resumes=True)
    with progress_display(quiet=options.quiet) as progress:
        result = run_shot_study(
            study,
            out,
            data_dir=options.data_dir,
            workers=options.workers,
            cluster=options.cluster,
            progress=progress,
        )
    options.written = out
    content = {"out": str(out), "study": study.to_dict(), "rows": result.rows}
    print_result(options, content, lambda: f"{result}\n\n{out / 'study.html'}")


def when_stopped(_options: argparse.Namespace) -> str:
    """Return advice for a stopped command."""
    return "the same command computes what is missing"
