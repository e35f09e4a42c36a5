"""Say what work on a saved model would cost on a device, before anything is sent.

Rows: train it, each unlearning method, observe it, and attack it beside original and oracle.
"QPU seconds" follow IBM's quick formula, 2 s a job and 0.35 ms an execution (circuits times shots);
"scheduled" follows the durations of the device that --backend names. Training and unlearning are
rehearsed on the exact simulator: what stops by what it measures may take fewer or more circuits
among noise, "at most" those of its column. A likeness such as fake_torino takes jobs of any size;
--max-executions-per-job 10000000 cuts them as IBM's devices do.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import write_json
from qiskit_qmu.cli.device_options import add_device_options, device_options_of
from qiskit_qmu.cli.numbers import integer
from qiskit_qmu.cli.options import (
    add_data_dir,
    add_forget_options,
    add_setting_options,
    forget_request_of,
    names_rows_to_forget,
    settings_of,
)

if TYPE_CHECKING:
    from qiskit_qmu.backends import Backend

SUMMARY = "what work on a saved model would cost on a device"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("model", metavar="MODEL", help="folder that `qmu train` wrote")
    parser.add_argument("--methods", metavar="A,B,…", help="see `qmu list strategies` (all)")
    parser.add_argument("--rows", type=int, metavar="N", help="rows to observe (all of its data)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random")
    parser.add_argument("--json", metavar="FILE", help="also write the table there")
    device = add_device_options(parser, "whose times to use; exact has none", default="exact")
    device.add_argument(
        "--shots",
        metavar="N,M,…",
        default="256,1024,4096",
        help="shots of each circuit (%(default)s)",
    )
    device.add_argument(
        "--max-qpu-seconds", type=float, metavar="S", help="budget of each row, whose state is told"
    )
    add_data_dir(parser)
    add_forget_options(parser)
    add_setting_options(parser, shortcuts=False, config=False)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.experiments import cost_rows, plan_saved  # (help must not load it)
    from qiskit_qmu.report import cost_table
    from qiskit_qmu.unlearning import METHODS

    _check_early(options)
    methods = [*METHODS] if options.methods is None else _words(options.methods)
    for method in methods:
        _check.one_of([*METHODS], method=method)
    shots = _shots(options.shots)
    with _backend(options, shots) as backend:
        plan = plan_saved(
            options.model,
            forget_request_of(options) if names_rows_to_forget(options) else None,
            methods=methods,
            rows=options.rows,
            settings=settings_of(options),
            rule=backend.rule,
            data_dir=options.data_dir,
            seed=options.seed,
        )
        rows = cost_rows(plan, backend, shots, max_qpu_seconds=options.max_qpu_seconds)
    if options.json is not None:
        _write(options, rows)
        options.written = options.json
    print(
        f"{options.model} on {backend.name}: forgets {plan.forgotten_rows} rows, observes "
        f"{plan.observed_rows}, gradients by {options.gradient or 'parameter-shift'}\n"
    )
    print(cost_table(rows))
    if options.max_qpu_seconds is not None:
        print(f"\nbudget: {options.max_qpu_seconds:,g} QPU seconds of each row")


def _check_early(options: argparse.Namespace) -> None:
    """Raise InputError for what would be refused only after the work was rehearsed."""
    _check.at_least(0, seed=options.seed)
    if options.max_qpu_seconds is not None:
        _check.positive(max_qpu_seconds=options.max_qpu_seconds)
    if options.json is not None and not Path(options.json).parent.is_dir():
        raise InputError(f"{options.json} must be a file in a folder that is there, got none")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _shots(text: str) -> list[int]:
    try:
        shots = [integer(word) for word in _words(text)]
    except ValueError as error:
        raise InputError(f"shots must be integers parted by commas, got {text!r}") from error
    for number in shots:
        _check.at_least(1, shots=number)
    return shots


def _backend(options: argparse.Namespace, shots: list[int]) -> "Backend":
    """Open the device; the exact backend only follows its gradient rule."""
    from qiskit_qmu._seeds import stream  # (help must not load it)
    from qiskit_qmu.backends import ExactBackend, make_rule, open_backend

    given = device_options_of(options)
    if options.backend == "exact" and given.keys() <= {"gradient"}:
        rule = make_rule(options.gradient or "parameter-shift", stream(options.seed, "directions"))
        return ExactBackend(rule=rule)
    return open_backend(options.backend, shots=shots[0], seed=options.seed, **given)


def _write(options: argparse.Namespace, rows: list[dict[str, Any]]) -> None:
    content = {
        "schema": 1,
        "model": options.model,
        "backend": options.backend,
        "gradient": options.gradient or "parameter-shift",
        "max_qpu_seconds": options.max_qpu_seconds,
        "rows": rows,
    }
    write_json(options.json, content)
