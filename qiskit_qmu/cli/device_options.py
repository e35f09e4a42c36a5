"""Options of the device on which circuits run, the same for all commands."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.option_fields import help_of
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.cli import option_types

if TYPE_CHECKING:
    from qiskit_qmu.backends import Backend

DEVICES = "aer, fake_<device> such as fake_torino, ibm_<device>, or ibm:least_busy"
BACKENDS = f"exact, {DEVICES}"

DEVICE_OPTIONS = {
    own.name: own for own in fields(DeviceOptions) if own.metadata["metavar"] is not None
}
"""Fields of `DeviceOptions` that are options of the command line, by name."""


def add_device_options(
    parser: argparse.ArgumentParser, purpose: str, *, backends: str = BACKENDS, **backend: Any
) -> argparse._ArgumentGroup:
    """Add the options of a device, except the shots.

    Args:
        parser: The command's parser.
        purpose: What the device is used for.
        backends: Which backends can be named.
        backend: Arguments of ``--backend`` for argparse, such as a default.

    Returns:
        The group of options, to add more.
    """
    group = parser.add_argument_group("device")
    group.add_argument(
        "--backend",
        type=option_types.backend,
        metavar="NAME",
        help=f"{purpose}: {backends}",
        **backend,
    )
    group.add_argument(
        "--mitigation",
        metavar="NAME",
        help="readout: correct results for independent readout errors of each qubit",
    )
    for name, own in DEVICE_OPTIONS.items():
        option, text = f"--{name.replace('_', '-')}", help_of(own)
        if own.metadata["parse"] is bool:
            group.add_argument(option, action="store_true", default=None, help=text)
        else:
            about = {"type": own.metadata["parse"], "metavar": own.metadata["metavar"]}
            group.add_argument(option, **about, help=text)
    return group


def add_shots(parser: Any) -> None:
    """Add the number of shots, for commands that also support exact values."""
    parser.add_argument(
        "--shots",
        type=option_types.count,
        metavar="N",
        help="shots of each circuit (exact values)",
    )


def add_budget(parser: Any, of: str = "") -> None:
    """Add a budget of QPU seconds, in total or per item."""
    text = f"budget of QPU seconds {of}".strip() + "; no job that would exceed it is sent"
    parser.add_argument("--max-qpu-seconds", type=option_types.positive, metavar="S", help=text)


def device_options_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the options of `open_backend` that were given, except shots and seed.

    Raises:
        InputError: If the mitigation is unknown or does not apply to the backend.
    """
    from qiskit_qmu.backends import mitigation_options  # (help must not load it)

    named = {name: getattr(options, name) for name in DEVICE_OPTIONS}
    given = {name: value for name, value in named.items() if value is not None}
    return given | mitigation_options(options.mitigation, options.backend)


def backend_of(options: argparse.Namespace) -> "Backend | None":
    """Open the backend given by options; None without one.

    Raises:
        InputError: If there is no such backend, or its options are given without one.
    """
    from qiskit_qmu._seeds import child_seed  # (help must load neither)
    from qiskit_qmu.backends import open_backend

    if options.backend is None:
        for name in ("shots", "mitigation", "max_qpu_seconds", *DEVICE_OPTIONS):
            value = getattr(options, name)
            if value is not None:
                raise InputError(f"--{name.replace('_', '-')} {value} needs a --backend")
        return None
    given = device_options_of(options)
    if options.max_qpu_seconds is not None:
        given["max_qpu_seconds"] = options.max_qpu_seconds
    # Commands on one saved model, such as unlearning and its oracle, use independent shots.
    purpose = [options.command, Path(options.model).name, getattr(options, "strategy", None) or ""]
    seed = child_seed(options.seed, *purpose)
    return open_backend(options.backend, shots=options.shots, seed=seed, **given)
