"""Submit work on saved models to a device, as a run in a folder that can be resumed at any time.

On IBM's devices the first jobs are sent, and the command returns: `qmu status` shows them, `qmu
resume` fetches their results and sends the next ones. With --wait it stays in the foreground until
the result is available. Fake backends such as fake_manila need no account; they run on this
machine, so the command stays in the foreground while their jobs run.
"""

import argparse
from collections.abc import Collection
from pathlib import Path
from typing import Any, get_args

from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.device_options import DEVICES, add_budget, add_device_options, device_options_of
from qiskit_qmu.cli.forget_options import add_forget_options, required_forget_request
from qiskit_qmu.cli.options import (
    add_original,
    add_saved_model,
    add_seed,
    add_setting_options,
    add_strategy,
    add_strength,
    settings_of,
)
from qiskit_qmu.cli.result import add_result_options, print_result
from qiskit_qmu.cli.row_source import add_row_source, row_source_of
from qiskit_qmu.cli.run_messages import jobs_shown, status_text
from qiskit_qmu.runs.rebuilding import REQUEST

SUMMARY = "submit work on saved models to a device"


@option_types.choice
def _rows() -> Collection[str]:
    from qiskit_qmu.runs.request import SavedRows  # (help must not load it)

    return get_args(SavedRows)


_TASKS = {
    "observe": "outputs of a model on its rows",
    "attack": "audit of an unlearned model against its original and, if given, the oracle",
    "unlearn": "unlearning with every circuit of the strategy on the device",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a subcommand for each task, with its own options."""
    tasks = parser.add_subparsers(dest="work", required=True, metavar="TASK")
    for task, text in _TASKS.items():
        _add_task_arguments(tasks.add_parser(task, help=text, description=text), task)


def _add_task_arguments(parser: argparse.ArgumentParser, task: str) -> None:
    add_saved_model(parser, "folder of a saved model")
    parser.add_argument("--out", required=True, metavar="RUN", help="new folder of the run")
    if task == "observe":
        parser.add_argument(
            "--rows", type=_rows, default="test", metavar="ROWS", help="train, test or all (test)"
        )
    if task == "attack":
        add_original(parser)
        parser.add_argument(
            "--oracle",
            type=option_types.saved_model,
            metavar="MODEL",
            help="a model retrained without the rows",
        )
    if task == "unlearn":
        add_strategy(parser)
    add_seed(parser)
    device = add_device_options(parser, "where circuits run", backends=DEVICES, required=True)
    device.add_argument(
        "--shots",
        type=option_types.count,
        default=1024,
        metavar="N",
        help="shots of each circuit (1024)",
    )
    add_policy_options(parser)
    if task == "unlearn":
        add_forget_options(parser, how_many="exactly one")
        add_setting_options(parser, shortcuts=False, config=False)
        add_strength(parser)
    add_row_source(parser)
    add_result_options(parser, dry_run=True)


def add_policy_options(parser: argparse.ArgumentParser, *, wait: bool = False) -> None:
    """Add whether to wait for jobs, and what they may cost."""
    group = parser.add_argument_group("jobs")
    group.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=wait,
        help="stay in the foreground until the result is available",
    )
    add_budget(group)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    own = _own_fields(options)  # (check early)
    from qiskit_qmu.backends.jobs import JobPolicy
    from qiskit_qmu.experiments import DeviceRequest, submission_plan, submit

    shared = {
        "backend": options.backend,
        "shots": options.shots,
        "seed": options.seed,
        "options": device_options_of(options),
        "source": row_source_of(options),
    }
    request = DeviceRequest(task=options.work, **shared, **own)
    named = {name: getattr(options, name, None) for name in ("model", "original", "oracle")}
    models = {name: path for name, path in named.items() if path is not None}
    policy = JobPolicy(wait=options.wait, max_qpu_seconds=options.max_qpu_seconds)
    if options.dry_run:
        plan = submission_plan(request, models, options.out, policy=policy)
        print_result(options, plan, lambda: _plan_text(plan))
        return
    with jobs_shown(quiet=options.quiet):
        status = submit(request, models, options.out, policy=policy)
    options.written = options.out
    print_result(options, status.to_dict(), lambda: status_text(status))


def _plan_text(plan: dict[str, Any]) -> str:
    return (
        f"{plan['task']} on {plan['backend']} with {plan['shots']:,} shots: {plan['circuits']:,} "
        f"circuits in {plan['jobs']:,} jobs, {plan['executions']:,} executions, "
        f"{plan['qpu_seconds']:,.0f} QPU seconds; nothing was sent or written"
    )


def when_stopped(options: argparse.Namespace) -> str:
    """Return advice for a stopped command."""
    if (Path(options.out) / REQUEST).exists():
        return f"resume with `qmu resume {options.out}`"
    return "nothing was submitted"


def _own_fields(options: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of the request that are specific to its task."""
    if options.work == "observe":
        return {"rows": options.rows}
    if options.work == "attack":
        return {}
    return {
        "strategy": options.strategy,
        "settings": settings_of(options),
        "forget": required_forget_request(options),
    }
