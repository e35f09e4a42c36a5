"""Estimate the cost of work on a saved model on a device, before anything is sent.

The table has rows for training, each unlearning method, observation, and an audit with original and
oracle. "QPU seconds" are IBM's rule of thumb: 2 s per job and 0.35 ms per execution (circuits times
shots); "scheduled" uses the gate durations of --backend. Training and unlearning are rehearsed on
the exact simulator: methods with data-dependent stopping may need fewer or more circuits under
noise, up to the column "at most". Fake backends such as fake_torino accept jobs of any size;
--max-executions-per-job 10000000 splits them as for IBM's devices.
"""

import argparse
from typing import TYPE_CHECKING

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import write_json
from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.device_options import add_device_options, device_options_of
from qiskit_qmu.cli.forget_options import add_forget_options, forget_request_of, print_notes
from qiskit_qmu.cli.options import (
    add_saved_model,
    add_seed,
    add_setting_options,
    add_strength,
    settings_of,
)
from qiskit_qmu.cli.result import add_result_options, print_result, refuse_file
from qiskit_qmu.cli.row_source import add_row_source, row_source_of

if TYPE_CHECKING:
    from qiskit_qmu.backends import Backend

SUMMARY = "estimate the cost of work on a saved model on a device"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_saved_model(parser, "folder that `qmu train` wrote")
    parser.add_argument(
        "--methods",
        type=option_types.methods,
        metavar="A,B,…",
        help="see `qmu list methods` (those of the QMU paper)",
    )
    parser.add_argument(
        "--rows", type=option_types.count, metavar="N", help="rows to observe (all of its data)"
    )
    add_seed(parser)
    parser.add_argument("--out", metavar="FILE", help="also write the table to a JSON file")
    device = add_device_options(
        parser,
        "device with the gate durations to use; exact has none",
        default="exact",
    )
    device.add_argument(
        "--shots",
        metavar="N,M,…",
        default="256,1024,4096",
        help="shots of each circuit (%(default)s)",
    )
    device.add_argument(
        "--max-qpu-seconds",
        type=option_types.positive,
        metavar="S",
        help="budget to compare each row with",
    )
    add_row_source(parser)
    add_forget_options(parser)
    add_setting_options(parser, shortcuts=False, config=False)
    add_strength(parser)
    add_result_options(parser, overwrites="the file")


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    refuse_file(options)
    shots, request = _shots(options.shots), forget_request_of(options)
    from qiskit_qmu.experiments import cost_rows, saved_workloads  # (slow to load)
    from qiskit_qmu.report import cost_table
    from qiskit_qmu.unlearning import DEFAULT_METHODS

    with _backend(options, shots) as device:
        workloads = saved_workloads(
            options.model,
            request,
            methods=options.methods or ["noop", *DEFAULT_METHODS],
            rows=options.rows,
            settings=settings_of(options),
            rule=device.rule,
            source=row_source_of(options),
            seed=options.seed,
        )
        rows = cost_rows(workloads, device, shots, max_qpu_seconds=options.max_qpu_seconds)
    content = {
        "schema": 1,
        "model": str(options.model),
        "backend": options.backend,
        "gradient": options.gradient or "parameter-shift",
        "forgotten": workloads.forgotten,
        "observed_rows": workloads.observed_rows,
        "notes": list(workloads.notes),
        "max_qpu_seconds": options.max_qpu_seconds,
        "rows": rows,
    }
    if options.out is not None:
        write_json(options.out, content)
        options.written = options.out
    head = (
        f"{options.model} on {device.name}: forgets {workloads.forgotten}, observes "
        f"{workloads.observed_rows}, gradients by {content['gradient']}"
    )
    budget = ""
    if options.max_qpu_seconds is not None:
        budget = f"\n\nbudget: {options.max_qpu_seconds:,g} QPU seconds for each row"
    print_result(options, content, lambda: f"{head}\n\n{cost_table(rows)}{budget}")
    print_notes(options, workloads.notes)


def _shots(text: str) -> list[int]:
    try:
        shots = [option_types.integer(word.strip()) for word in text.split(",")]
    except ValueError as error:
        raise InputError(f"--shots must be integers separated by commas, got {text!r}") from error
    for number in shots:
        _check.at_least(1, shots=number)
    return shots


def _backend(options: argparse.Namespace, shots: list[int]) -> "Backend":
    """Open the device; for the exact backend only the gradient rule matters."""
    from qiskit_qmu._seeds import stream  # (help must not load it)
    from qiskit_qmu.backends import ExactBackend, make_rule, open_backend

    given = device_options_of(options)
    if options.backend == "exact" and given.keys() <= {"gradient"}:
        rule = make_rule(options.gradient or "parameter-shift", stream(options.seed, "directions"))
        return ExactBackend(rule=rule)
    return open_backend(options.backend, shots=shots[0], seed=options.seed, **given)
