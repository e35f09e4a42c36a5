"""Converts rows and labels to tensors in a module's precision and on its device."""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data import are_classes, as_float, as_labels, as_rows, as_values
from qiskit_qmu.models.preprocessing import takes_missing
from qiskit_qmu.objectives import Predicts

_PRECISIONS = {torch.float32: np.float32, torch.float64: np.float64}


def as_tensors(
    module: torch.nn.Module, x: ArrayLike, y: ArrayLike, predicts: Predicts = "classes"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows and labels, or values, as tensors on a module's device, floats in its precision.

    Args:
        module: Any module in float32 or float64.
        x: Rows (n, …): a NumPy array, torch tensor, pandas object or list.
        y: Class numbers (n,), one-hot rows (n, classes), or labels that the module knows (see
            `as_classifier`); or values (n,) or (n, outputs).
        predicts: Content of ``y``: "classes" or "values"; both are allowed for "nothing".

    Returns:
        Rows (n, …), and int64 labels (n,) or values (n,) or (n, outputs).

    Raises:
        InputError: If there are no rows, lengths differ, a value is not a finite number, a label is
            not a class number, or the module is in half precision or on the meta device.

    Example:
        >>> import torch
        >>> from qiskit_qmu.models import as_tensors
        >>> x, y = as_tensors(torch.nn.Linear(2, 2), [[0.1, 0.2], [0.3, 0.4]], [1, 0])
        >>> x.dtype, y
        (torch.float32, tensor([1, 0]))
    """
    dtype, device = placement(module)
    rows = as_row_tensor(module, x)
    if predicts == "classes" or (predicts == "nothing" and are_classes(y)):
        answers: NDArray[Any] = class_numbers(module, y)
    else:
        answers = as_float("y", as_values("y", y), _PRECISIONS[dtype])
    _check.same_length(x=rows, y=answers)
    return rows, torch.as_tensor(answers, device=device)


def as_row_tensor(module: torch.nn.Module, x: ArrayLike) -> torch.Tensor:
    """Return rows (n, …) on a module's device in its precision.

    Args:
        module: Any module in float32 or float64.
        x: Rows, as for `as_tensors`; NaN for missing values if the module fills them.

    Raises:
        InputError: If there are no rows, or a value is infinite, or missing and not filled.
    """
    dtype, device = placement(module)
    try:
        rows = as_rows("x", x, missing=takes_missing(module))
    except InputError as error:
        missing = _missing_values(x)
        if not missing:
            raise
        raise InputError(
            f"x must be finite, got {missing} missing values (NaN); a model with preprocess=True "
            "fills them, as does qmu.as_classifier(…, preprocess=True) with a module of your own"
        ) from error
    _check.not_empty(x=rows)
    return torch.as_tensor(as_float("x", rows, _PRECISIONS[dtype]), device=device)


def class_numbers(module: torch.nn.Module, y: ArrayLike) -> NDArray[np.int64]:
    """Return labels as the numbers of a module's outputs (n,).

    Raises:
        InputError: If they are neither class numbers nor labels that the module knows.
    """
    encode = getattr(module, "class_numbers", None)
    return as_labels("labels", y if encode is None else encode(y))


def placement(module: torch.nn.Module) -> tuple[torch.dtype, torch.device]:
    """Return the precision and the device of a module's first parameter or buffer.

    Returns:
        float32 on the CPU for a module without any.

    Raises:
        InputError: If it is in half precision, which circuits do not support, or on the meta
            device.
    """
    tensors = [t for t in (*module.parameters(), *module.buffers()) if t.is_floating_point()]
    if not tensors:
        return torch.float32, torch.device("cpu")
    dtype, device = tensors[0].dtype, tensors[0].device
    if dtype not in _PRECISIONS:
        name = str(dtype).removeprefix("torch.")
        raise InputError(f"a model must be in float32 or float64, got {name}: call model.float()")
    if device.type == "meta":
        raise InputError("the model is on the meta device; move its weights to memory")
    return dtype, device


def _missing_values(x: ArrayLike) -> int:
    """Return how many values are missing where nothing else is wrong with rows."""
    try:
        return int(np.isnan(as_rows("x", x, missing=True)).sum())
    except InputError:
        return 0
