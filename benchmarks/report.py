"""Results of a run as text: each file's claim, whether it held, and its tables."""

import os
import platform
import re
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.tables import Table

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- results: written by --write -->", "<!-- end of results -->"
PACKAGES = (
    "torch",
    "qiskit",
    "qiskit-machine-learning",
    "qiskit-aer",
    "tensorcircuit-ng",
    "jax",
    "pennylane",
    "pennylane-lightning",
    "qandle",
)


@dataclass
class Section:
    """What one benchmark file found.

    Attributes:
        claim: First line of its docstring.
        tables: Its tables.
        failures: Why its claim does not hold.
    """

    claim: str
    tables: list[Table] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"Does not hold: {failure}\n" for failure in self.failures]
        return "\n".join([self.claim + "\n", *(lines or ["Holds.\n"]), *map(str, self.tables)])


def environment() -> str:
    """Return the machine and the versions."""
    versions = [f"Python {platform.python_version()}", *filter(None, map(_version, PACKAGES))]
    cores = len(os.sched_getaffinity(0))
    return f"{cores} core{'s' * (cores > 1)} of an {_processor()}; {', '.join(versions)}."


def write(sections: dict[str, Section], command: str) -> None:
    """Put results between the marks of README.md.

    Files that were not run keep theirs, unless they are of another machine or of other versions.
    """
    head, old = README.read_text().split(BEGIN)
    old, tail = old.split(END)
    parts = {}
    if environment() in old:
        parts = dict(re.findall(r"### `(\S+)`\n\n(.*?)(?=\n### |\Z)", old, re.DOTALL))
    parts |= {name: f"{section}\nFrom `{command}`." for name, section in sections.items()}
    body = "\n".join(f"### `{name}`\n\n{parts[name].strip()}\n" for name in sorted(parts))
    README.write_text(f"{head}{BEGIN}\n\n{environment()}\n\n{body}\n{END}{tail}")


def _version(package: str) -> str | None:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return None


def _processor() -> str:
    names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return names[0] if names else platform.processor()
