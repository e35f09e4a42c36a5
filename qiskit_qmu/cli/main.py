"""qmu: the command line. Commands are imported when they run, so that help is quick."""

import argparse
import atexit
import difflib
import gc
import re
import shlex
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, NoReturn

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.cli import (
    audit,
    audit_arrays,
    audit_power,
    audit_weights,
    cancel,
    estimate,
    feature,
    importing,
    listing,
    poison,
    predict,
    report,
    reproduce,
    request,
    resume,
    run,
    shots,
    shots_plan,
    shots_study,
    show,
    status,
    submit,
    sweep,
    train,
    unlearn,
    verify,
)
from qiskit_qmu.cli.completion import add_print_completion
from qiskit_qmu.cli.option_names import in_words_of_options
from qiskit_qmu.cli.option_types import integer, real
from qiskit_qmu.cli.output import Lenient, lenient_output
from qiskit_qmu.cli.signals import exit_status, stopping_by_signals

_COMMANDS = {
    "run": run,
    "sweep": sweep,
    "reproduce": reproduce,
    "train": train,
    "import": importing,
    "unlearn": unlearn,
    "audit": audit,
    "audit arrays": audit_arrays,
    "audit weights": audit_weights,
    "audit power": audit_power,
    "request": request,
    "verify": verify,
    "estimate": estimate,
    "shots": shots,
    "shots plan": shots_plan,
    "shots study": shots_study,
    "show": show,
    "predict": predict,
    "poison": poison,
    "feature": feature,
    "submit": submit,
    "status": status,
    "resume": resume,
    "cancel": cancel,
    "report": report,
    "list": listing,
}

BAD_INPUT = 2
NOT_DONE = 1

_NEW_OBJECTS = 100_000
"""Between two searches for garbage, in place of Python's hundreds."""


class _Parser(argparse.ArgumentParser):
    """Reports errors in one line with a suggestion; accepts ASCII numbers only."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.register("type", int, integer)
        self.register("type", float, real)

    def parse_known_args(  # type: ignore[override]
        self, args: Any = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Report unknown arguments here, where the known options are available for suggestions."""
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, unknown

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: error: {message}{self._meant(message)}\n")

    def _meant(self, message: str) -> str:
        """Return a suggestion: the option or choice nearest to the word in the message."""
        choice = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        option = re.search(r"unrecognized arguments: .*?(--[^\s=]+)", message)
        if choice:
            word, names = choice[1], re.findall(r"[\w-]+", choice[2])
        elif option:
            word, names = (
                option[1],
                [name for name in self._option_string_actions if name[1:2] == "-"],
            )
        else:
            return ""
        near = difflib.get_close_matches(word, names, n=1)
        return f"; did you mean {near[0]}?" if near else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: Arguments after ``qmu``; those of the process if None.

    Returns:
        The exit status: 0; 1 if a run on a device failed, an audit does not pass its gate, no
        number of shots meets a target or standard output could not be written; 2 for invalid input;
        130, 143 or 129 after Ctrl-C, `kill` or a closed terminal.
    """
    parser, _ = _parsers()
    with _rare_collections(), lenient_output() as output, stopping_by_signals():
        try:
            options = parser.parse_args(_joined(sys.argv[1:] if arguments is None else arguments))
        except SystemExit as end:
            if output.error is not None and not end.code:
                raise SystemExit(NOT_DONE) from None
            raise
        options.call = shlex.join(["qmu", *(sys.argv[1:] if arguments is None else arguments)])
        status = _execute(options)
        if output.error is not None:
            _say_what_is_lost(options, output)
    return status if output.error is None else status or NOT_DONE


def command_parsers() -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each command by its name, for what is generated from them."""
    return _parsers()[1]


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """Return the parser of the whole command line, and that of each command."""
    parser = _Parser(prog="qmu", description="Quantum machine unlearning and privacy audits.")
    parser.add_argument("--version", action="version", version=f"qmu {version('qiskit-qmu')}")
    add_print_completion(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    found: dict[str, argparse.ArgumentParser] = {}
    for name, module in _COMMANDS.items():
        found[name] = commands.add_parser(
            name,
            help=module.SUMMARY,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(found[name])
    return parser, found


def _joined(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with a command of two words as one."""
    first = " ".join(arguments[:2])
    return [first, *arguments[2:]] if first in _COMMANDS else list(arguments)


def _say_what_is_lost(options: argparse.Namespace, output: Lenient) -> None:
    """Report incomplete output and where the results are, unless a pager was closed."""
    written = getattr(options, "written", None)
    if written is None and not output.is_read:
        return
    where = f"; the results are in {written}" if written else ""
    print(
        f"qmu {options.command}: standard output is incomplete: {output.error}{where}",
        file=sys.stderr,
    )


def _execute(options: argparse.Namespace) -> int:
    module: Any = _COMMANDS[options.command]
    try:
        with _warnings_in_one_line(options):
            module.execute(options)
    except InputError as error:
        message = in_words_of_options(" ".join(str(error).split()), options)
        print(f"qmu {options.command}: error: {message}", file=sys.stderr)
        return BAD_INPUT
    except RunError as error:
        print(f"qmu {options.command}: {error}", file=sys.stderr)
        return NOT_DONE
    except KeyboardInterrupt as error:
        advice = module.when_stopped(options) if hasattr(module, "when_stopped") else ""
        print(f"qmu {options.command}: stopped{advice and '; '}{advice}", file=sys.stderr)
        return exit_status(error)
    return 0


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for garbage rarely, and not when leaving.

    A command imports a million objects, all of which stay.
    """
    before = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    # (Registered once, however often commands are called in one process.)
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _warnings_in_one_line(options: argparse.Namespace) -> Iterator[None]:
    """Print this package's warnings as a command's own remarks, each once."""
    before, told = warnings.showwarning, set[str]()

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if category.__module__.startswith("qiskit_qmu."):
            remark = " ".join(str(message).split())
            if remark not in told:  # (rows are read anew for each seed)
                print(f"qmu {options.command}: {remark}", file=sys.stderr)
            told.add(remark)
        else:
            before(message, category, *place, **more)

    with warnings.catch_warnings():
        warnings.filterwarnings("always", category=UserWarning, module=r"qiskit_qmu\.")
        warnings.showwarning = show
        yield


if __name__ == "__main__":
    sys.exit(main())
