"""Send work on saved models to a device, as a run in a folder that can be picked up at any time.

observe   what a model answers on its rows
attack    an unlearned model beside its original, and the oracle if there is one
unlearn   rows from a model, with every circuit of the strategy on the device

Jobs that can be sent are sent, and the command returns: `qmu status` looks at them, `qmu resume`
goes on. Without an account of IBM's, a fake device such as fake_manila shows how it works.
"""

import argparse
from typing import Any

from qiskit_qmu.cli.options import (
    BACKENDS,
    add_data_dir,
    add_forget_options,
    add_mitigation,
    add_setting_options,
    parse_indices,
    settings_of,
)
from qiskit_qmu.cli.run_messages import jobs_shown, print_status

SUMMARY = "send work on saved models to a device, to be picked up later"

DEVICE_OPTIONS = {
    "gradient": (str, "RULE", "parameter-shift, or the cheap and rough spsa"),
    "optimization_level": (int, "N", "of the transpiler, 0 to 3 (3)"),
    "max_executions_per_job": (int, "N", "circuits times shots of one job"),
    "mode": (str, "MODE", "of IBM's devices: job, batch or session (job)"),
    "max_time": (str, "TIME", "longest life of a batch or session, such as 2h"),
    "instance": (str, "NAME", "instance of IBM's account"),
    "dynamical_decoupling": (str, "SEQUENCE", "pulses on idle qubits: XX, XpXm or XY4"),
    "resilience_level": (int, "N", "expectation values of IBM's Estimator, mitigated: 0, 1 or 2"),
    "max_execution_time": (int, "S", "most QPU seconds of one job"),
}
"""Options of the backend by name: type, metavar, help."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("task", choices=("observe", "attack", "unlearn"), help="what to do")
    parser.add_argument("model", metavar="MODEL", help="folder of a saved model")
    parser.add_argument("--out", required=True, metavar="RUN", help="folder of the run, new")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random")
    device = parser.add_argument_group("device")
    device.add_argument("--backend", required=True, metavar="NAME", help=BACKENDS)
    device.add_argument("--shots", type=int, default=1024, help="shots of each circuit (1024)")
    for name, (kind, metavar, text) in DEVICE_OPTIONS.items():
        device.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar=metavar, help=text)
    add_mitigation(device)
    add_policy_options(parser)
    observe = parser.add_argument_group("observe")
    observe.add_argument("--rows", default="test", help="train, test or all rows (test)")
    attack = parser.add_argument_group("attack")
    attack.add_argument("--original", metavar="MODEL", help="the model before unlearning")
    attack.add_argument("--oracle", metavar="MODEL", help="a model retrained without the rows")
    unlearn = parser.add_argument_group("unlearn")
    unlearn.add_argument("--strategy", help="see `qmu list methods`")
    add_forget_options(parser)
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
    group.add_argument(
        "--max-qpu-seconds", type=float, metavar="S", help="send nothing beyond so many QPU seconds"
    )


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.backends.jobs import JobPolicy  # (help must not load it)
    from qiskit_qmu.experiments import DeviceRequest, submit

    indices = options.forget_indices
    request = DeviceRequest(
        task=options.task,
        backend=options.backend,
        shots=options.shots,
        seed=options.seed,
        options=_device_options(options),
        rows=options.rows,
        strategy=options.strategy,
        settings=settings_of(options),
        label=options.forget_class,
        fraction=options.forget_fraction,
        indices=None if indices is None else parse_indices(indices),
        data_dir=options.data_dir,
    )
    named = {"model": options.model, "original": options.original, "oracle": options.oracle}
    models = {name: path for name, path in named.items() if path is not None}
    policy = JobPolicy(wait=options.wait, max_qpu_seconds=options.max_qpu_seconds)
    with jobs_shown():
        status = submit(request, models, options.out, policy=policy)
    print_status(status)


def _device_options(options: argparse.Namespace) -> dict[str, Any]:
    from qiskit_qmu.backends import mitigation_options  # (help must not load it)

    given = {name: getattr(options, name) for name in DEVICE_OPTIONS}
    given |= mitigation_options(options.mitigation, options.backend)
    return {name: value for name, value in given.items() if value is not None}
