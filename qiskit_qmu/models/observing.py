"""What an attacker sees of a model: logits and circuit outputs on given rows."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu.backends import connectors_of, recorded_counts
from qiskit_qmu.observation import Observations

_ROWS_AT_ONCE = 512


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
    circuit_outputs: list[np.ndarray] = []
    handles = [
        connector.register_forward_hook(
            lambda _module, _inputs, output: circuit_outputs.append(output.detach().cpu().numpy())
        )
        for connector in connectors_of(module)[-1:]
    ]
    try:
        with (
            in_mode(module, training=False),
            torch.no_grad(),
            recorded_counts(connectors_of(module)[-1:]) as counts,
        ):
            logits = [
                module(torch.as_tensor(rows[start : start + _ROWS_AT_ONCE])).cpu().numpy()
                for start in range(0, len(rows), _ROWS_AT_ONCE)
            ]
    finally:
        for handle in handles:
            handle.remove()
    expectations = np.concatenate(circuit_outputs) if circuit_outputs else None
    return Observations(
        logits=np.concatenate(logits).astype(np.float64),
        labels=labels,
        expectations=None if expectations is None else expectations.astype(np.float64),
        counts=counts.table(len(rows)),
    )


@contextmanager
def in_mode(module: torch.nn.Module, *, training: bool) -> Iterator[None]:
    """Put a module in training or evaluation mode, and each of its parts back in its own after.

    Args:
        module: Any module; a part of it may be in another mode than the whole.
        training: Training mode rather than evaluation mode.
    """
    modes = {child: child.training for child in module.modules()}
    module.train(training)
    try:
        yield
    finally:
        for child, mode in modes.items():
            child.training = mode
