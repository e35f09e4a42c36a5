"""qmu: the command line. Commands are imported when they are run, so that help is quick."""

import argparse
import difflib
import os
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, NoReturn

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.cli import (
    audit,
    cancel,
    estimate,
    listing,
    report,
    resume,
    run,
    shots,
    status,
    submit,
    train,
    unlearn,
)

_COMMANDS = {
    "run": run,
    "train": train,
    "unlearn": unlearn,
    "audit": audit,
    "estimate": estimate,
    "shots": shots,
    "submit": submit,
    "status": status,
    "resume": resume,
    "cancel": cancel,
    "report": report,
    "list": listing,
}

BAD_INPUT = 2
NOT_DONE = 1


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and what may have been meant."""

    def parse_known_args(  # type: ignore[override]
        self, args: Any = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Refuse what is unknown here, where the options that it may have meant are known."""
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, unknown

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: error: {message}{self._meant(message)}\n")

    def _meant(self, message: str) -> str:
        """Name the option, or the choice that argparse lists in the message, nearest to a word."""
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
        arguments: Words after ``qmu``; those of the process where None.

    Returns:
        The exit status: 0, 1 where a device did not do its part, or 2 for bad input.
    """
    parser = _Parser(prog="qmu", description="Quantum machine unlearning and privacy audits.")
    parser.add_argument("--version", action="version", version=f"qmu {version('qiskit-qmu')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in _COMMANDS.items():
        command = commands.add_parser(
            name,
            help=module.SUMMARY,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
    options = parser.parse_args(arguments)
    try:
        _COMMANDS[options.command].execute(options)
    except InputError as error:
        message = " ".join(str(error).split())
        print(f"qmu {options.command}: error: {message}", file=sys.stderr)
        return BAD_INPUT
    except RunError as error:
        print(f"qmu {options.command}: {error}", file=sys.stderr)
        return NOT_DONE
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_DONE
    except KeyboardInterrupt:
        print(
            "qmu: stopped; the same command goes on after the last seed that was done, and "
            "`qmu resume` with a run on a device",
            file=sys.stderr,
        )
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
