"""Audit weights that were trained and unlearned elsewhere, without saving a model first.

All files hold the state dict of a module that the factory of --model makes: what
torch.save(module.state_dict(), FILE) wrote, or a .safetensors file. The rows are those of
--dataset; --scale none where the module was trained on them as they are. What is to be done with
the model afterwards, `qmu import` keeps it for.
"""

import argparse
from contextlib import nullcontext

from qiskit_qmu.cli.audit_options import add_audit_options, tell
from qiskit_qmu.cli.forget_options import add_forget_options
from qiskit_qmu.cli.options import add_data_options, add_setting_options, make_experiment
from qiskit_qmu.cli.result import add_result_options, refuse_occupied

SUMMARY = "audit weights trained elsewhere, in a module of a factory"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("weights", metavar="WEIGHTS", help="state dict of the audited module")
    parser.add_argument("--original", metavar="FILE", help="the state dict before unlearning")
    parser.add_argument(
        "--oracle", metavar="FILE", help="that of a module retrained without the forgotten rows"
    )
    add_audit_options(parser)
    add_data_options(parser)
    add_forget_options(parser)
    add_setting_options(parser, shortcuts=False)
    add_result_options(parser, overwrites="an audit")


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    refuse_occupied(options, options.out, "audit.json")
    if options.validation_fraction is None:
        options.validation_fraction = 0.0  # (what was held out elsewhere is not among these rows)
    experiment = make_experiment(options)
    from qiskit_qmu.experiments import audit_weights, writable_folder  # (help must not load it)

    out = nullcontext() if options.out is None else writable_folder(options.out)
    with out as folder:
        report = audit_weights(
            experiment,
            options.weights,
            original=options.original,
            oracle=options.oracle,
            data_dir=options.data_dir,
        )
        tell(options, report, folder)
