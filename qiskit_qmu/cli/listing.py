"""List what can be named on the command line: datasets, models, methods, backends, settings."""

import argparse

from qiskit_qmu import _check

SUMMARY = "list datasets, models, methods, backends and settings"

_SUBJECTS = ("datasets", "models", "methods", "backends", "settings")
_DETAILS = ("devices",)
"""What is listed only when it is asked for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "subject", nargs="?", metavar="SUBJECT", help=", ".join((*_SUBJECTS, *_DETAILS))
    )


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    if options.subject is not None:
        _check.one_of((*_SUBJECTS, *_DETAILS), subject=options.subject)
    for subject in _SUBJECTS if options.subject is None else (options.subject,):
        print(f"{subject}:")
        for line in _lines(subject):
            print(f"  {line}")


def _lines(subject: str) -> list[str]:
    from qiskit_qmu.data import DATASET_NAMES  # (help must not load it)

    if subject == "datasets":
        return list(DATASET_NAMES)
    if subject == "models":
        return ["basic", "hybrid"]
    if subject in ("backends", "devices"):
        from qiskit_qmu.backends.devices.local import fake_device_names

        names = list(fake_device_names())
        return names if subject == "devices" else _backends(len(names))
    from qiskit_qmu.experiments import METHODS, Experiment
    from qiskit_qmu.report.methods import what_it_does

    if subject == "methods":
        return [f"{name:8s}{what_it_does(name)}" for name in METHODS]
    preset = Experiment().preset(num_features=64)
    stages = {"model": preset.model, "trainer": preset.trainer, **preset.strategies}
    return [
        f"{stage}.{name} = {value}"
        for stage, values in stages.items()
        for name, value in values.items()
    ]


def _backends(devices: int) -> list[str]:
    texts = {
        "exact": "statevectors, with shots if asked for",
        "aer": "Qiskit Aer",
        "fake_<device>": f"one of {devices} of IBM's devices, simulated, such as fake_manila with "
        "5 qubits or fake_torino with 133; `qmu list devices` names all",
        "ibm_<device>": "one of IBM's devices, with an account",
        "ibm:least_busy": "the one of them with the shortest queue",
    }
    return [f"{name:16s}{text}" for name, text in texts.items()]
