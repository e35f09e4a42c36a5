"""Audit recorded outputs: of a hardware run, of another framework, of a service.

FILE is an NPZ file of arrays, or a CSV or Parquet table with a line for each row of data:

  label              the true class: a number, or a name
  member             1 for rows that the model was trained on, 0 for others; or
  part               forget, retain, test
  logit_0, …         outputs of the audited model: logit_…, probability_… (a single one is that of
                     class 1), expectation_… (of one <Z>, class 1 has the probability (1 + <Z>)/2),
                     count_… by class or bitstring, counts ({"00": 517, "11": 507}), or loss
  oracle_logit_0, …  those of a retrained model; original_… of the model before unlearning
  id, shots          optional: what a row is called, and the shots of a circuit

In an NPZ file the arrays are called labels, member, part, ids, shots, logits, probabilities,
expectations, counts, losses, and oracle_logits and so on, with one entry for each row.
"""

import argparse
from contextlib import nullcontext

from qiskit_qmu.cli.audit_options import add_audit_options, tell
from qiskit_qmu.cli.options import add_seed
from qiskit_qmu.cli.result import add_result_options, refuse_occupied

SUMMARY = "audit recorded outputs, without a model"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("file", metavar="FILE", help="NPZ, CSV or Parquet file of the outputs")
    parser.add_argument(
        "--interpret",
        choices=("index", "parity", "modulo"),
        default="index",
        help="class of an outcome: its number, its parity, or its number modulo the classes "
        "(index)",
    )
    parser.add_argument(
        "--kind",
        choices=("class", "instances"),
        help="what was forgotten; default: a class where no retained row is of the forgotten rows' "
        "one class",
    )
    add_audit_options(parser)
    add_seed(parser)
    add_result_options(parser, overwrites="an audit")


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    refuse_occupied(options, options.out, "audit.json")
    from qiskit_qmu.auditing import audit_arrays  # (help must not load it)
    from qiskit_qmu.experiments import writable_folder

    out = nullcontext() if options.out is None else writable_folder(options.out)
    with out as folder:
        report = audit_arrays(
            options.file, interpret=options.interpret, kind=options.kind, seed=options.seed
        )
        tell(options, report, folder)
