"""Files of kernel models: JSON, arrays and the feature map, with checksums."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from qiskit_machine_learning.kernels import BaseKernel

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import (
    arrays_from_bytes,
    arrays_to_bytes,
    entry,
    make_folder,
    read_set,
    reading,
    write_set,
)
from qiskit_qmu.circuits.circuit_files import circuit_from_bytes, circuit_to_bytes
from qiskit_qmu.kernels.kernel_matrices import Kernel
from qiskit_qmu.kernels.statevector_kernel import StatevectorKernel

FORMAT = 1
INDEX = "kernel_model.json"
_ARRAYS, _CIRCUIT = "arrays.npz", "feature_map.qpy"
_WHAT = "a saved kernel model"

_DEFAULT, _PRECOMPUTED, _STATEVECTOR, _GIVEN = "default", "precomputed", "statevector", "given"
_KINDS = (_DEFAULT, _PRECOMPUTED, _STATEVECTOR, _GIVEN)

Arrays = Mapping[str, NDArray[Any]]


def write_kernel_model(
    path: str | Path,
    content: Mapping[str, Any],
    arrays: Arrays,
    kernel: Kernel,
    *,
    overwrite: bool,
) -> None:
    """Write a model to a folder.

    Args:
        path: The folder; made if missing.
        content: JSON values, "model" and "arguments" among them.
        arrays: Arrays by name.
        kernel: The kernel; of one that runs on a device, only that there is one is kept.
        overwrite: Whether a saved one that the folder holds is replaced.

    Raises:
        InputError: If the folder holds one, or cannot be written.
    """
    if (Path(path) / INDEX).exists() and not overwrite:
        raise InputError(f"{path} holds {_WHAT} already; save to another folder, or overwrite=True")
    files = {_ARRAYS: arrays_to_bytes(arrays)}
    if isinstance(kernel, StatevectorKernel):
        files[_CIRCUIT] = circuit_to_bytes(kernel.feature_map)
    own = {"format": FORMAT, "kernel": _kind(kernel), **content}
    write_set(make_folder(path), INDEX, own, files)


def read_kernel_model(
    path: str | Path, kernel: Kernel
) -> tuple[dict[str, Any], dict[str, NDArray[Any]], Kernel]:
    """Return content, arrays and kernel that `write_kernel_model` wrote.

    Args:
        path: The folder.
        kernel: The kernel to use; None for the one that was saved.

    Raises:
        InputError: If a file is missing, was changed or is of another version, or the kernel is
            needed and was not given.
    """
    folder = Path(path)
    content, files = read_set(folder, INDEX, _WHAT)
    with reading(folder / INDEX, _WHAT):
        if content.get("format") != FORMAT:
            raise InputError(
                f"unsupported format {content.get('format')}, this version requires {FORMAT}"
            )
        kind = entry(content, "kernel", str)
        _check.one_of(_KINDS, kernel=kind)
        arrays = arrays_from_bytes(files[_ARRAYS], texts=True)
        saved: Kernel = None
        if kind == _STATEVECTOR:
            saved = StatevectorKernel(circuit_from_bytes(files[_CIRCUIT]))
        elif kind == _PRECOMPUTED:
            saved = _PRECOMPUTED
    if kind == _GIVEN and kernel is None:
        raise InputError(
            f"{path} was fitted with a kernel that a file cannot hold; give it as kernel=…"
        )
    return content, arrays, saved if kernel is None else kernel


def _kind(kernel: Kernel) -> str:
    if kernel is None:
        return _DEFAULT
    if isinstance(kernel, StatevectorKernel):
        return _STATEVECTOR
    return _PRECOMPUTED if not isinstance(kernel, BaseKernel) and kernel == _PRECOMPUTED else _GIVEN
