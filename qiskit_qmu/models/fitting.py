"""What a model has of training rows beside its weights: fitted before training, moved by it."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.modules.batchnorm import _NormBase

from qiskit_qmu._check import InputError
from qiskit_qmu.models.dry_run import without_circuits
from qiskit_qmu.models.mode import in_mode
from qiskit_qmu.models.observing import ROWS_AT_ONCE
from qiskit_qmu.models.parts import is_frozen, parts_with, plain_parts

_ROWS_TO_TRY = 8


def fit_inputs(module: torch.nn.Module, rows: torch.Tensor) -> None:
    """Let every part that fits something to training rows do so, before training.

    A part that has a method ``fit_inputs(x)`` is given what reaches it when the rows pass through
    the module in evaluation mode: for the module itself, the rows. What stands in front of it runs,
    circuits included.

    Args:
        module: Any module.
        rows: Training rows (n, …).

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import fit_inputs
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> fit_inputs(model, torch.as_tensor(qmu.load_dataset("iris").x_train))
        >>> model.scaler.is_fitted
        True
    """
    waiting = parts_with(module, "fit_inputs")
    with in_mode(module, training=False), torch.no_grad():
        while waiting:
            part, inputs = _first_reached(module, waiting, rows)
            if part is None:
                return  # the others are not part of the forward pass
            part.fit_inputs(inputs.cpu().numpy())
            waiting.remove(part)


class _ReachedError(Exception):
    """A forward pass came to a part that waits for its inputs."""


def _first_reached(
    module: torch.nn.Module, waiting: list[Any], rows: torch.Tensor
) -> tuple[Any, torch.Tensor]:
    """Return the first of some parts in a forward pass, and all that reaches it."""
    reached: list[tuple[Any, torch.Tensor]] = []

    def stop(part: torch.nn.Module, arguments: tuple[Any, ...]) -> None:
        reached.append((part, arguments[0]))
        raise _ReachedError

    handles = [part.register_forward_pre_hook(stop) for part in waiting]
    try:
        for chunk in rows.split(ROWS_AT_ONCE):
            try:
                module(chunk)
            except _ReachedError:
                continue
            return None, rows
    finally:
        for handle in handles:
            handle.remove()
    return reached[0][0], torch.cat([inputs for _, inputs in reached])


def check_resettable(module: torch.nn.Module, rows: torch.Tensor) -> None:
    """Refuse a model that holds what training rows left in it and nobody knows how to reset.

    Known are weights, running statistics, and whatever a part's own ``reinitialize`` resets. A few
    rows pass through a copy in training mode, without circuits, to see what else they move.

    Args:
        module: A trained model.
        rows: Rows (n, …) of its task, of which the first few are used.

    Raises:
        InputError: If it holds an estimator of scikit-learn, or a pass in training mode moves a
            buffer or tensor of a part that has no ``reinitialize``.

    Warns:
        UserWarning: If a part that has no ``reinitialize`` holds another persistent buffer of
            floats: nobody can tell a constant from what was computed from training rows.

    Example:
        >>> import torch
        >>> from qiskit_qmu.models import check_resettable
        >>> rows = torch.ones(8, 2)
        >>> check_resettable(torch.nn.BatchNorm1d(2), rows)
        >>> class Cache(torch.nn.Module):
        ...     def forward(self, x):
        ...         self.rows = x
        ...         return x
        >>> check_resettable(Cache(), rows)
        Traceback (most recent call last):
            ...
        qiskit_qmu._check.InputError: cannot reset 'rows' of Cache, which training changes, ...
    """
    from sklearn.base import BaseEstimator  # (slow to load)

    for name, part in plain_parts(module).items():
        for attribute, value in vars(part).items():
            if isinstance(value, BaseEstimator):
                raise _unknown(name, part, attribute, "which may be fitted to forgotten rows")
    copy = without_circuits(module)
    before = _unknown_state(copy)
    with torch.random.fork_rng(devices=[]), in_mode(copy, training=True), torch.no_grad():
        copy(rows[:_ROWS_TO_TRY])
    for (name, attribute), value in _unknown_state(copy).items():
        old = before.get((name, attribute))
        if old is None or not torch.equal(old, value):
            part = copy.get_submodule(name)
            raise _unknown(name, part, attribute, "which training changes")
    if getattr(module, "made_by", None) is None:  # (a factory makes buffers anew)
        _warn_of_constants(copy)


def _unknown(name: str, part: torch.nn.Module, attribute: str, why: str) -> InputError:
    where = f"{name}.{attribute}" if name else attribute
    kind = type(part).__name__
    return InputError(
        f"cannot reset {where!r} of {kind}, {why}, so a retrained model could keep what the rows "
        f"left there; give {kind} a method reinitialize(generator), and fit_inputs(x) if it is "
        "fitted before training"
    )


def _warn_of_constants(module: torch.nn.Module) -> None:
    kept = [
        f"{name}.{attribute}" if name else attribute
        for name, part in plain_parts(module).items()
        if not isinstance(part, _NormBase) and not is_frozen(part, within=module)
        for attribute, buffer in part._buffers.items()  # noqa: SLF001
        if attribute not in part._non_persistent_buffers_set  # noqa: SLF001
        and buffer is not None
        and buffer.is_floating_point()
    ]
    if kept:
        warnings.warn(
            f"retraining keeps {', '.join(kept)} as in the trained model; if computed from "
            "training rows, its module needs reinitialize(generator) and fit_inputs(x), and if "
            "constant, register_buffer(…, persistent=False) says so",
            stacklevel=2,
        )


def _unknown_state(module: torch.nn.Module) -> dict[tuple[str, str], torch.Tensor]:
    """Return copies of tensors, no weights, whose first values are not known, by part and name."""
    return {
        (name, attribute): value.detach().clone()
        for name, part in plain_parts(module).items()
        if not isinstance(part, _NormBase) or is_frozen(part, within=module)
        for attribute, value in {**part._buffers, **vars(part)}.items()  # noqa: SLF001
        if isinstance(value, torch.Tensor)
    }


@contextmanager
def kept_state(module: torch.nn.Module) -> Iterator[None]:
    """Keep all buffers as they are, whatever is done inside the block.

    Layers with buffers, such as running statistics, are in evaluation mode meanwhile, also where
    the rest is trained.

    Args:
        module: Any module.

    Example:
        >>> import torch
        >>> from qiskit_qmu.models import kept_state
        >>> model = torch.nn.BatchNorm1d(2)
        >>> with kept_state(model):
        ...     outputs = model(torch.ones(8, 2))
        >>> model.running_mean
        tensor([0., 0.])
    """
    modes = {part: part.training for part in module.modules()}
    buffers = [
        (part, name, buffer, buffer.clone())
        for part in module.modules()
        for name, buffer in part._buffers.items()  # noqa: SLF001
        if buffer is not None
    ]
    if not module.training:
        module.train()
    for part, *_ in buffers:
        part.training = part is module
    try:
        yield
    finally:
        for part, mode in modes.items():
            part.training = mode
        for part, name, buffer, value in buffers:
            with torch.no_grad():
                buffer.copy_(value)
            part._buffers[name] = buffer  # noqa: SLF001
