"""Kernel matrices of rows, from whatever kernel a user has."""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit.library import z_feature_map, zz_feature_map
from qiskit_machine_learning.kernels import BaseKernel

from qiskit_qmu._check import InputError
from qiskit_qmu.kernels.statevector_kernel import StatevectorKernel

Kernel = BaseKernel | Callable[[Any, Any], Any] | str | None
"""A kernel of Qiskit ML, a function of two arrays of rows, "precomputed", or None for the
statevector kernel of the ZZ feature map."""

Function = Callable[[Any, Any], NDArray[np.float64]]


def kernel_function(kernel: Kernel, num_features: int) -> Function:
    """Return a function of rows (n, features) and (m, features), or None, to a matrix (n, m).

    A kernel of Qiskit ML that was set to make its matrices positive semi-definite is asked for
    those that it measured: the projection mixes all rows, so that entries of retained rows would
    depend on deleted ones.

    Args:
        kernel: The kernel.
        num_features: Features of a row.

    Raises:
        InputError: If it is none.
    """
    if kernel is None:
        paired = zz_feature_map if num_features > 1 else z_feature_map  # (one has no pair)
        return StatevectorKernel(paired(num_features)).evaluate
    if isinstance(kernel, BaseKernel):
        measured = copy.copy(kernel)
        measured._enforce_psd = False  # noqa: SLF001  (there is no other way)
        return measured.evaluate  # type: ignore[no-any-return]
    if callable(kernel):
        return partial(_called, kernel)
    raise InputError(
        "kernel must be a kernel of Qiskit ML, a function of two arrays, 'precomputed' or None, "
        f"got {kernel!r}"
    )


def _called(kernel: Callable[[Any, Any], Any], left: Any, right: Any) -> NDArray[np.float64]:
    return np.asarray(kernel(left, left if right is None else right), dtype=np.float64)
