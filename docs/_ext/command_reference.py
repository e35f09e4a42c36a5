"""The reference of the command line, from the parsers of the commands."""

import argparse
import inspect
from collections.abc import Iterator

from qiskit_qmu.cli.main import command_parsers


def commands() -> str:
    """Return a section for each command, in Markdown."""
    return "\n".join(
        line for name, parser in command_parsers().items() for line in _section(name, parser)
    )


def _section(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    text = inspect.cleandoc(parser.description or "")
    yield f"## qmu {name}\n"
    yield f"```text\n{text}\n```\n"
    for group in parser._action_groups:  # noqa: SLF001 (argparse has no other way to the groups)
        actions = [a for a in group._group_actions if a.help != argparse.SUPPRESS]  # noqa: SLF001
        if actions:
            yield f"**{(group.title or '').capitalize()}**\n"
            yield "| option | meaning |\n|---|---|"
            yield from (_row(parser, action) for action in actions)
            yield ""


def _row(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    formatter = parser._get_formatter()  # noqa: SLF001 (the words that --help prints)
    invocation = formatter._format_action_invocation(action)  # noqa: SLF001
    meaning = formatter._expand_help(action) if action.help else ""  # noqa: SLF001
    return f"| `{_cell(invocation)}` | {_escaped(_cell(meaning))} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_").replace("$", "\\$")
