"""What every page of a report needs: its template, its figures' colours, its settings."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from qiskit_qmu.report.drawing import COLOURS, FONT

if TYPE_CHECKING:
    from jinja2 import Template


def template(name: str) -> "Template":
    """Return a template of this package; whatever is put into it is shown as text.

    Args:
        name: Its file.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("qiskit_qmu.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def themed(svg: str) -> Any:
    """Let the page's style sheet choose colours and font of a figure, for light and dark."""
    from markupsafe import Markup

    for name, colour in COLOURS.items():
        svg = svg.replace(colour, f"var(--{name}, {colour})")
    return Markup(svg.replace(f"'{FONT}'", f"var(--sans, '{FONT}')"))


def embedded_json(content: Mapping[str, Any]) -> str:
    """Return content as the address of a JSON file that is part of the page itself."""
    return data_address(json.dumps(content, default=str, ensure_ascii=False), "application/json")


def data_address(text: str, kind: str) -> str:
    """Return text as the address of a file that is part of the page itself.

    Args:
        text: What it holds.
        kind: Its media type, such as ``"text/csv"``.
    """
    return f"data:{kind};base64,{base64.b64encode(text.encode()).decode()}"


def sorting_script() -> tuple[str, str]:
    """Return the script that lets readers sort tables, and its digest for the page's policy."""
    script = files("qiskit_qmu.report").joinpath("sort.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return script, digest


def settings(nested: Mapping[str, Any]) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Flatten a nested configuration; what is None or empty was not chosen and is left out.

    Args:
        nested: Values and mappings of values, as deep as they come.

    Returns:
        One section per mapping at the top, values outside of any first under an empty title;
        inside a section pairs of dotted name and value as text.
    """
    sections: dict[str, list[tuple[str, str]]] = {"": []}
    for key, value in nested.items():
        if isinstance(value, Mapping):
            inner = [pair for name, part in value.items() for pair in _flat(str(name), part)]
            sections[str(key)] = inner
        else:
            sections[""] += _flat(str(key), value)
    return tuple((title, tuple(pairs)) for title, pairs in sections.items() if pairs)


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [pair for key, part in value.items() for pair in _flat(f"{name}.{key}", part)]
    if value is None or (isinstance(value, Sequence) and not value):
        return []
    if isinstance(value, list | tuple) and all(isinstance(part, Mapping) for part in value):
        numbered = enumerate(value, start=1)
        return [pair for number, part in numbered for pair in _flat(f"{name}.{number}", part)]
    if isinstance(value, str):
        return [(name, value)]
    if isinstance(value, float):
        return [(name, f"{value:.6g}")]
    if isinstance(value, list | tuple) and all(isinstance(part, str | int) for part in value):
        return [(name, ", ".join(map(str, value)))]
    return [(name, json.dumps(value, default=str, ensure_ascii=False))]
