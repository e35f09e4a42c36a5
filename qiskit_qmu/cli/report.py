"""Write a run's report.html anew from its records, and print its table."""

import argparse
import json
from pathlib import Path

from qiskit_qmu._check import InputError

SUMMARY = "write a run's report anew"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("run", metavar="DIR", help="folder that `qmu run` wrote")


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.experiments import (  # (help must not load it)
        Experiment,
        RecordFile,
        write_report,
    )
    from qiskit_qmu.report import text_table

    folder = Path(options.run)
    try:
        config = json.loads((folder / "results.json").read_text())["config"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder} must hold a run's results.json, got {error}") from error
    experiment = Experiment.from_dict(config)
    records = RecordFile(folder / "records.jsonl", experiment.digest()).records
    if not records:
        raise InputError(f"{folder} must hold records, got none")
    write_report(folder / "report.html", experiment.to_dict(), experiment.kind, records)
    options.written = folder / "report.html"
    print(text_table([record.row for record in records], kind=experiment.kind))
    print(f"\n{folder / 'report.html'}")
