"""Completion of commands, options, files and folders by a shell: `qmu --print-completion bash`."""

import argparse
from typing import Any

from qiskit_qmu.cli import option_types

_FOLDERS = (option_types.saved_model, option_types.folder)
_FILES = ("FILE", "CONFIG", "WEIGHTS", "NAME|FILE", "SHARE|FILE", "I,J,…|FILE")


class PrintCompletion(argparse.Action):
    """Prints the completion script of a shell, and ends the process."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Print the script."""
        import shtab  # (other calls do not need it)

        for command in _commands(parser):
            for action in command._actions:  # noqa: SLF001 (argparse has no other way)
                if action.type in _FOLDERS or action.metavar == "DIR":
                    action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
                elif action.metavar in _FILES:
                    action.complete = shtab.FILE  # type: ignore[attr-defined]
        print(shtab.complete(parser, values))
        parser.exit()


def add_print_completion(parser: argparse.ArgumentParser) -> None:
    """Add ``--print-completion SHELL``."""
    parser.add_argument(
        "--print-completion",
        action=PrintCompletion,
        choices=("bash", "zsh", "tcsh"),
        metavar="SHELL",
        help="print what makes bash, zsh or tcsh complete commands and options, as in "
        'eval "$(qmu --print-completion bash)"',
    )


def _commands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Return the parsers of all commands of one word; shells complete word by word."""
    found: list[argparse.ArgumentParser] = []
    for action in parser._actions:  # noqa: SLF001
        if not isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            continue
        for name in [name for name in action.choices if " " in name]:
            del action.choices[name]
        listed = action._choices_actions  # noqa: SLF001
        listed[:] = [each for each in listed if " " not in each.dest]
        found += [each for own in action.choices.values() for each in (own, *_commands(own))]
    return found
