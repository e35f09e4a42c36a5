"""Loads the compiled kernels of one precision, from Numba's cache on disk where they are there."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

OLDEST_NUMBA = (0, 61)


class Kernels(NamedTuple):
    """The compiled functions of `kernels`, and the samples of one block."""

    forward: Callable[..., None]
    backward: Callable[..., None]
    width: int


@lru_cache
def load_kernels(dtype: str) -> Kernels | None:
    """Return the kernels, compiled once on a machine; None where that cannot be done.

    The first process on a machine waits a few seconds for the compiler, later ones a fraction of a
    second, so which engine runs a step never depends on what is in the cache. Numba caches next to
    the package or, where that is read-only, in the user's cache folder (``NUMBA_CACHE_DIR``);
    without either nothing is compiled.
    """
    try:
        return _compiled(dtype)
    except Exception:  # noqa: BLE001  # whatever Numba, LLVM or the disk refuse, torch serves
        return None


def _compiled(dtype: str) -> Kernels:
    import numba

    if tuple(map(int, numba.__version__.split(".")[:2])) < OLDEST_NUMBA:
        raise ImportError(f"numba {numba.__version__} is too old")
    from qiskit_qmu.simulator.compiled import kernels

    real = numba.from_dtype(np.dtype(dtype))

    def flat(*kinds: Any) -> list[Any]:
        return [numba.types.Array(kind, 1, "C") for kind in kinds]

    whole, number = numba.int32, numba.int64
    gates = [number, *flat(whole, whole, whole, whole, real, real)]
    others = flat(real, numba.int8, real, whole)
    readout = flat(real, whole, real, whole)
    values = [number, number, number, number, *flat(real, real, real)]
    forward = [*gates, *others, *readout, *values, numba.boolean, *flat(*[real] * 5)]
    backward = [*gates, *flat(whole, real), *others, *readout, *values, *flat(*[real] * 10)]

    def compiled(function: Callable[..., None], arguments: list[Any]) -> Callable[..., None]:
        form = numba.void(*arguments, real, number, number)
        made: Callable[..., None] = numba.njit(form, cache=True, nogil=True, error_model="numpy")(
            function
        )
        return made

    return Kernels(
        forward=compiled(kernels.forward, forward),
        backward=compiled(kernels.backward, backward),
        width=kernels.width_of(real),
    )
