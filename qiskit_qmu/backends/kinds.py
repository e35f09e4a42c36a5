"""The kinds of backends, and which one a name stands for."""

from typing import Any, Literal

Kind = Literal["exact", "aer", "fake", "object", "ibm"]
KINDS: dict[Kind, str] = {
    "exact": "the exact backend",
    "aer": "aer",
    "fake": "fake backends",
    "object": "BackendV2 objects",
    "ibm": "IBM devices",
}
EVERY = tuple(KINDS)
TRANSPILED: tuple[Kind, ...] = ("aer", "fake", "object", "ibm")
DEVICES: tuple[Kind, ...] = ("fake", "object", "ibm")
IBM: tuple[Kind, ...] = ("ibm",)

BACKEND_NAMES = ("exact", "aer", "fake_<device>", "ibm_<device>", "ibm:least_busy")
"""Names that `open_backend` takes; ``fake_torino`` is the fake backend of ``ibm_torino``."""


def kind_of(backend: str | Any) -> Kind | None:
    """Return the kind of a backend, given by name or as an object; None for an unknown name."""
    if not isinstance(backend, str):
        module = type(backend).__module__
        fake = "fake_provider" in module
        ibm = module.startswith("qiskit_ibm_runtime")
        return ("fake" if fake else "ibm") if ibm else "object"
    if backend.startswith(("ibm_", "ibm:")):
        return "ibm"
    if backend.startswith("fake_"):
        return "fake"
    return next((kind for kind in ("exact", "aer") if kind == backend), None)


def label_of(backend: str | Any) -> str:
    """Return the name of a backend, given by name or as an object."""
    if isinstance(backend, str):
        return backend
    return getattr(backend, "name", None) or type(backend).__name__
