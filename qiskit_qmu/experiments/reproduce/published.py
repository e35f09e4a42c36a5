"""Published values: data with the place that they were taken from, never edited."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from qiskit_qmu._files import read_json


@final
@dataclass(frozen=True, kw_only=True)
class Published:
    """What a publication reports.

    Attributes:
        source: The publication, with its address.
        place: Table and page, or file.
        values: Numbers by task and method, then by name.
    """

    source: str = ""
    place: str = ""
    values: Mapping[tuple[str, str], Mapping[str, float | None]] = field(default_factory=dict)

    def find(self, task: str, method: str, name: str) -> float | None:
        """Return a number; None where none was published."""
        return self.values.get((task, method), {}).get(name) if name else None

    def methods(self, task: str) -> tuple[str, ...]:
        """Return the methods of a task that numbers were published of."""
        return tuple(method for of, method in self.values if of == task)


def read_published(name: str) -> Published:
    """Return the published values of a protocol.

    Args:
        name: Name of the file without its suffix; empty for none.

    Example:
        >>> from qiskit_qmu.experiments.reproduce.published import read_published
        >>> read_published("qmu-table2").find("hybrid", "ga", "forget")
        0.0
    """
    if not name:
        return Published()
    content: Any = read_json(Path(__file__).parent / "published" / f"{name}.json", name)
    return Published(
        source=content["source"],
        place=content["place"],
        values={(row["task"], row["method"]): row["values"] for row in content["values"]},
    )
