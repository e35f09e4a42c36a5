"""What an attacker sees of a model: logits and circuit outputs on given rows."""

import math
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from qiskit_machine_learning.connectors import TorchConnector

from qiskit_qmu.backends import connectors_of, recorded_counts, submit_all_first
from qiskit_qmu.models.checking import check_logits, check_module, check_returns_logits
from qiskit_qmu.models.dry_run import no_circuits
from qiskit_qmu.models.mode import in_mode
from qiskit_qmu.models.tensors import as_tensors
from qiskit_qmu.observation import Observations

ROWS_AT_ONCE = 512
"""Rows that are given to an observed model at once."""


def observe(module: torch.nn.Module, x: ArrayLike, y: ArrayLike) -> Observations:
    """Evaluate a model without changing it.

    Args:
        module: Any module that returns logits (n, classes).
        x: Rows (n, …), finite; they are taken in the module's precision, to its device.
        y: Labels (n,), or one-hot rows (n, classes).

    Returns:
        Logits, labels and, if the module holds a TorchConnector, the outputs of the last one; with
        the counts (n, 2^bits) they were computed from where its backend measures with shots, in one
        basis, at most 16 qubits.

        A connector that is called several times for a row, as on patches of an image or in a
        recurrent model, gives the outputs of all calls side by side, (n, calls · outputs), and no
        counts. There are no outputs either where calls do not keep the order of the rows, as when
        patches come first and rows second.

    Raises:
        InputError: If the module returns no logits, there are no rows, lengths differ, or a value
            is NaN or infinite.
    """
    check_module(module)
    rows, labels = as_tensors(module, x, y)
    check_returns_logits(module, rows)
    with (
        in_mode(module, training=False),
        torch.no_grad(),
        recorded_counts(connectors_of(module)[-1:]) as counts,
    ):
        chunks = rows.split(ROWS_AT_ONCE)
        answers = submit_all_first([module], [partial(_answers, module, chunk) for chunk in chunks])
    logits, outputs = zip(*answers, strict=True)
    expectations = _side_by_side(module, rows, outputs)
    return Observations(
        logits=np.concatenate(logits),
        labels=labels.cpu().numpy(),
        expectations=expectations,
        counts=counts.table(len(rows)) if _once_for_each_row(outputs) else None,
    )


_Calls = list[NDArray[np.float64]]
"""The outputs (rows of the call, outputs) of each call of the last connector, for some rows."""


def _answers(
    module: torch.nn.Module, rows: torch.Tensor
) -> tuple[NDArray[np.float64], tuple[int, _Calls]]:
    """Return logits, and how many rows the last connector's calls belong to, with their outputs."""
    calls: _Calls = []

    def keep(connector: TorchConnector, _inputs: Any, output: torch.Tensor) -> None:
        size = math.prod(connector.neural_network.output_shape)
        calls.append(output.detach().double().cpu().numpy().reshape(-1, size))

    handles = [c.register_forward_hook(keep) for c in connectors_of(module)[-1:]]
    try:
        outputs = module(rows)
    finally:
        for handle in handles:
            handle.remove()
    check_logits(module, outputs)
    return outputs.double().cpu().numpy(), (len(rows), calls)


def _once_for_each_row(answers: tuple[tuple[int, _Calls], ...]) -> bool:
    return all(len(calls) == 1 and len(calls[0]) == rows for rows, calls in answers)


def _side_by_side(
    module: torch.nn.Module, rows: torch.Tensor, answers: tuple[tuple[int, _Calls], ...]
) -> NDArray[np.float64] | None:
    """Return the outputs (n, calls · outputs) of all rows; None where they cannot be told apart."""
    if not all(calls and all(len(c) % count == 0 for c in calls) for count, calls in answers):
        return None
    tables = [np.concatenate([c.reshape(count, -1) for c in calls], 1) for count, calls in answers]
    if len({table.shape[1] for table in tables}) > 1:
        return None
    if not _once_for_each_row(answers) and not _in_order(module, rows):
        return None
    return np.concatenate(tables)


def _in_order(module: torch.nn.Module, rows: torch.Tensor) -> bool:
    """Tell whether each call of the last connector takes all inputs of a row, then of the next.

    Two rows with noise, which makes their parts differ, go through the module together and one by
    one, and no circuit is run.
    """
    generator = torch.Generator().manual_seed(0)
    scale = float(rows.std(correction=0)) or 1.0
    noise = torch.randn((2, *rows.shape[1:]), generator=generator, dtype=torch.float64)
    pair = rows[[0, -1]] + (scale * noise).to(rows)
    together, first, second = (_inputs(module, part) for part in (pair, pair[:1], pair[1:]))
    return len(together) == len(first) == len(second) and all(
        both.numel() == one.numel() + other.numel()
        and torch.allclose(both.flatten(), torch.cat([one.flatten(), other.flatten()]), atol=1e-5)
        for both, one, other in zip(together, first, second, strict=True)
    )


def _inputs(module: torch.nn.Module, rows: torch.Tensor) -> list[torch.Tensor]:
    """Return the inputs of each call of the last connector."""
    seen: list[torch.Tensor] = []
    last = connectors_of(module)[-1]

    def stand_in(connector: TorchConnector, inputs: torch.Tensor) -> torch.Tensor:
        if connector is last:
            seen.append(inputs)
        shape = connector.neural_network.output_shape
        # Outputs that follow from the inputs, so that a later call differs from row to row too.
        means = inputs.mean(-1).reshape(*inputs.shape[:-1], *(1 for _ in shape))
        return means.expand(*inputs.shape[:-1], *shape)

    with no_circuits(module, stand_in) as dry, torch.no_grad():
        dry(rows)
    return seen
