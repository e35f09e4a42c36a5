"""Rewrite the report.html of a `qmu run` from its records, and print its table."""

import argparse
from pathlib import Path

from qiskit_qmu._check import InputError
from qiskit_qmu._files import entry, read_sealed_json, reading
from qiskit_qmu.cli.result import add_result_options, print_result

SUMMARY = "rewrite the report of a `qmu run`"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("run", metavar="DIR", help="folder that `qmu run` wrote")
    add_result_options(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.experiments import (  # (help must not load it)
        Experiment,
        RecordFile,
        write_report,
    )
    from qiskit_qmu.report import text_table

    folder = Path(options.run)
    results = folder / "results.json"
    content = read_sealed_json(results, "a run's results")
    with reading(results, "a run's results"):
        experiment = Experiment.from_dict(entry(content, "config", dict))
        evidence = entry(content, "evidence", dict)
    records = RecordFile(folder / "records.jsonl", experiment.digest()).records
    if not records:
        raise InputError(f"{folder} has no records of a run")
    with reading(folder / "records.jsonl", "records of a run"):
        write_report(
            folder / "report.html", experiment.to_dict(), experiment.kind, records, evidence
        )
        table = text_table([record.row for record in records], kind=experiment.kind)
    options.written = folder / "report.html"
    rows = [record.row for record in records]
    content = {"out": str(folder), "config": experiment.to_dict(), "rows": rows}
    print_result(options, content, f"{table}\n\n{folder / 'report.html'}")
