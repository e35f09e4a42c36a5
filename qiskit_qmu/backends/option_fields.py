"""Dataclass fields with metadata: help, applicable backends, and command-line option."""

from collections.abc import Sequence
from dataclasses import Field, field, fields
from textwrap import wrap
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.kinds import KINDS, TRANSPILED, Kind
from qiskit_qmu.backends.option_rules import OptionRule


def option(
    default: Any,
    text: str,
    *,
    of: tuple[Kind, ...] = TRANSPILED,
    rule: OptionRule | None = None,
    decides: bool = True,
    metavar: str | None = None,
    parse: type = str,
    secret: bool = False,
) -> Any:
    """Return a dataclass field that describes an option of `open_backend`.

    Args:
        default: Its default.
        text: Its help.
        of: Kinds of backends that it applies to.
        rule: Raises InputError for a value, given by the option's name, that is out of range; None
            where any value will do. It is not asked about a default of None.
        decides: Whether results depend on it, so that a resumed run must have the same value.
        metavar: Placeholder of its value in the command line's help; None for no option there.
        parse: Type of the value on the command line; bool for a switch.
        secret: Whether to omit it from the repr.
    """
    about = {
        "help": text,
        "of": of,
        "rule": rule,
        "decides": decides,
        "metavar": metavar,
        "parse": parse,
    }
    return field(default=default, repr=not secret, metadata=about)


def described(options: Sequence[Field[Any]]) -> str:
    """Return options as the arguments of a docstring."""
    lines = ["Args:"]
    for own in options:
        text = f"{own.name}: {help_of(own)}"
        lines += wrap(text, 100, initial_indent=" " * 4, subsequent_indent=" " * 8)
    return "\n".join(lines)


def help_of(option: Field[Any]) -> str:
    """Return the help of an option, with the backends that it applies to if they are few."""
    text: str = option.metadata["help"]
    few = len(option.metadata["of"]) < len(TRANSPILED)
    return f"{text} Applies only to {applies_to(option)}." if few else text


def applies_to(option: Field[Any]) -> str:
    """Return the backends that an option applies to, in words."""
    *others, last = (KINDS[kind] for kind in option.metadata["of"])
    return f"{', '.join(others)} and {last}" if others else last


def check_options(options: Any, kind: Kind | None, label: str) -> None:
    """Raise InputError if an option is out of range, or given to a backend without use for it.

    Args:
        options: An instance of a dataclass of such fields.
        kind: The backend's kind; None for an unknown one, of which nothing is refused.
        label: The backend's name, for the message.
    """
    for own in fields(options):
        value, default, rule = getattr(options, own.name), own.default, own.metadata["rule"]
        if value is default:
            continue
        given = default is None or value != default
        if given and kind is not None and kind not in own.metadata["of"]:
            raise InputError(
                f"{own.name} applies only to {applies_to(own)}; got {value!r} for {label}"
            )
        if rule is not None:
            rule(**{own.name: value})
