"""Declared outputs of a module: checks, and conversion to logits."""

from typing import Literal

import torch

from qiskit_qmu._check import InputError

Outputs = Literal["logits", "probabilities", "expectation"]
"""What a module returns: logits, probabilities of the classes, or one value between -1 and 1."""

_TOLERANCE = 1e-4
"""Tolerance of sums and limits in single precision."""


def logits_of(outputs: torch.Tensor, kind: Outputs) -> torch.Tensor:
    """Convert a module's outputs to logits (n, classes).

    Args:
        outputs: (n, classes); or (n, 1) or (n,) for a single value.
        kind: What they are.
    """
    if kind == "logits":
        return outputs
    if kind == "probabilities" and outputs.dim() == 2 and outputs.shape[1] > 1:
        return _log(outputs)
    value = outputs.reshape(-1, 1)
    positive = value if kind == "probabilities" else (1 + value) / 2
    return torch.cat([_log(1 - positive), _log(positive)], dim=1)


def check_outputs(outputs: torch.Tensor, kind: Outputs) -> None:
    """Check that outputs are of the declared kind.

    Args:
        outputs: A module's outputs for a few rows.
        kind: The declared kind.

    Raises:
        InputError: If probabilities are outside [0, 1] or do not sum to 1, or an expectation has
            more than one value per row or is outside [-1, 1].
    """
    single = outputs.dim() == 1 or outputs.shape[1:] == (1,)
    low, high = float(outputs.min()), float(outputs.max())
    if kind == "expectation":
        if not single:
            raise InputError(
                "outputs='expectation' requires one value per row, got outputs of shape "
                f"{tuple(outputs.shape)}"
            )
        _check_range("expectation", low, high, -1.0)
    elif kind == "probabilities":
        _check_range("probabilities", low, high, 0.0)
        if not single and float((outputs.sum(dim=-1) - 1).abs().max()) > _TOLERANCE:
            raise InputError(
                "outputs='probabilities' must sum to 1 in each row, but one sums to "
                f"{float(outputs.sum(dim=-1).flatten()[0]):.3g}"
            )


def _check_range(kind: Outputs, low: float, high: float, least: float) -> None:
    if low < least - _TOLERANCE or high > 1 + _TOLERANCE:
        wrong = high if high > 1 else low
        raise InputError(f"outputs={kind!r} must lie between {least:g} and 1, got {wrong:.3g}")


def _log(probabilities: torch.Tensor) -> torch.Tensor:
    return probabilities.clamp_min(torch.finfo(probabilities.dtype).eps).log()
