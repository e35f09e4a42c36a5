"""List datasets, models, strategies, attacks, backends, devices, settings, columns and studies.

Without SUBJECT, names alone; with one, what each of them is. Settings are those of a run on
--dataset with --model: all values that --set can replace.
"""

import argparse
import inspect
import json
import math
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from qiskit_qmu import _check
from qiskit_qmu.cli.result import add_result_options, print_result

if TYPE_CHECKING:
    from qiskit_qmu.experiments import Experiment

SUMMARY = "list datasets, models, strategies, attacks, backends and settings"

_SUBJECTS = ("datasets", "models", "strategies", "attacks", "backends")
_DETAILS = ("settings", "devices", "columns", "reproductions")
"""Subjects listed only on request."""
SUBJECTS = (*_SUBJECTS, *_DETAILS)
_SYNONYMS = {"methods": "strategies"}
_WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("subject", nargs="?", metavar="SUBJECT", help=", ".join(SUBJECTS))
    group = parser.add_argument_group("settings to list")
    group.add_argument("--dataset", default="digits", metavar="NAME", help="dataset (%(default)s)")
    group.add_argument("--model", default="hybrid", metavar="NAME", help="model (%(default)s)")
    group.add_argument(
        "--kind", default="class", metavar="KIND", help="what is forgotten: class or instances"
    )
    add_result_options(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    subject = _SYNONYMS.get(options.subject, options.subject)
    if subject is not None:
        _check.one_of(SUBJECTS, subject=subject)
        lines = _lines(subject, options)
        indented = (textwrap.indent(line, "  ") for line in lines)
        print_result(options, {subject: lines}, "\n".join([f"{subject}:", *indented]))
        return
    names = {subject: _names(subject, options) for subject in _SUBJECTS}
    blocks = [f"{subject}:\n{_filled(own)}" for subject, own in names.items()]
    more = f"`qmu list SUBJECT` describes them; it also lists {', '.join(_DETAILS)}"
    print_result(options, names, "\n".join([*blocks, "", more]))


def _names(subject: str, options: argparse.Namespace) -> list[str]:
    if subject == "strategies":
        from qiskit_qmu.unlearning import METHODS  # (slow to load)

        return list(METHODS)
    return [line.split()[0] for line in _lines(subject, options)]


def _filled(names: list[str]) -> str:
    indent = "  "
    return textwrap.fill(
        ", ".join(names),
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _lines(subject: str, options: argparse.Namespace) -> list[str]:
    from qiskit_qmu.data import DATASET_NAMES  # (help must not load it)

    if subject == "datasets":
        return list(DATASET_NAMES)
    if subject == "models":
        return _models()
    if subject == "strategies":
        return _strategies()
    if subject == "attacks":
        return _attacks()
    if subject == "settings":
        return _settings(options)
    if subject == "columns":
        return _columns()
    if subject == "reproductions":
        return _reproductions()
    from qiskit_qmu.backends.devices.fake import fake_device_names

    names = list(fake_device_names())
    return names if subject == "devices" else _backends(len(names))


def _models() -> list[str]:
    texts = {
        "basic": "principal components of the rows, a QNN and a linear head",
        "hybrid": "a small convolutional or dense network, a QNN and a linear head",
        "package.module:factory": "your own: a function of input shape and number of classes that "
        "returns a torch module with TorchConnectors",
        "kernel-ridge": "least squares on a quantum kernel, which deletes rows exactly (qmu train)",
        "kernel-svm": "least-squares support vectors on a quantum kernel, likewise",
        "certified": "a frozen circuit with a convex head, which deletes within a budget",
    }
    return [f"{name:24s}{text}" for name, text in texts.items()]


def _columns() -> list[str]:
    from qiskit_qmu.report import column_lines

    return list(column_lines())


def _reproductions() -> list[str]:
    from qiskit_qmu.experiments import PROTOCOLS

    width = max(map(len, PROTOCOLS)) + 2
    lines = []
    for name, protocol in PROTOCOLS.items():
        forms = f"; --form {' or '.join(protocol.forms)}" if protocol.forms else ""
        lines.append(f"{name:{width}s}{protocol.summary} ({protocol.duration}{forms})")
    return lines


def _strategies() -> list[str]:
    from qiskit_qmu.unlearning import METHODS

    width = max(map(len, METHODS)) + 2
    lines = []
    for group in dict.fromkeys(method.group for method in METHODS.values()):
        members = {name: m.summary for name, m in METHODS.items() if m.group == group}
        lines += [f"{group}:", *(f"  {name:{width}s}{text}" for name, text in members.items())]
    return lines


def _attacks() -> list[str]:
    from qiskit_qmu.attacks import ATTACKS, REFERENCE_ATTACKS, needs_of

    texts = {key: (column.summary, str(column.needs)) for key, column in ATTACKS.items()}
    paper = "the QMU paper's network, trained on the original model's outputs"
    texts["mia_paper_rate"] = (paper, "classes")
    for name, (attack, summary) in REFERENCE_ATTACKS.items():
        texts[name] = (summary, str(needs_of(attack)))
    width = max(map(len, texts)) + 2
    return [f"{key:{width}s}{summary} (needs {needs})" for key, (summary, needs) in texts.items()]


def _settings(options: argparse.Namespace) -> list[str]:
    from qiskit_qmu.data import ForgetRequest, input_shape_of
    from qiskit_qmu.experiments import Experiment
    from qiskit_qmu.unlearning import all_settings

    _check.one_of(("class", "instances"), kind=options.kind)
    forget = ForgetRequest(fraction=0.1) if options.kind == "instances" else None
    experiment = Experiment(dataset=options.dataset, model=options.model, forget=forget)
    num_features = math.prod(input_shape_of(experiment.dataset))
    preset = experiment.preset(num_features)
    stages = {
        "model": _model_settings(experiment, preset.model),
        "trainer": asdict(experiment.trainer(num_features)),
        **all_settings(preset.strategies),
    }
    return [
        f"{stage}.{name} = {json.dumps(value)}"
        for stage, values in stages.items()
        for name, value in values.items()
    ]


def _model_settings(experiment: "Experiment", preset: dict[str, Any]) -> dict[str, Any]:
    """Return every argument of a model that the experiment does not determine."""
    from qiskit_qmu.models import BasicQNN, HybridQNN, import_factory

    if experiment.is_own_model:
        arguments = list(inspect.signature(import_factory(experiment.model)).parameters.items())[2:]
        return {
            name: None if parameter.default is parameter.empty else parameter.default
            for name, parameter in arguments
            if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        }
    decided = {"input_shape", "num_classes", "backend", "seed", "qnn", "labels", "preprocess"}
    kind = BasicQNN if experiment.model == "basic" else HybridQNN
    return {
        name: preset.get(name, parameter.default)
        for name, parameter in inspect.signature(kind).parameters.items()
        if name not in decided
    }


def _backends(devices: int) -> list[str]:
    texts = {
        "exact": "statevector simulator, with shots on request",
        "aer": "Qiskit Aer",
        "fake_<device>": f"one of {devices} simulated IBM devices, such as fake_manila with 5 "
        "qubits or fake_torino with 133; `qmu list devices` lists all",
        "ibm_<device>": "an IBM device of your account",
        "ibm:least_busy": "the IBM device with the shortest queue",
    }
    return [f"{name:16s}{text}" for name, text in texts.items()]
