"""Unlearn rows from a saved model and save the result; strategy "oracle" retrains without them."""

import argparse
from contextlib import nullcontext
from typing import TYPE_CHECKING

from qiskit_qmu.cli.device_options import add_budget, add_device_options, add_shots, backend_of
from qiskit_qmu.cli.forget_options import add_forget_options, print_notes, required_forget_request
from qiskit_qmu.cli.options import (
    add_saved_model,
    add_seed,
    add_setting_options,
    add_strategy,
    add_strength,
    settings_of,
)
from qiskit_qmu.cli.result import add_result_options, print_result, refuse_occupied, remark
from qiskit_qmu.cli.row_source import add_row_source, row_source_of

if TYPE_CHECKING:
    from qiskit_qmu.backends import Backend
    from qiskit_qmu.data import ForgetRequest

SUMMARY = "unlearn rows from a saved model"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_saved_model(parser, "folder that `qmu train` wrote")
    add_strategy(parser)
    parser.add_argument("--out", required=True, metavar="NEW", help="folder of the new model")
    add_seed(parser)
    device = add_device_options(parser, "where gradients are measured")
    add_shots(device)
    add_budget(device)
    add_row_source(parser)
    add_forget_options(parser, how_many="exactly one")
    add_setting_options(parser, shortcuts=False, config=False)
    add_strength(parser)
    add_result_options(parser, dry_run=True, overwrites="a model")


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    refuse_occupied(options, options.out, "model.json")
    request = required_forget_request(options)
    from qiskit_qmu.experiments import unlearn_saved, writable_folder  # (slow to load)

    device = backend_of(options)
    if options.dry_run:
        _say_what_it_takes(options, request, device)
        return
    with writable_folder(options.out) as folder, device or nullcontext():
        result = unlearn_saved(
            options.model,
            request,
            options.strategy,
            folder,
            settings=settings_of(options),
            source=row_source_of(options),
            seed=options.seed,
            backend=device,
        )
    options.written = options.out
    usage = result.usage
    shots = None if device is None else device.shots
    content = {
        "model": options.out,
        "strategy": options.strategy,
        "stopped": result.stopped,
        "reason": result.reason,
        "changed": result.changed,
        "strength": None if result.choice is None else result.choice.to_dict(),
        "notes": list(result.notes),
        "largest_change": result.largest_change,
        "usage": usage.to_dict(),
        "shots_of_each_circuit": shots,
        "seconds": result.seconds,
    }
    where = "" if device is None else f" on {device.name} with {_shots_text(shots)}"
    text = (
        f"{options.out}: {options.strategy} took {usage.gradient_evaluations:,} gradient "
        f"evaluations, {usage.circuits:,} circuits{where}, {result.seconds:.1f} s"
    )
    if not result.changed:
        text = (
            f"{options.out}: nothing was changed by {options.strategy}, every weight is as in "
            f"{options.model}: {result.reason}"
        )
    print_result(options, content, text)
    print_notes(options, result.notes)
    if result.choice is not None:
        remark(options, f"strength: {result.choice}")
    if not result.changed and options.strategy != "noop":
        remark(options, f"{options.strategy} changed nothing: {result.reason}")


def _say_what_it_takes(
    options: argparse.Namespace, request: "ForgetRequest", device: "Backend | None"
) -> None:
    """Say what a rehearsal on the exact simulator takes."""
    from qiskit_qmu.backends import ExactBackend  # (help must not load it)
    from qiskit_qmu.experiments import cost_rows, saved_workloads

    work = saved_workloads(
        options.model,
        request,
        methods=[options.strategy],
        settings=settings_of(options),
        rule=None if device is None else device.rule,
        source=row_source_of(options),
        seed=options.seed,
        only_methods=True,
    )
    shown = device or ExactBackend()
    (row,) = cost_rows(work, shown, [shown.shots], max_qpu_seconds=options.max_qpu_seconds)
    content = {
        "strategy": options.strategy,
        "forgotten": work.forgotten,
        "notes": list(work.notes),
        **row,
    }
    print_result(
        options,
        content,
        f"{options.strategy} would forget {work.forgotten}: {row['circuits']:,} circuits (at most "
        f"{row['most_circuits']:,}) on {shown.name} with {_shots_text(shown.shots)}, "
        f"{row['qpu_seconds']:,.0f} QPU seconds; nothing was run or written",
    )
    print_notes(options, work.notes)


def _shots_text(shots: int | None) -> str:
    return "exact values" if shots is None else f"{shots:,} shots each"


def when_stopped(_options: argparse.Namespace) -> str:
    """Return what happened to the model."""
    return "nothing was saved"
