"""Names in backticks, as docstrings write them, become links where they name something public.

Signatures say ArrayLike, as they are written, and not what it stands for.
"""

from typing import Any

from docutils import nodes
from numpy.typing import ArrayLike
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode
from sphinx.util.typing import stringify_annotation

_PACKAGE = "qiskit_qmu."
_ARRAY_LIKE = stringify_annotation(ArrayLike, "smart")


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """Link a name that one public object has; leave any other as code.

    A full name of this package that does not exist stays unresolved, which is a warning.
    """
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"].removeprefix("~")
    found = _public(app, target)
    if found is not None:
        page, anchor = found
        return make_refnode(app.builder, node["refdoc"], page, anchor, content, target)
    is_public_name = target.startswith(_PACKAGE) and node["reftype"] != "class"
    return None if is_public_name else content


def _public(app: Sphinx, target: str) -> tuple[str, str] | None:
    """Return the page and anchor of the only public object with a name; None if there is none."""
    found = _by_last_word(app).get(target.rpartition(".")[2], {})
    ending = "" if target.startswith(_PACKAGE) else f".{target}"
    places = {place for name, place in found.items() if name.endswith(ending)}
    return places.pop() if len(places) == 1 else None


def _by_last_word(app: Sphinx) -> dict[str, dict[str, tuple[str, str]]]:
    """Return the places of all public objects; made once, when all pages are read."""
    kept: dict[str, dict[str, tuple[str, str]]] | None = getattr(app, "qmu_names", None)
    if kept is not None:
        return kept
    table: dict[str, dict[str, tuple[str, str]]] = {}
    for name, entry in app.env.domains.python_domain.objects.items():
        if entry.objtype in ("class", "function", "exception", "data", "method", "property"):
            last = name.rpartition(".")[2]
            table.setdefault(last, {})[name] = (entry.docname, entry.node_id)
    app.qmu_names = table  # type: ignore[attr-defined]
    return table


def skip_inherited(
    app: Sphinx, what: str, name: str, value: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out what scikit-learn adds to estimators: it is described there."""
    added = name.startswith("set_") and name.endswith("_request")
    return True if added or name == "get_metadata_routing" else None


def name_array_like(
    app: Sphinx, what: str, name: str, value: Any, options: Any, arguments: str | None, result: str
) -> tuple[str, str] | None:
    """Put the name of numpy's alias in place of the union that it stands for."""
    if arguments is None or _ARRAY_LIKE not in arguments:
        return None
    return arguments.replace(_ARRAY_LIKE, "ArrayLike"), result


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the resolver."""
    app.connect("missing-reference", resolve)
    app.connect("autodoc-skip-member", skip_inherited)
    app.connect("autodoc-process-signature", name_array_like)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
