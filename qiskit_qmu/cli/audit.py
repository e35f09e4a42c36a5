"""Audit a saved unlearned model against its original and a retrained oracle.

`qmu audit arrays` audits recorded outputs, `qmu audit weights` weights trained elsewhere, and
`qmu audit power` says what an audit can show (a folder of such a name is ./arrays).
"""

import argparse
from contextlib import nullcontext

from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.audit_options import add_audit_options, tell
from qiskit_qmu.cli.device_options import add_budget, add_device_options, add_shots, backend_of
from qiskit_qmu.cli.options import (
    add_original,
    add_saved_model,
    add_seed,
)
from qiskit_qmu.cli.result import add_result_options, refuse_occupied
from qiskit_qmu.cli.row_source import add_row_source, row_source_of
from qiskit_qmu.cli.shadow_options import add_shadow_options, shadow_request_of
from qiskit_qmu.runs.display import progress_display

SUMMARY = "audit a saved unlearned model"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_saved_model(parser, "folder that `qmu unlearn` wrote", metavar="NEW")
    add_original(parser)
    parser.add_argument(
        "--oracle",
        type=option_types.saved_model,
        metavar="ORACLE",
        help="folder that `qmu unlearn … --strategy oracle` wrote",
    )
    parser.add_argument(
        "--attacks",
        type=option_types.attacks,
        default=(),
        metavar="A,B,…",
        help="further attacks, separated by commas, such as mia_auc_entropy; see `qmu list "
        "attacks` (none)",
    )
    add_audit_options(parser)
    add_seed(parser)
    device = add_device_options(parser, "where the models are observed")
    add_shots(device)
    add_budget(device)
    add_row_source(parser)
    add_shadow_options(parser)
    add_result_options(parser, overwrites="an audit")


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.experiments import audit_saved, writable_folder  # (help must not load it)

    refuse_occupied(options, options.out, "audit.json")
    device = backend_of(options)
    out = nullcontext() if options.out is None else writable_folder(options.out)
    show = progress_display(quiet=options.quiet or not (options.shadows or options.oracles))
    with out as folder, device or nullcontext(), show as progress:
        report = audit_saved(
            options.model,
            original=options.original,
            oracle=options.oracle,
            oracles=options.oracles,
            shadows=shadow_request_of(options, folder),
            attacks=options.attacks,
            source=row_source_of(options),
            seed=options.seed,
            backend=device,
            progress=progress,
        )
        tell(options, report, folder)
