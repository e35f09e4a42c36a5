"""Completion of commands, options and values by a shell: `qmu --print-completion bash`."""

import argparse
import re
from collections.abc import Iterator
from typing import Any

from qiskit_qmu.cli import listing, option_types, row_options
from qiskit_qmu.deletions.model_folder import EXACT_MODELS

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

        commands = _nested_commands(parser)
        for command in commands:
            for action in command._actions:  # noqa: SLF001 (argparse has no other way)
                if action.type in _FOLDERS or action.metavar == "DIR":
                    action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
                elif action.metavar in _FILES:
                    action.complete = shtab.FILE  # type: ignore[attr-defined]
                elif action.choices is None and _names(action):
                    action.choices = _names(action)
        print(shtab.complete(parser, values))
        if values == "bash":
            print("\n".join(_also_in_bash(commands)))
        parser.exit()


def add_print_completion(parser: argparse.ArgumentParser) -> None:
    """Add ``--print-completion SHELL``."""
    parser.add_argument(
        "--print-completion",
        action=PrintCompletion,
        choices=("bash", "zsh", "tcsh"),
        metavar="SHELL",
        help="print the completion script of bash, zsh or tcsh, to be kept where the shell finds "
        "it, such as ~/.local/share/bash-completion/completions/qmu",
    )


def _names(action: argparse.Action) -> list[str]:
    """Return the values that an option takes by name; empty where it takes others."""
    if action.dest == "subject":
        return list(listing.SUBJECTS)
    if action.type in (option_types.method, option_types.methods):
        return list(option_types.method_names())
    if action.type is option_types.attacks:
        return list(option_types.attack_names())
    if action.type is option_types.model:
        return list(option_types.MODELS)
    if action.type is option_types.trained_model:
        return [*option_types.MODELS, *EXACT_MODELS]
    if action.type is option_types.backend:
        return ["exact", "aer", "ibm:least_busy"]
    return []


def _also_in_bash(commands: list[argparse.ArgumentParser]) -> Iterator[str]:
    """Return lines that add names where files are completed, and folders where commands are.

    What bash is given for one argument is either of the two, although its script takes both.
    """
    datasets = " ".join(option_types.dataset_names())
    for command in commands:
        prefix = "_shtab_" + re.sub(r"\W", "_", command.prog)
        if any(action.type is row_options.dataset for action in command._actions):  # noqa: SLF001
            yield f"{prefix}___dataset_choices=({datasets})"
        if command._subparsers is not None:  # noqa: SLF001
            yield f"{prefix}_pos_0_COMPGEN=_shtab_compgen_dirs"


def _nested_commands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Make commands of two words parsers within those of one; return the parsers of all.

    Args:
        parser: That of the whole command line; the process ends with the script that is made of it.
    """
    commands = next(
        action
        for action in parser._actions  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
    )
    found = list(commands.choices.values())
    helps = {each.dest: each.help for each in commands._choices_actions}  # noqa: SLF001
    for name in [name for name in commands.choices if " " in name]:
        first, second = name.split()
        _add_within(commands.choices[first], second, commands.choices.pop(name), helps[name])
    listed = commands._choices_actions  # noqa: SLF001
    listed[:] = [each for each in listed if " " not in each.dest]
    return found


def _add_within(
    outer: argparse.ArgumentParser,
    word: str,
    inner: argparse.ArgumentParser,
    summary: str | None,
) -> None:
    actions = outer._actions  # noqa: SLF001
    if outer._subparsers is None:  # noqa: SLF001
        outer.add_subparsers()
        actions.insert(0, actions.pop())  # (before MODEL, in whose place the word stands)
    nested = actions[0]
    nested.choices[word] = inner  # type: ignore[index]
    pseudo = nested._ChoicesPseudoAction(word, (), summary)  # type: ignore[attr-defined] # noqa: SLF001
    nested._choices_actions.append(pseudo)  # type: ignore[attr-defined] # noqa: SLF001
