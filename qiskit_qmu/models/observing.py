"""Observes a model: its outputs, losses and circuit outputs on given rows."""

import math
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from qiskit_machine_learning.connectors import TorchConnector

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend, connectors_of, recorded_counts, submit_all_first
from qiskit_qmu.models.checking import (
    check_answers,
    check_logits,
    check_module,
    check_returns_logits,
)
from qiskit_qmu.models.dry_run import no_circuits
from qiskit_qmu.models.mode import in_mode
from qiskit_qmu.models.small_work import small_work_on_one_thread
from qiskit_qmu.models.tensors import as_row_tensor, as_tensors
from qiskit_qmu.objectives import (
    CrossEntropy,
    HasRowLosses,
    Objective,
    RowLoss,
    as_values_of,
    objective_for,
)
from qiskit_qmu.observation import Observations

ROWS_AT_ONCE = 512
"""Rows per batch of an observed model."""


def observe(
    module: torch.nn.Module,
    x: ArrayLike,
    y: ArrayLike,
    objective: RowLoss | HasRowLosses | None = None,
) -> Observations:
    """Evaluate a model without changing it.

    Args:
        module: Any module to which the objective applies; for cross-entropy one that returns logits
            (n, classes).
        x: Rows (n, …), finite; converted to the module's precision and device.
        y: Labels (n,), or one-hot rows (n, classes); or values (n,) or (n, outputs).
        objective: What the model learned. None for cross-entropy with class labels, and squared
            error with floats; see `qiskit_qmu.objectives`.

    Returns:
        Logits and labels of a classifier, or outputs and targets of a regression model, and for all
        objectives except cross-entropy the losses. If the module has a TorchConnector, also the
        outputs of the last one; with the counts (n, 2^bits) that they were computed from if its
        backend measures with shots, in one basis, on at most 16 qubits.

        If a connector is called several times for a row, as on patches of an image or in a
        recurrent model, the outputs of all calls are concatenated, (n, calls · outputs), and there
        are no counts. If calls do not keep the order of the rows, as with patches first and rows
        second, there are no circuit outputs.

    Raises:
        InputError: If the objective does not apply to the module's outputs, there are no rows,
            lengths differ, or a value is NaN or infinite.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> diabetes = qmu.load_dataset("diabetes")
        >>> observed = qmu.observe(torch.nn.Linear(10, 1), diabetes.x_test, diabetes.y_test)
        >>> observed.outputs.shape, observed.row_losses.shape
        ((142,), (142,))
    """
    check_module(module)
    learned = objective_for(objective, module, y)
    rows, answers = as_tensors(module, x, y, learned.predicts)
    check_answers(module, rows, answers, learned)
    with (
        in_mode(module, training=False),
        torch.no_grad(),
        small_work_on_one_thread(module, min(len(rows), ROWS_AT_ONCE)),
        recorded_counts(connectors_of(module)[-1:]) as counts,
    ):
        chunks = zip(rows.split(ROWS_AT_ONCE), answers.split(ROWS_AT_ONCE), strict=True)
        passes = submit_all_first([module], [partial(_pass, module, *c, learned) for c in chunks])
    observed, calls = zip(*passes, strict=True)
    named: dict[str, Any] = {
        name: np.concatenate([part[name] for part in observed]) for name in observed[0]
    }
    expectations = _side_by_side(module, rows, calls)
    return Observations(
        **named,
        expectations=expectations,
        shots=_shots_of(module),
        counts=counts.table(len(rows)) if _once_for_each_row(calls) else None,
    )


def predicted_logits(module: torch.nn.Module, x: ArrayLike) -> NDArray[np.float64]:
    """Return the logits (n, classes) of rows, in evaluation mode and in portions.

    Args:
        module: Any module that returns logits.
        x: Rows (n, …), as for `observe`.

    Raises:
        InputError: If there are no rows, a value is infinite or missing, or the module returns no
            logits.
    """
    check_module(module)
    check_returns_logits(module, as_row_tensor(module, x))
    return predicted(module, x)


def predicted(module: torch.nn.Module, x: ArrayLike) -> NDArray[np.float64]:
    """Return the outputs (n, …) of rows, in evaluation mode and in portions.

    Args:
        module: Any module.
        x: Rows (n, …), as for `observe`.

    Raises:
        InputError: If there are no rows, or a value is infinite or missing.
    """
    rows = as_row_tensor(module, x)
    with in_mode(module, training=False), torch.no_grad():
        calls = [partial(module, chunk) for chunk in rows.split(ROWS_AT_ONCE)]
        parts = submit_all_first([module], calls)
    return np.concatenate([part.double().cpu().numpy() for part in parts])


