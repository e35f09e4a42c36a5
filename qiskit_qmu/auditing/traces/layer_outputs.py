"""What each layer of a model puts out on rows, recorded while the model runs."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit_machine_learning.connectors import TorchConnector

from qiskit_qmu.backends import connectors_of
from qiskit_qmu.data import Rows
from qiskit_qmu.models import ROWS_AT_ONCE, as_tensors, in_mode
from qiskit_qmu.models.dry_run import no_circuits, zeros

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False)
class _Call:
    """Inputs and outputs of one call of a connector."""

    connector: TorchConnector
    inputs: torch.Tensor
    outputs: torch.Tensor


def layer_outputs(model: torch.nn.Module, part: Rows) -> dict[str, Array]:
    """Return the outputs (n, columns) of each layer on rows."""
    rows, _ = as_tensors(model, part.x, part.y)
    parts = [_passed(model, chunk) for chunk in rows.split(ROWS_AT_ONCE)]
    if any(table is None for table in parts):  # calls that are not one for all rows
        parts = [_passed(model, row) for row in rows.split(1)]
    tables = [table for table in parts if table is not None]
    joined = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    if not _has_front(model, rows):
        joined.pop("front", None)
    return joined


def _passed(model: torch.nn.Module, rows: torch.Tensor) -> dict[str, Array] | None:
    """Return the outputs of each layer; None if a call does not have the given rows in order."""
    calls: list[_Call] = []

    def keep(connector: TorchConnector, arguments: tuple[Any, ...], outputs: torch.Tensor) -> None:
        calls.append(_Call(connector, arguments[0], outputs))

    connectors = connectors_of(model)
    handles = [connector.register_forward_hook(keep) for connector in connectors]
    try:
        with in_mode(model, training=False), torch.no_grad():
            logits = model(rows)
    finally:
        for handle in handles:
            handle.remove()
    reached = list(dict.fromkeys(call.connector for call in calls))
    if len(rows) > 1 and (
        len(reached) < len(calls) or any(len(call.inputs) != len(rows) for call in calls)
    ):
        return None
    names = ["quantum"] if len(reached) == 1 else [f"quantum_{i + 1}" for i in range(len(reached))]
    tables = {"front": _table(calls[0].inputs, rows)} if calls else {}
    for name, connector in zip(names, reached, strict=True):
        own = [_table(call.outputs, rows) for call in calls if call.connector is connector]
        tables[name] = np.hstack(own)
    return {**tables, "logits": _table(logits, rows)}


def _table(tensor: torch.Tensor, rows: torch.Tensor) -> Array:
    return np.asarray(tensor.detach().double().cpu().numpy().reshape(len(rows), -1))


def _has_front(model: torch.nn.Module, rows: torch.Tensor) -> bool:
    """Return whether trainable parameters stand before the first circuit that is reached."""
    trainable: list[bool] = []

    def look(_connector: TorchConnector, arguments: tuple[Any, ...]) -> None:
        trainable.append(bool(arguments[0].requires_grad))

    handles = [each.register_forward_pre_hook(look) for each in connectors_of(model)]
    try:
        with no_circuits(model, zeros) as dry, torch.enable_grad():
            dry(rows[:1])
    finally:
        for handle in handles:
            handle.remove()
    return trainable[0] if trainable else False
