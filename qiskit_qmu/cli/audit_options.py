"""What all audits share: how their report is told, and the gate that it must pass."""

import argparse
from argparse import ArgumentTypeError as OptionError
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qiskit_qmu._check import InputError
from qiskit_qmu.cli.result import print_result

if TYPE_CHECKING:
    from qiskit_qmu.auditing import AuditReport


def add_audit_options(parser: argparse.ArgumentParser) -> None:
    """Add where the report goes, its explanation and its gate."""
    parser.add_argument("--out", metavar="DIR", help="also write audit.json and audit.html there")
    parser.add_argument(
        "--explain",
        action="store_true",
        help="add what the protocols of QMU, HQML, SSD, SalUn and DEW-P would report for this "
        "model, each number beside its controls",
    )
    parser.add_argument(
        "--gate",
        type=gate,
        metavar="LIMITS",
        help="exit with status 1 if an interval's worse end breaks one of these limits: "
        "max_auc=0.55,max_epsilon=1,min_retain=-0.02 (accuracy on never-seen retained rows minus "
        "the oracle's)",
    )


def gate(text: str) -> Any:
    """Return a gate.

    Raises:
        OptionError: If a limit is unknown or out of range.
    """
    from qiskit_qmu.evaluation import Gate  # (help must not load it)

    try:
        return Gate.parse(text)
    except InputError as error:
        raise OptionError(str(error)) from None


def tell(options: argparse.Namespace, report: "AuditReport", folder: Path | None) -> None:
    """Print a report, save it where that was asked for, and hold it against the gate.

    Raises:
        GateError: If the gate is broken.
    """
    from qiskit_qmu.auditing import gated_numbers
    from qiskit_qmu.evaluation import GateError

    if options.explain:
        report = replace(report, protocols=report.explain())
    if folder is not None:
        report.save(folder)
    options.written = folder
    page = "" if folder is None else f"\n\n{folder / 'audit.html'}"
    print_result(options, report.to_dict(), lambda: f"{report}{page}")
    if options.gate is not None:
        breaches = options.gate.breaches(gated_numbers(report))
        if breaches:
            raise GateError(f"the gate is not passed: {'; '.join(breaches)}")
