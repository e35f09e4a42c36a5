"""Config files in TOML: options by name, and hyperparameters in the table [settings]."""

import difflib
import tomllib
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu._files import read_text, reading

_WHAT = "options in TOML"
_LARGEST = 2**20


def read_config(
    path: str, keys: tuple[str, ...], shortcuts: dict[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the content of a config file: options by name, and settings by dotted key.

    Dashes in keys are read as underscores.

    Args:
        path: The file.
        keys: Options that it may contain.
        shortcuts: Options that set a hyperparameter, with its dotted key.

    Raises:
        InputError: If it cannot be read or has an unknown key.
    """
    text = read_text(path, _WHAT, largest=_LARGEST, any_kind=True)
    with reading(path, _WHAT):
        content = tomllib.loads(text)
    config = {key.replace("-", "_"): value for key, value in content.items()}
    allowed = (*keys, *shortcuts, "settings")
    for key in config:
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(allowed)}"
            raise InputError(f"{path}: unknown key {key!r}; {hint}")
    tables = config.pop("settings", {})
    if not isinstance(tables, dict):
        raise InputError(f"{path}: settings must be a table, got {tables!r}")
    settings = {shortcuts[name]: config.pop(name) for name in shortcuts if name in config}
    for stage, values in tables.items():
        if isinstance(values, dict):
            settings |= {f"{stage}.{name}": value for name, value in values.items()}
        else:
            settings[stage] = values
    return config, settings
