"""Options that several commands share, and how they become an Experiment."""

import argparse
import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qiskit_qmu._check import InputError
from qiskit_qmu._files import FileError, one_line, read_text, reading
from qiskit_qmu.cli.device_options import DEVICE_OPTIONS
from qiskit_qmu.cli.numbers import integer

if TYPE_CHECKING:
    from qiskit_qmu.experiments import Experiment, ForgetRequest

_LARGEST_CONFIG, _LARGEST_LIST = 2**20, 2**28

# Shortcuts for the settings that are changed most.
_SHORTCUTS = {
    "epochs": ("trainer.epochs", int, "passes over the training rows"),
    "batch_size": ("trainer.batch_size", int, "rows of one training step"),
    "learning_rate": ("trainer.learning_rate", float, "step size of training"),
    "num_qubits": ("model.num_qubits", int, "qubits of the model"),
    "num_layers": ("model.num_layers", int, "layers of the ansatz"),
    "readout": ("model.readout", str, "expectation or probabilities"),
    "encoding": ("model.encoding", str, "ry, rx-ry-rz, zz or amplitude"),
}
_EXPERIMENT_KEYS = (
    "dataset",
    "model",
    "forget_class",
    "forget_fraction",
    "forget_indices",
    "train_size",
    "test_size",
    "validation_fraction",
    "methods",
    "seeds",
    "seed",
    "shots",
    "backend",
    "mitigation",
    "backend_options",
)


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add what decides the data and the model."""
    group = parser.add_argument_group("data and model")
    group.add_argument("--dataset", help="digits, iris, mnist or fashion-mnist (digits)")
    group.add_argument("--model", help="basic or hybrid (hybrid)")
    group.add_argument("--train-size", type=int, help="training rows, validation rows among them")
    group.add_argument("--test-size", type=int, help="never-seen rows")
    group.add_argument("--validation-fraction", type=float, help="share held out for tuning (0.1)")
    group.add_argument("--seed", type=int, help="root seed of everything random (0)")
    add_data_dir(group)


def add_data_dir(parser: Any) -> None:
    """Add where image files lie."""
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        help="folder of IDX files; or environment variable QISKIT_QMU_DATA",
    )


def add_force(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the leave to replace what a folder holds."""
    parser.add_argument("--force", action="store_true", help=f"replace {what} that --out holds")


def refuse_replacing(options: argparse.Namespace, name: str, what: str) -> None:
    """Raise InputError if the output folder holds a file of ours and --force is not given."""
    if options.out is not None and not options.force and (Path(options.out) / name).exists():
        raise InputError(
            f"--out must be a folder without {what}, got {options.out}: give another one, or "
            "--force to replace it"
        )


def add_forget_options(parser: argparse.ArgumentParser, *, how_many: str = "at most one") -> None:
    """Add what is to be forgotten."""
    group = parser.add_argument_group(f"what to forget ({how_many})")
    group.add_argument("--forget-class", type=int, metavar="LABEL", help="all rows of a class")
    group.add_argument("--forget-fraction", type=float, metavar="SHARE", help="rows at random")
    group.add_argument(
        "--forget-indices",
        metavar="I,J,…|FILE",
        help="positions among the training rows, or a file that holds them",
    )


def names_rows_to_forget(options: argparse.Namespace) -> bool:
    """Tell whether options say what is to be forgotten."""
    given = (options.forget_class, options.forget_fraction, options.forget_indices)
    return any(value is not None for value in given)


def forget_request_of(options: argparse.Namespace) -> "ForgetRequest":
    """Return what is to be forgotten.

    Raises:
        InputError: If not exactly one way of saying it was given.
    """
    from qiskit_qmu.experiments import ForgetRequest  # (help must not load it)

    indices = options.forget_indices
    return ForgetRequest(
        label=options.forget_class,
        fraction=options.forget_fraction,
        indices=None if indices is None else parse_indices(indices),
    )


def add_setting_options(
    parser: argparse.ArgumentParser, *, shortcuts: bool = True, config: bool = True
) -> None:
    """Add hyperparameters; without shortcuts, those of a model that is there already."""
    group = parser.add_argument_group("hyperparameters (a preset for each dataset and model)")
    if config:
        group.add_argument(
            "--config", metavar="FILE", help="TOML file with the same names as options"
        )
    for name, (key, kind, text) in _SHORTCUTS.items() if shortcuts else ():
        group.add_argument(f"--{name.replace('_', '-')}", type=kind, help=f"{text}; --set {key}=")
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STAGE.NAME=VALUE",
        help="any other, such as rga.alpha=5, ssd.dampening=0.1, repair.epochs=1; repeatable",
    )


