"""State that a model derives from training rows besides its weights."""

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
    """Fit all submodules with a method ``fit_inputs`` to training rows, before training.

    ``fit_inputs(x)`` gets the submodule's inputs when the rows are passed through the module in
    evaluation mode; for the module itself, the rows. Everything in front of it runs, including
    circuits.

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
                return  # the other submodules are not part of the forward pass
            part.fit_inputs(inputs.cpu().numpy())
            waiting.remove(part)


class _ReachedError(Exception):
    """A forward pass reached a submodule that waits for its inputs."""


def _first_reached(
    module: torch.nn.Module, waiting: list[Any], rows: torch.Tensor
) -> tuple[Any, torch.Tensor]:
    """Return the first of some submodules in a forward pass, and all its inputs."""
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
    """Raise InputError if a model has state derived from training rows that cannot be reset.

    Weights, running statistics, and state that a submodule's ``reinitialize`` resets are known. A
    few rows are passed through a copy in training mode, without circuits, to detect other changes.

    Args:
        module: A trained model.
        rows: Rows (n, …) of its task, of which the first few are used.

    Raises:
        InputError: If it contains a scikit-learn estimator, or a pass in training mode changes a
            buffer or tensor of a submodule without ``reinitialize``.

    Warns:
        UserWarning: If a submodule without ``reinitialize`` has another persistent float buffer,
            which may be a constant or computed from training rows.

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
        f"cannot reset {where!r} of {kind}, {why}, so a retrained model could keep traces of the "
        f"forgotten rows; add a method reinitialize(generator) to {kind}, and fit_inputs(x) if it "
        "is fitted before training"
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
            f"retraining keeps {', '.join(kept)} from the trained model; if computed from training "
            "rows, the module needs reinitialize(generator) and fit_inputs(x); if constant, use "
            "register_buffer(…, persistent=False)",
            stacklevel=2,
        )


def _unknown_state(module: torch.nn.Module) -> dict[tuple[str, str], torch.Tensor]:
    """Return copies of non-weight tensors with unknown initial values, by submodule and name."""
    return {
        (name, attribute): value.detach().clone()
        for name, part in plain_parts(module).items()
        if not isinstance(part, _NormBase) or is_frozen(part, within=module)
        for attribute, value in {**part._buffers, **vars(part)}.items()  # noqa: SLF001
        if isinstance(value, torch.Tensor)
    }


@contextmanager
def kept_state(module: torch.nn.Module) -> Iterator[None]:
    """Keep all buffers unchanged inside the block.

    Layers with buffers, such as running statistics, are in evaluation mode inside the block, even
    if the rest is trained.

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
