"""The API page of a subpackage: a table of its public names, then each of them.

An object that two subpackages export is described by the one that it is defined in.
"""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from sphinx.pycode import ModuleAnalyzer

_PAGES = {path.stem for path in (Path(__file__).parents[1] / "api").glob("*.md")}
_KINDS = {"class": "Classes", "function": "Functions", "exception": "Exceptions and warnings"}


@dataclass(frozen=True, kw_only=True)
class _Name:
    name: str
    value: Any
    home: str  # the module that defines it
    documentation: str

    @property
    def kind(self) -> str:
        if inspect.isclass(self.value):
            return "exception" if issubclass(self.value, BaseException) else "class"
        return "function" if inspect.isroutine(self.value) else "data"

    @property
    def summary(self) -> str:
        first = self.documentation.strip().partition("\n\n")[0]
        return " ".join(first.split()).replace("|", "\\|")


def api_page(package: str) -> str:
    """Return the page of ``qiskit_qmu.<package>`` in Markdown, without its title."""
    module = import_module(f"qiskit_qmu.{package}")
    names = [found for found in map(_described(module), _public(module)) if found.documentation]
    own = [found for found in names if _is_own(found, package)]
    lines = [_rst([f".. automodule:: {module.__name__}"])]
    lines += ["| name | what it is |", "|---|---|"]
    lines += [f"| {_link(found, package)} | {found.summary} |" for found in names]
    for kind, title in _KINDS.items():
        members = [found for found in own if found.kind == kind]
        if members:
            lines += [f"\n## {title}\n", _rst(_objects(module, members))]
    further = sorted(set(map(documented_at, registered(package))) - set(_addresses(module, own)))
    if further:
        lines += ["\n## By name only\n", _rst(_classes(further))]
    constants = [found for found in own if found.kind == "data"]
    if constants:
        lines += ["\n## Constants and types\n", _rst(_constants(module, constants))]
    return "\n".join(lines)


def registered(package: str) -> list[type]:
    """Return the classes of a package's registry, which need not be exported."""
    from qiskit_qmu.attacks import ATTACKS
    from qiskit_qmu.unlearning import METHODS

    return {
        "attacks": [type(column.attack) for column in ATTACKS.values()],
        "unlearning": [method.strategy for method in METHODS.values()],
    }.get(package, [])


def documented_at(kind: type) -> str:
    """Return the address of a class: in its package if that exports it, otherwise in its file."""
    package = kind.__module__.rpartition(".")[0]
    exported = getattr(import_module(package), kind.__name__, None) is kind
    return f"{package if exported else kind.__module__}.{kind.__name__}"


def _addresses(module: ModuleType, names: list[_Name]) -> list[str]:
    return [f"{module.__name__}.{found.name}" for found in names]


def _public(module: ModuleType) -> list[str]:
    defined = [
        name
        for name, value in vars(module).items()
        if name[0] != "_" and getattr(value, "__module__", "") == module.__name__
    ]
    return list(getattr(module, "__all__", defined))


def _described(module: ModuleType) -> Any:
    def describe(name: str) -> _Name:
        value = getattr(module, name)
        home = _home(module, name)
        if inspect.isclass(value) or inspect.isroutine(value):
            return _Name(
                name=name,
                value=value,
                home=value.__module__,
                documentation=inspect.getdoc(value) or "",
            )
        comments = ModuleAnalyzer.for_module(home).find_attr_docs()
        text = "\n".join(comments.get(("", name), ()))
        return _Name(name=name, value=value, home=home, documentation=text)

    return describe


def _home(module: ModuleType, name: str) -> str:
    """Return the module that documents a constant, behind all packages that pass it on."""
    home, passed = module.__name__, set[str]()
    while home not in passed and ("", name) not in ModuleAnalyzer.for_module(home).find_attr_docs():
        passed.add(home)
        source = _imports(import_module(home)).get(name, "")
        home = source if source.startswith("qiskit_qmu") else home
    return home


def _imports(module: ModuleType) -> dict[str, str]:
    """Return the modules that a package takes its names from."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    return {
        alias.asname or alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def _is_own(found: _Name, package: str) -> bool:
    """Return whether the package defines a name, or no other one that has a page describes it."""
    home = found.home.split(".")[1]
    if home == package or home not in _PAGES:
        return True
    return found.name not in _public(import_module(f"qiskit_qmu.{home}"))


def _link(found: _Name, package: str) -> str:
    home = package if _is_own(found, package) else found.home.split(".")[1]
    return f"{{py:obj}}`~qiskit_qmu.{home}.{found.name}`"


def _objects(module: ModuleType, members: list[_Name]) -> Iterator[str]:
    for found in members:
        yield f".. auto{found.kind}:: {module.__name__}.{found.name}"
        if found.kind != "function":
            yield "   :members:"
            yield from _with_members_of_parts(found.value)
        yield ""


def _classes(addresses: list[str]) -> Iterator[str]:
    for address in addresses:
        yield from (f".. autoclass:: {address}", "   :members:", "")


def _with_members_of_parts(value: type) -> Iterator[str]:
    """Describe with a class the members of bases that are no public names themselves."""
    bases = value.__mro__[1:]
    parts = [base for base in bases if _is_part(base)]
    if parts:
        others = [base.__name__ for base in bases if base not in parts]
        yield f"   :inherited-members: {', '.join(others)}"


def _is_part(base: type) -> bool:
    top, _, rest = base.__module__.partition(".")
    package = rest.partition(".")[0]
    return (
        top == "qiskit_qmu"
        and package in _PAGES
        and base.__name__ not in _public(import_module(f"{top}.{package}"))
    )


def _constants(module: ModuleType, members: list[_Name]) -> Iterator[str]:
    for found in members:
        yield f".. py:data:: {module.__name__}.{found.name}\n"
        yield from (f"   {line}" for line in found.documentation.splitlines())
        yield ""


def _rst(lines: Any) -> str:
    return "\n".join(["```{eval-rst}", *lines, "```\n"])
