"""Versions of the packages that run circuits."""

from importlib.metadata import PackageNotFoundError, version

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


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
