"""Options that several commands share, and how they become an Experiment."""

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qiskit_qmu._check import InputError
from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.config_file import read_config
from qiskit_qmu.cli.device_options import DEVICE_OPTIONS
from qiskit_qmu.cli.forget_options import FORGET_KEYS, FORGET_WAYS, forget_request
from qiskit_qmu.cli.row_options import ROW_KEYS, add_row_options, check_columns

if TYPE_CHECKING:
    from qiskit_qmu.experiments import Experiment

# Shortcuts for the settings that are changed most.
_SHORTCUTS: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "epochs": ("trainer.epochs", option_types.count, "passes over the training rows"),
    "batch_size": ("trainer.batch_size", option_types.count, "rows of one training step"),
    "learning_rate": ("trainer.learning_rate", option_types.positive, "step size of training"),
    "privacy_noise_multiplier": (
        "trainer.privacy.noise_multiplier",
        option_types.real,
        "noise of private training (DP-SGD), in units of the clipping norm",
    ),
    "privacy_epsilon": (
        "trainer.privacy.epsilon",
        option_types.positive,
        "target of private training, in place of the noise",
    ),
    "privacy_clipping_norm": (
        "trainer.privacy.clipping_norm",
        option_types.positive,
        "largest norm of a row's gradient in private training (1)",
    ),
    "privacy_delta": (
        "trainer.privacy.delta",
        option_types.positive,
        "probability with which privacy may fail (1e-5)",
    ),
    "num_qubits": ("model.num_qubits", option_types.count, "qubits of the model"),
    "num_layers": ("model.num_layers", option_types.count, "layers of the ansatz"),
    "shards": (
        "model.shards",
        option_types.count,
        "models on disjoint shards of the rows (SISA), for exact deletion by the method sisa",
    ),
    "slices": ("model.slices", option_types.count, "portions in which a shard takes in its rows"),
    "readout": ("model.readout", str, "expectation or probabilities"),
    "encoding": ("model.encoding", str, "ry, rx-ry-rz, zz or amplitude"),
}
SHORTCUT_KEYS = {name: key for name, (key, _, _) in _SHORTCUTS.items()}
"""Options that set a hyperparameter, with its dotted key."""

EXPERIMENT_KEYS = (
    *ROW_KEYS,
    "model",
    "outputs",
    "scale",
    *FORGET_KEYS,
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


def add_data_options(parser: argparse.ArgumentParser, *, exact: bool = False) -> None:
    """Add what decides the data and the model; ``exact`` for models that delete rows themselves."""
    group = parser.add_argument_group("data and model")
    add_row_options(group)
    group.add_argument(
        "--model",
        type=option_types.trained_model if exact else option_types.model,
        metavar="NAME",
        help="basic, hybrid, or package.module:factory, a function of input shape and number of "
        "classes that returns a torch module with TorchConnectors (hybrid)"
        + ("; or kernel-ridge, kernel-svm or certified, which delete rows by themselves" * exact),
    )
    group.add_argument(
        "--outputs",
        type=option_types.outputs,
        metavar="KIND",
        help="what the factory's module returns: logits, probabilities or expectation (logits)",
    )
    group.add_argument(
        "--scale",
        type=option_types.scale,
        metavar="HOW",
        help="standard (medians for missing values, then mean 0 and deviation 1, fitted to the "
        "training rows) or none; default: standard for tables of your own",
    )
    group.add_argument(
        "--train-size",
        type=option_types.count,
        metavar="N",
        help="training rows, validation rows included",
    )
    group.add_argument("--test-size", type=option_types.count, metavar="N", help="never-seen rows")
    group.add_argument(
        "--validation-fraction",
        type=float,
        metavar="SHARE",
        help="share of the training rows held out for tuning (0.1)",
    )
    group.add_argument(
        "--seed", type=option_types.seed, metavar="N", help="root seed of everything random (0)"
    )
    add_data_dir(group)


def add_data_dir(parser: Any) -> None:
    """Add where image files lie."""
    parser.add_argument(
        "--data-dir",
        type=option_types.folder,
        metavar="DIR",
        help="folder of the IDX files; default: environment variable QISKIT_QMU_DATA",
    )


def add_saved_model(parser: argparse.ArgumentParser, text: str, *, metavar: str = "MODEL") -> None:
    """Add the saved model that a command works on."""
    parser.add_argument("model", type=option_types.saved_model, metavar=metavar, help=text)


def add_original(parser: argparse.ArgumentParser) -> None:
    """Add the model that an audited one is compared with."""
    parser.add_argument(
        "--original",
        type=option_types.saved_model,
        required=True,
        metavar="MODEL",
        help="the model before unlearning",
    )


def add_strategy(parser: argparse.ArgumentParser, *, default: str = "") -> None:
    """Add the method to unlearn with; required where nothing is said of a default."""
    parser.add_argument(
        "--strategy",
        type=option_types.method,
        required=not default,
        metavar="NAME",
        help=f"see `qmu list strategies`{default and f' ({default})'}",
    )


def add_strength(parser: Any) -> None:
    """Add whether methods choose their strength."""
    parser.add_argument(
        "--strength",
        choices=("preset", "auto"),
        metavar="HOW",
        help="preset, or auto: each method that has a strength tries up to "
        f"{_TRIALS} and takes the first that forgets like never-seen rows and keeps the accuracy "
        f"on validation rows; short for --set strength.trials={_TRIALS} (preset)",
    )


_TRIALS = 8


def add_seed(parser: argparse.ArgumentParser) -> None:
    """Add the seed of a command on saved models."""
    parser.add_argument(
        "--seed",
        type=option_types.seed,
        default=0,
        metavar="N",
        help="seed of everything random (0)",
    )


def add_setting_options(
    parser: argparse.ArgumentParser, *, shortcuts: bool = True, config: bool = True
) -> None:
    """Add hyperparameters; without shortcuts, those that a saved model does not fix."""
    group = parser.add_argument_group("hyperparameters (defaults depend on dataset and model)")
    if config:
        group.add_argument(
            "--config", metavar="FILE", help="TOML file with options by name and [settings]"
        )
    for name, (key, kind, text) in _SHORTCUTS.items() if shortcuts else ():
        group.add_argument(
            f"--{name.replace('_', '-')}",
            type=kind,
            metavar="X",
            help=f"{text}; short for --set {key}=X",
        )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STAGE.NAME=VALUE",
        help="any other, such as rga.alpha=5, ssd.dampening=0.1 or repair.epochs=1; repeatable",
    )


