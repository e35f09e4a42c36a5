"""Whether the code that makes a model's module is that with which the model was saved."""

import importlib
import sys
from collections.abc import Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from qiskit_qmu.deletions.model_folder import file_digest


def source_remarks(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Say that the file of a model's factory has changed, or is not found; without importing it.

    Args:
        config: The model's own configuration in model.json.

    Returns:
        At most one remark; none for a model without a factory, or of one whose file is not known.
    """
    inner = config.get("model")
    called = config.get("factory") or (inner.get("factory") if isinstance(inner, dict) else None)
    if not isinstance(called, dict) or not called.get("source") or not called.get("name"):
        return ()
    name, (file, digest) = called["name"], called["source"]
    found = _file_of(name.partition(":")[0])
    if found is None or found.name != file:
        return (f"{file}, which defines {name}, is not here, so that its code was not checked",)
    if file_digest(found) == digest:
        return ()
    return (
        f"{file}, which defines {name}, has changed since the model was saved; the code is no part "
        "of what the log records",
    )


def _file_of(module: str) -> Path | None:
    """Return the file of a module, the current folder first, as a model's factory is imported."""
    importlib.invalidate_caches()
    path: list[str] | None = [str(Path.cwd()), *sys.path]
    found = None
    for depth in range(module.count(".") + 1):
        found = PathFinder.find_spec(".".join(module.split(".")[: depth + 1]), path)
        if found is None:
            return None
        path = list(found.submodule_search_locations or ())
    if found is None or found.origin is None or not Path(found.origin).is_file():
        return None
    return Path(found.origin)
