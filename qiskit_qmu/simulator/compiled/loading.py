"""Loads the compiled kernels of one precision."""

from functools import lru_cache
from typing import NamedTuple

from qiskit_qmu.simulator.compiled.job import Function

OLDEST_LLVMLITE = (0, 45)


class Kernels(NamedTuple):
    """The compiled functions of one precision."""

    forward: Function
    backward: Function


@lru_cache
def load_kernels(dtype: str) -> Kernels | None:
    """Return the kernels, None where they cannot be compiled.

    The first process on a machine waits about a second for the compiler, later ones find its code
    in the user's cache folder. Which engine runs a step does not depend on the cache: without one,
    each process compiles for itself.

    Args:
        dtype: "float32" or "float64".
    """
    try:
        return _loaded(dtype)
    except Exception:  # noqa: BLE001  # whatever LLVM refuses, torch serves
        return None


def _loaded(dtype: str) -> Kernels:
    import llvmlite

    if tuple(map(int, llvmlite.__version__.split(".")[:2])) < OLDEST_LLVMLITE:
        raise ImportError(f"llvmlite {llvmlite.__version__} is too old")
    from qiskit_qmu.simulator.compiled.machine_code import load_functions

    return Kernels(*load_functions(dtype))