def make_experiment(options: argparse.Namespace) -> "Experiment":
    """Return the experiment that options and config file describe; options win.

    Raises:
        InputError: If a key is unknown or a value is not possible.
    """
    given = {
        key: getattr(options, key)
        for key in EXPERIMENT_KEYS
        if getattr(options, key, None) is not None
    }
    fields, settings = _config(options)
    if any(key in given for key in FORGET_WAYS):
        fields = {key: value for key, value in fields.items() if key not in FORGET_KEYS}
    fields |= given
    names = (*DEVICE_OPTIONS, "max_qpu_seconds")
    device = {name: getattr(options, name, None) for name in names}
    device = {name: value for name, value in device.items() if value is not None}
    if device:
        fields["backend_options"] = {**fields.get("backend_options", {}), **device}
    return experiment_from(fields, settings | settings_of(options))


def experiment_from(options: dict[str, Any], settings: dict[str, Any]) -> "Experiment":
    """Return the experiment that options describe.

    Args:
        options: Values by the names of `EXPERIMENT_KEYS`.
        settings: Hyperparameters by dotted key.

    Raises:
        InputError: If a value is not possible.
    """
    fields = dict(options)
    check_columns(fields)
    forget = forget_request(
        {key: fields.pop(key, None) for key in FORGET_KEYS}, fields.get("id_column")
    )
    if isinstance(fields.get("methods"), str):
        fields["methods"] = [name.strip() for name in fields["methods"].split(",")]
    if not isinstance(fields.get("methods", []), list | tuple):
        raise InputError(f"methods must be a list, got {fields['methods']!r}")
    fields["forget"] = forget
    fields["settings"] = settings
    from qiskit_qmu.experiments import Experiment  # (slow to load: what can be is refused before)

    return Experiment.from_dict(fields)


def _config(options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    if options.config is None:
        return {}, {}
    return read_config(options.config, EXPERIMENT_KEYS, SHORTCUT_KEYS)


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
    if getattr(options, "strength", None) is not None:
        settings["strength.trials"] = _TRIALS if options.strength == "auto" else 0
    for word in options.set:
        key, separator, text = word.partition("=")
        if not separator:
            raise InputError(f"--set takes STAGE.NAME=VALUE, such as rga.alpha=5; got {word!r}")
        settings[key.strip()] = _value(text.strip())
    return settings


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
