"""Versions of the packages that run circuits, and the machine that they run on."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_CIRCUITS = (
    "qiskit-qmu",
    "qiskit",
    "qiskit-machine-learning",
    "qiskit-aer",
    "qiskit-ibm-runtime",
)


def package_versions(*more: str) -> dict[str, str]:
    """Return versions by name: of the packages that run circuits, and of others given."""
    return {name: _version(name) for name in (*_CIRCUITS, *more)}


def environment() -> dict[str, Any]:
    """Return versions and the machine's kind; no name, path or address of it.

    Example:
        >>> from qiskit_qmu.backends.versions import environment
        >>> sorted(environment())
        ['cores', 'packages', 'python', 'system']
    """
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "packages": package_versions("torch", "numpy", "scikit-learn"),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