def _shots_of(module: torch.nn.Module) -> int | None:
    backend = getattr(module, "backend", None)
    return backend.shots if isinstance(backend, Backend) else None


_Calls = list[NDArray[np.float64]]
"""The outputs (rows of the call, outputs) of each call of the last connector, for some rows."""


def _pass(
    module: torch.nn.Module, rows: torch.Tensor, answers: torch.Tensor, objective: Objective
) -> tuple[dict[str, NDArray[Any]], tuple[int, _Calls]]:
    """Return arrays of observations, and the last connector's calls.

    Each entry of the calls has its number of rows, and the outputs.
    """
    calls: _Calls = []

    def keep(connector: TorchConnector, _inputs: Any, output: torch.Tensor) -> None:
        size = math.prod(connector.neural_network.output_shape)
        calls.append(output.detach().double().cpu().numpy().reshape(-1, size))

    handles = [c.register_forward_hook(keep) for c in connectors_of(module)[-1:]]
    try:
        observed = answered(module, rows, answers, objective)
    finally:
        for handle in handles:
            handle.remove()
    arrays = {
        name: (tensor.double() if tensor.is_floating_point() else tensor).cpu().numpy()
        for name, tensor in observed.items()
    }
    return arrays, (len(rows), calls)


def answered(
    module: torch.nn.Module, rows: torch.Tensor, answers: torch.Tensor, objective: Objective
) -> dict[str, torch.Tensor]:
    """Return outputs and losses of a module on rows, from one pass.

    Args:
        module: The module, in the desired mode.
        rows: Rows (n, …).
        answers: Labels (n,), or values (n,) or (n, outputs).
        objective: What the module learned.

    Returns:
        Logits and labels for cross-entropy; the row losses for any other objective, with logits
        and labels of classes, or outputs and targets of values.

    Raises:
        InputError: If the module's outputs do not fit the objective.

    Example:
        >>> import torch
        >>> from qiskit_qmu.models import answered
        >>> from qiskit_qmu.objectives import CrossEntropy
        >>> model, rows, labels = torch.nn.Linear(4, 3), torch.zeros(2, 4), torch.tensor([0, 2])
        >>> sorted(answered(model, rows, labels, CrossEntropy()))
        ['labels', 'logits']
    """
    if isinstance(objective, CrossEntropy):  # its losses follow from the logits
        logits = module(rows)
        check_logits(module, logits)
        return {"logits": logits, "labels": answers}
    returned: list[torch.Tensor] = []
    handle = module.register_forward_hook(lambda _module, _inputs, out: returned.append(out))
    try:
        losses = {"row_losses": objective.row_losses(module, rows, answers)}
    finally:
        handle.remove()
    if objective.predicts == "classes":
        if len(returned) != 1:
            raise InputError(
                f"an objective for classes must call the model once, but called it {len(returned)} "
                "times"
            )
        check_logits(module, returned[0])
        return {"logits": returned[0], "labels": answers, **losses}
    if objective.predicts == "values":
        # An objective may call submodules, or the model several times.
        single = len(returned) == 1 and isinstance(returned[0], torch.Tensor)
        outputs = {"outputs": as_values_of(returned[0], answers)} if single else {}
        return {**losses, **outputs, "targets": answers}
    return losses


def _once_for_each_row(answers: tuple[tuple[int, _Calls], ...]) -> bool:
    return all(len(calls) == 1 and len(calls[0]) == rows for rows, calls in answers)


def _side_by_side(
    module: torch.nn.Module, rows: torch.Tensor, answers: tuple[tuple[int, _Calls], ...]
) -> NDArray[np.float64] | None:
    """Return the outputs (n, calls · outputs) of all rows; None if their rows are unknown."""
    if not all(calls and all(len(c) % count == 0 for c in calls) for count, calls in answers):
        return None
    tables = [np.concatenate([c.reshape(count, -1) for c in calls], 1) for count, calls in answers]
    if len({table.shape[1] for table in tables}) > 1:
        return None
    if not _once_for_each_row(answers) and not _in_order(module, rows):
        return None
    return np.concatenate(tables)


def _in_order(module: torch.nn.Module, rows: torch.Tensor) -> bool:
    """Return whether calls of the last connector keep the order of the rows.

    Two random rows are passed through the module together and one by one, without running circuits.
    """
    generator = torch.Generator().manual_seed(0)
    rows = torch.nan_to_num(rows)  # (of missing values)
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
        # Outputs that depend on the inputs, so that later calls differ between rows too.
        means = inputs.mean(-1).reshape(*inputs.shape[:-1], *(1 for _ in shape))
        return means.expand(*inputs.shape[:-1], *shape)

    with no_circuits(module, stand_in) as dry, torch.no_grad():
        dry(rows)
    return seen
