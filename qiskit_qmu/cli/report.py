"""Write tables and a page over runs and sweeps, or rewrite the report of one run.

Of one `qmu run` its report.html is rewritten, of one `qmu sweep` its sweep.html. Several folders
are put together: methods beside original and oracle, averaged over seeds, in a group for each
combination of the settings that vary between them. The output folder then holds tables.html,
tables.md, tables.tex (for LaTeX with booktabs) and tables.csv.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qiskit_qmu._check import InputError
from qiskit_qmu._files import reading, write_file
from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.result import add_result_options, print_result

if TYPE_CHECKING:
    from qiskit_qmu.report import ResultTables

SUMMARY = "write tables and a page over runs and sweeps"

_FORMATS = ("text", "markdown", "latex", "csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "results",
        type=option_types.folder,
        metavar="DIR",
        nargs="+",
        help="folder that `qmu run` or `qmu sweep` wrote",
    )
    group = parser.add_argument_group("report")
    group.add_argument(
        "--out",
        metavar="DIR",
        help="folder of the tables, which are overwritten there (of several DIR: qmu-report)",
    )
    group.add_argument(
        "--format", choices=_FORMATS, help="how the table is printed here (default: text)"
    )
    add_result_options(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    folders = [Path(each) for each in options.results]
    for folder in folders:  # before what is slow to load
        if not (folder / "cells").is_dir() and not (folder / "results.json").exists():
            raise InputError(f"{folder} holds neither a run nor a sweep")
    is_alone = len(folders) == 1 and options.out is None
    if is_alone and not (folders[0] / "cells").is_dir() and options.format is None:
        _report_run(options, folders[0])
        return
    from qiskit_qmu.experiments import tabulate  # (help must not load it)

    tables = tabulate(folders)
    if is_alone:
        page = _rewrite_sweep(folders[0], tables)
    else:
        page = tables.write(options.out or "qmu-report")
    options.written = page
    content = {"out": None if page is None else str(page.parent), "rows": tables.to_rows()}
    print_result(options, content, lambda: _printed(options.format or "text", tables, page))


def _rewrite_sweep(folder: Path, tables: "ResultTables") -> Path | None:
    """Write the page of a sweep; of a run, whose table is only printed, nothing."""
    if not (folder / "cells").is_dir():
        return None
    page = folder / "sweep.html"
    write_file(page, tables.to_html())
    return page


def _printed(form: str, tables: "ResultTables", page: Path | None) -> str:
    written = {
        "text": tables.to_text,
        "markdown": tables.to_markdown,
        "latex": tables.to_latex,
        "csv": tables.to_csv,
    }
    text = written[form]()
    if form != "text":
        return text.removesuffix("\n")
    return text if page is None else f"{text}\n\n{page}"


def _report_run(options: argparse.Namespace, folder: Path) -> None:
    from qiskit_qmu.experiments import write_report
    from qiskit_qmu.experiments.method_comparison.run_folder import kept_run
    from qiskit_qmu.report import text_table

    experiment, evidence, records = kept_run(folder)
    if not records:
        raise InputError(f"{folder} has no records of a run")
    with reading(folder / "records.jsonl", "records of a run"):
        write_report(folder / "report.html", experiment, records, evidence)
        table = text_table([record.row for record in records], kind=experiment.kind)
    options.written = folder / "report.html"
    rows = [record.row for record in records]
    shown: dict[str, Any] = {"out": str(folder), "config": experiment.to_dict(), "rows": rows}
    print_result(options, shown, f"{table}\n\n{folder / 'report.html'}")
