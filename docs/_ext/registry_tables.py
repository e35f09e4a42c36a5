"""Tables from the package itself, in place of ``<!-- generated: NAME -->`` in a page."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api_pages import api_page, documented_at
from command_reference import commands
from sphinx.application import Sphinx


def strategies() -> str:
    """Return the table of strategies."""
    from qiskit_qmu.unlearning import markdown_table

    return markdown_table()


def strategy_details() -> str:
    """Return for each strategy its class and hyperparameters."""
    from qiskit_qmu.unlearning import METHODS, all_settings

    settings = all_settings({})
    lines = ["| name | class | hyperparameters and defaults |", "|---|---|---|"]
    for name, method in METHODS.items():
        given = ", ".join(f"`{key}={value!r}`" for key, value in settings[name].items())
        home = f"{{py:obj}}`~{documented_at(method.strategy)}`"
        lines.append(f"| `{name}` | {home} | {given or 'none'} |")
    return "\n".join(lines)


def attacks() -> str:
    """Return the table of the attacks that are reported."""
    from qiskit_qmu.attacks import ATTACKS

    lines = ["| number | attack | what it does | needs |", "|---|---|---|---|"]
    for key, column in ATTACKS.items():
        home = f"{{py:obj}}`~{documented_at(type(column.attack))}`"
        lines.append(f"| `{key}` | {home} | {column.summary} | {column.needs} |")
    return "\n".join(lines)


def reference_attacks() -> str:
    """Return the table of the attacks that read reference models."""
    from qiskit_qmu.attacks import REFERENCE_ATTACKS, needs_of

    lines = ["| name | attack | what it does | needs |", "|---|---|---|---|"]
    for name, (attack, summary) in REFERENCE_ATTACKS.items():
        home = f"{{py:obj}}`~qiskit_qmu.attacks.{type(attack).__name__}`"
        lines.append(f"| {name} | {home} | {summary} | {needs_of(attack)} |")
    return "\n".join(lines)


def columns() -> str:
    """Return the table of reported numbers."""
    from qiskit_qmu.report import column_table

    return column_table()


def public_names() -> str:
    """Return the names of ``qiskit_qmu`` itself, each with its first line."""
    import qiskit_qmu

    lines = ["| name | what it is |", "|---|---|"]
    for name in qiskit_qmu.__all__:
        value = getattr(qiskit_qmu, name)
        first = (value.__doc__ or "").strip().partition("\n")[0]
        if hasattr(value, "__path__") or not callable(value):
            continue
        home = qiskit_qmu._HOMES[name]  # noqa: SLF001 (where the page of a name is)
        role = f"{{py:obj}}`~qiskit_qmu.{home}.{name}`" if home[0] != "_" else f"`{name}`"
        lines.append(f"| {role} | {first} |")
    return "\n".join(lines)


def reproductions() -> str:
    """Return the table of published studies that can be run."""
    from qiskit_qmu.experiments.reproduce.registry import PROTOCOLS

    lines = ["| name | what it repeats |", "|---|---|"]
    lines += [f"| `{name}` | {protocol.summary} |" for name, protocol in PROTOCOLS.items()]
    return "\n".join(lines)


def studies() -> str:
    """Return a list of the studies, and their table of contents."""
    folder = Path(__file__).parents[1] / "studies"
    lines, names = [], []
    for path in sorted(folder.glob("*.md")):
        if path.stem != "index":
            title, _, text = path.read_text(encoding="utf-8").partition("\n")
            first = " ".join(text.strip().partition("\n\n")[0].split())
            lines.append(f"- [{title.removeprefix('# ')}]({path.name}): {first}")
            names.append(path.stem)
    return "\n".join([*lines, "", "```{toctree}", ":hidden:", "", *names, "```"])


GENERATED: dict[str, Callable[[], str]] = {
    "strategies": strategies,
    "strategy details": strategy_details,
    "attacks": attacks,
    "reference attacks": reference_attacks,
    "columns": columns,
    "commands": commands,
    "public names": public_names,
    "reproductions": reproductions,
    "studies": studies,
}


def generated(name: str) -> str:
    """Return what a page asks for by name."""
    subject, _, package = name.partition(" ")
    return api_page(package) if subject == "api" else GENERATED[name]()


def fill(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the tables into a page."""
    source[0] = re.sub(
        r"<!-- generated: ([\w ]+) -->", lambda match: generated(match[1]), source[0]
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the step."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
