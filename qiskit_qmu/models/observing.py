"""What an attacker sees of a model: logits and circuit outputs on given rows."""

import numpy as np
import torch
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu.backends import connectors_of
from qiskit_qmu.observation import Observations

_ROWS_AT_ONCE = 512


def observe(module: torch.nn.Module, x: ArrayLike, y: ArrayLike) -> Observations:
    """Evaluate a model without changing it.

    Args:
        module: Any module that returns logits (n, classes).
        x: Rows (n, …), finite.
        y: Labels (n,).

    Returns:
        Logits, labels and, if the module holds a TorchConnector, the outputs of the last one.

    Raises:
        InputError: If there are no rows, lengths differ, or a value is NaN or infinite.
    """
    rows = np.asarray(x, dtype=np.float32)
    labels = np.asarray(y, dtype=np.int64)
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
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad():
            logits = [
                module(torch.as_tensor(rows[start : start + _ROWS_AT_ONCE])).cpu().numpy()
                for start in range(0, len(rows), _ROWS_AT_ONCE)
            ]
    finally:
        module.train(was_training)
        for handle in handles:
            handle.remove()
    expectations = np.concatenate(circuit_outputs) if circuit_outputs else None
    return Observations(
        logits=np.concatenate(logits).astype(np.float64),
        labels=labels,
        expectations=None if expectations is None else expectations.astype(np.float64),
    )
