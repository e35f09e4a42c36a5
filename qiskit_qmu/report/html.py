"""What every page of a report needs: its template, its figures' colours."""

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