def make_experiment(options: argparse.Namespace) -> "Experiment":
    """Return the experiment that options and config file describe; options win.

    Raises:
        InputError: If a key is unknown or a value is not possible.
    """
    from qiskit_qmu.experiments import Experiment  # (help must not load it)

    config = read_config(options.config)
    given = {
        key: getattr(options, key)
        for key in _EXPERIMENT_KEYS
        if getattr(options, key, None) is not None
    }
    if any(key in given for key in _FORGET_KEYS):
        config = {key: value for key, value in config.items() if key not in _FORGET_KEYS}
    settings = {**config.pop("settings", {}), **settings_of(options)}
    fields = {**config, **given}
    names = (*DEVICE_OPTIONS, "max_qpu_seconds")
    device = {name: getattr(options, name, None) for name in names}
    device = {name: value for name, value in device.items() if value is not None}
    if device:
        fields["backend_options"] = {**fields.get("backend_options", {}), **device}
    if isinstance(fields.get("forget_indices"), str):
        fields["forget_indices"] = parse_indices(fields["forget_indices"])
    if isinstance(fields.get("methods"), str):
        fields["methods"] = [name.strip() for name in fields["methods"].split(",")]
    for key in ("methods", "forget_indices"):
        if not isinstance(fields.get(key, []), list | tuple):
            raise InputError(f"{key} must be a list, got {fields[key]!r}")
    return Experiment.from_dict({**fields, "settings": settings})


_FORGET_KEYS = ("forget_class", "forget_fraction", "forget_indices")


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the hyperparameters given as options, by dotted key.

    Raises:
        InputError: If a --set is not KEY=VALUE.
    """
    settings = {
        key: getattr(options, name)
        for name, (key, _, _) in _SHORTCUTS.items()
        if getattr(options, name, None) is not None
    }
    for word in options.set:
        key, separator, text = word.partition("=")
        if not separator:
            raise InputError(f"--set must be STAGE.NAME=VALUE, got {word!r}")
        settings[key.strip()] = _value(text.strip())
    return settings


def parse_indices(text: str) -> tuple[int, ...]:
    """Return row positions from "1,2,3" or from a file that holds such text or one a line.

    Raises:
        InputError: If a word is not an integer or the file cannot be read.
    """
    words = text
    if text.strip() and not re.fullmatch(r"[-+0-9,\s]*", text, re.ASCII):
        try:
            words = read_text(text, "positions of rows", largest=_LARGEST_LIST, any_kind=True)
        except FileError as error:
            raise InputError(
                f"forget_indices must be integers or a readable file, got {text!r} "
                f"({one_line(error.__cause__ or error)})"
            ) from error
    try:
        return tuple(integer(word) for word in words.replace(",", " ").split())
    except ValueError as error:
        raise InputError(f"forget_indices must be integers, got {error}") from error


def read_config(path: str | None) -> dict[str, Any]:
    """Return the content of a TOML file: fields of an experiment, its settings by dotted key.

    Dashes in keys are read as underscores; names of options for settings, such as epochs, become
    settings.

    Raises:
        InputError: If it cannot be read or holds an unknown key.
    """
    if path is None:
        return {}
    what = "a config in TOML"
    text = read_text(path, what, largest=_LARGEST_CONFIG, any_kind=True)
    with reading(path, what):
        content = tomllib.loads(text)
    config = {key.replace("-", "_"): value for key, value in content.items()}
    unknown = sorted(set(config) - {*_EXPERIMENT_KEYS, *_SHORTCUTS, "settings"})
    if unknown:
        allowed = ", ".join((*_EXPERIMENT_KEYS, *_SHORTCUTS, "settings"))
        raise InputError(f"config keys must be of {allowed}; got {', '.join(unknown)}")
    settings = config.get("settings", {})
    if not isinstance(settings, dict):
        raise InputError(f"settings must be a table, got {settings!r}")
    flat: dict[str, Any] = {
        key: config.pop(name) for name, (key, _, _) in _SHORTCUTS.items() if name in config
    }
    for stage, values in settings.items():
        if isinstance(values, dict):
            flat |= {f"{stage}.{name}": value for name, value in values.items()}
        else:
            flat[stage] = values
    return {**config, "settings": flat}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
