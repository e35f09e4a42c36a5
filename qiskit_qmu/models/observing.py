"""What an attacker sees of a model: logits and circuit outputs on given rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu.backends import connectors_of, recorded_counts, sent_ahead
from qiskit_qmu.observation import Observations

ROWS_AT_ONCE = 512
"""Rows that are given to an observed model at once."""


def observe(module: torch.nn.Module, x: ArrayLike, y: ArrayLike) -> Observations:
    """Evaluate a model without changing it.

    Args:
        module: Any module that returns logits (n, classes).
        x: Rows (n, …), finite.
        y: Labels (n,).

    Returns:
        Logits, labels and, if the module holds a TorchConnector, the outputs of the last one; with
        the counts (n, 2^bits) they were computed from where its backend measures with shots, in one
        basis, at most 16 qubits.

    Raises:
        InputError: If there are no rows, lengths differ, or a value is NaN or infinite.
    """
    rows = np.asarray(x, dtype=np.float32)
    labels = np.asarray(y)
    _check.not_empty(x=rows)
    _check.same_length(x=rows, y=labels)
    _check.finite(x=rows)
    chunks = [rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE)]
    with (
        in_mode(module, training=False),
        torch.no_grad(),
        recorded_counts(connectors_of(module)[-1:]) as counts,
    ):
        answers = sent_ahead([module], [partial(_answers, module, chunk) for chunk in chunks])
    logits, outputs = zip(*answers, strict=True)
    return Observations(
        logits=np.concatenate(logits),
        labels=labels,
        expectations=np.concatenate(outputs) if connectors_of(module) else None,
        counts=counts.table(len(rows)),
    )


def _answers(
    module: torch.nn.Module, rows: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return logits, and the outputs of the last connector, empty where there is none."""
    outputs = [np.zeros(0)]
    handles = [
        connector.register_forward_hook(
            lambda _module, _inputs, output: outputs.append(output.detach().double().cpu().numpy())
        )
        for connector in connectors_of(module)[-1:]
    ]
    try:
        logits: NDArray[np.float64] = module(torch.as_tensor(rows)).double().cpu().numpy()
    finally:
        for handle in handles:
            handle.remove()
    return logits, outputs[-1]


@contextmanager
def in_mode(module: torch.nn.Module, *, training: bool) -> Iterator[None]:
    """Put a module in training or evaluation mode, and each of its parts back in its own after.

    Args:
        module: Any module. Where it is in training mode already, its parts that are in evaluation
            mode were frozen there and stay so; where it is in evaluation mode, all its parts train.
        training: Training mode rather than evaluation mode.
    """
    modes = {child: child.training for child in module.modules()}
    if not (training and module.training):
        module.train(training)
    try:
        yield
    finally:
        for child, mode in modes.items():
            child.training = mode
