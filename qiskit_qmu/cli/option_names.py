"""Replaces parameter names in errors of the Python API by the options of the command line."""

import argparse
import re

_ALIASES = {
    "label": ("forget_class",),
    "fraction": ("forget_fraction",),
    "indices": ("forget_indices", "indices"),
    "ids": ("forget_ids", "ids"),
    "where": ("forget_where",),
    "owner": ("forget_owner",),
    "duplicates": ("forget_duplicates",),
    "method": ("methods", "method", "strategy"),
    "strategy": ("strategy",),
    "num_qubits": ("num_qubits",),
    "shots": ("shots", "shot_counts"),
}
_PARAMETER = re.compile(r"([a-z]+(?:_[a-z]+)*) must ")


def in_words_of_options(message: str, options: argparse.Namespace) -> str:
    """Return an error message with an option, or the config file, instead of a parameter's name.

    Args:
        message: The error message; returned unchanged if it does not start with a parameter.
        options: The given options.
    """
    for name in _MENTIONED:
        message = message.replace(name, f"--{name.replace('_', '-')}")
    found = _PARAMETER.match(message)
    if not found:
        return message
    rest, given = message[found.end(1) :], vars(options)
    names = [name for name in _ALIASES.get(found[1], (found[1],)) if name in given]
    for name in names:
        if given[name] is not None and name not in _POSITIONAL:
            return f"--{_SPELLED.get(name, name).replace('_', '-')}{rest}"
    if names and given.get("config") is not None:
        return f"{given['config']}: {names[0]}{rest}"
    return message


_MENTIONED = ("skip_untrained_ids",)
"""Options that a message advises to give."""

_POSITIONAL = ("run", "work", "subject", "command")
_SPELLED = {"shot_counts": "shots"}
