"""What all audits share: how their report is told, and the gate that it must pass."""

import argparse
from argparse import ArgumentTypeError as OptionError
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from qiskit_qmu._check import InputError
from qiskit_qmu.cli.result import print_result

if TYPE_CHECKING:
    from qiskit_qmu.auditing import AuditReport
    from qiskit_qmu.evaluation import Gate
    from qiskit_qmu.evaluation.gate import GatedNumbers


def add_audit_options(parser: argparse.ArgumentParser) -> None:
    """Add where the report goes, its explanation and its gate."""
    parser.add_argument("--out", metavar="DIR", help="also write audit.json and audit.html there")
    parser.add_argument(
        "--explain",
        action="store_true",
        help="add what the protocols of QMU, HQML, SSD, SalUn and DEW-P would report for this "
        "model, a line each, beside the same number of the original and the oracles",
    )
    parser.add_argument(
        "--explain-all",
        action="store_true",
        help="the same with every control and how to read it",
    )
    add_gate(parser)


def add_gate(parser: Any) -> None:
    """Add the gate that an audit must pass."""
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

    if options.explain or options.explain_all:
        shown: Literal["short", "full"] = "full" if options.explain_all else "short"
        report = replace(report, protocols=report.explain(), explained=shown)
    if folder is not None:
        report.save(folder)
    options.written = folder
    page = "" if folder is None else f"\n\n{folder / 'audit.html'}"
    print_result(options, report.to_dict(), lambda: f"{report}{page}")
    hold_against(options.gate, gated_numbers(report))


def hold_against(gate: "Gate | None", numbers: "GatedNumbers", whose: str = "") -> None:
    """Hold an audit's numbers against a gate, where there is one.

    Raises:
        GateError: If the gate is broken.
    """
    from qiskit_qmu.evaluation import GateError  # (slow to load)

    breaches = () if gate is None else gate.breaches(numbers)
    if breaches:
        raise GateError(f"{whose and f'{whose}: '}the gate is not passed: {'; '.join(breaches)}")
