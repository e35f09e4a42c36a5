"""Send work on saved models to a device, as a run in a folder that can be picked up at any time.

Jobs that can be sent are sent, and the command returns: `qmu status` looks at them, `qmu resume`
goes on. Without an account of IBM's, a fake device such as fake_manila shows how it works.
"""

import argparse
from pathlib import Path
from typing import Any

from qiskit_qmu.cli.device_options import add_budget, add_device_options, device_options_of
from qiskit_qmu.cli.options import (
    add_data_dir,
    add_forget_options,
    add_setting_options,
    parse_indices,
    settings_of,
)
from qiskit_qmu.cli.run_messages import jobs_shown, print_status
from qiskit_qmu.runs.rebuilding import REQUEST

SUMMARY = "send work on saved models to a device, to be picked up later"


_TASKS = {
    "observe": "what a model answers on its rows",
    "attack": "an unlearned model beside its original, and the oracle if there is one",
    "unlearn": "rows from a model, with every circuit of the strategy on the device",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a command for each task, with the options of that task alone."""
    tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
    for task, text in _TASKS.items():
        _add_task_arguments(tasks.add_parser(task, help=text, description=text), task)


def _add_task_arguments(parser: argparse.ArgumentParser, task: str) -> None:
    parser.add_argument("model", metavar="MODEL", help="folder of a saved model")
    parser.add_argument("--out", required=True, metavar="RUN", help="folder of the run, new")
    if task == "observe":
        parser.add_argument("--rows", default="test", help="train, test or all rows (test)")
    if task == "attack":
        parser.add_argument(
            "--original", required=True, metavar="MODEL", help="the model before unlearning"
        )
        parser.add_argument("--oracle", metavar="MODEL", help="a model retrained without the rows")
    if task == "unlearn":
        parser.add_argument("--strategy", required=True, help="see `qmu list strategies`")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random")
    device = add_device_options(parser, "where circuits run", required=True)
    device.add_argument("--shots", type=int, default=1024, help="shots of each circuit (1024)")
    add_policy_options(parser)
    if task == "unlearn":
        add_forget_options(parser, how_many="exactly one")
        add_setting_options(parser, shortcuts=False, config=False)
    add_data_dir(parser)


def add_policy_options(parser: argparse.ArgumentParser, *, wait: bool = False) -> None:
    """Add how a run deals with its jobs."""
    group = parser.add_argument_group("jobs")
    group.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=wait,
        help="stay until all jobs are done and the result is there",
    )
    add_budget(group)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.backends.jobs import JobPolicy  # (help must not load it)
    from qiskit_qmu.experiments import DeviceRequest, submit

    shared = {
        "backend": options.backend,
        "shots": options.shots,
        "seed": options.seed,
        "options": device_options_of(options),
        "data_dir": options.data_dir,
    }
    request = DeviceRequest(task=options.task, **shared, **_own_fields(options))
    named = {name: getattr(options, name, None) for name in ("model", "original", "oracle")}
    models = {name: path for name, path in named.items() if path is not None}
    policy = JobPolicy(wait=options.wait, max_qpu_seconds=options.max_qpu_seconds)
    with jobs_shown():
        status = submit(request, models, options.out, policy=policy)
    options.written = options.out
    print_status(status)


def when_stopped(options: argparse.Namespace) -> str:
    """Say what to do after the command was stopped."""
    if (Path(options.out) / REQUEST).exists():
        return f"`qmu resume {options.out}` goes on"
    return "nothing was submitted"


def _own_fields(options: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of the request that its task alone has."""
    if options.task == "observe":
        return {"rows": options.rows}
    if options.task == "attack":
        return {}
    indices = options.forget_indices
    return {
        "strategy": options.strategy,
        "settings": settings_of(options),
        "label": options.forget_class,
        "fraction": options.forget_fraction,
        "indices": None if indices is None else parse_indices(indices),
    }
