"""Dry runs: passes through a model without running its circuits, to determine their usage."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from qiskit_machine_learning.connectors import TorchConnector

from qiskit_qmu.backends import Usage, connectors_of, metered
from qiskit_qmu.models.mode import in_mode
from qiskit_qmu.models.parameters import Module, Part, clone_module, named_parameters

StandIn = Callable[[TorchConnector, torch.Tensor], torch.Tensor]
"""Maps a connector and its inputs (…, num_inputs) to outputs (…, *output_shape)."""


@contextmanager
def no_circuits(
    module: torch.nn.Module, stand_in: StandIn, *, hooks: bool = False
) -> Iterator[torch.nn.Module]:
    """Replace the outputs of a module's connectors inside the block, without running circuits.

    The module is in evaluation mode.

    Args:
        module: Any module.
        stand_in: Returns the connectors' outputs.
        hooks: Whether hooks of its connectors see the passes.

    Yields:
        The module to call.
    """
    connectors = connectors_of(module)
    own = [(vars(c).pop("forward", None), c._forward_hooks) for c in connectors]  # noqa: SLF001
    for connector in connectors:
        vars(connector)["forward"] = partial(_answer, connector, stand_in)
        if not hooks:
            connector._forward_hooks = type(connector._forward_hooks)()  # noqa: SLF001
    try:
        with in_mode(module, training=False):
            # A module compiled by torch.compile would be recompiled; use the original instead.
            yield getattr(module, "_orig_mod", module)
    finally:
        for connector, (forward, own_hooks) in zip(connectors, own, strict=True):
            connector._forward_hooks = own_hooks  # noqa: SLF001
            del vars(connector)["forward"]
            if forward is not None:
                vars(connector)["forward"] = forward


def without_circuits(module: Module) -> Module:
    """Return a copy of a module whose connectors return zeros, without running circuits."""
    copy = clone_module(module)
    for connector in connectors_of(copy):
        vars(connector)["forward"] = partial(_answer, connector, zeros)
    return copy


def forward_usage(module: torch.nn.Module, row: torch.Tensor, portions: Iterable[int]) -> Usage:
    """Return the usage of forward passes.

    Args:
        module: Any module; a layer may be called several times for a row.
        row: An example row (1, …) from `as_tensors`.
        portions: Numbers of rows evaluated at once.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import forward_usage
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1)
        >>> usage = forward_usage(model, torch.zeros(1, 2), [32, 32, 8])
        >>> usage.circuits, usage.requests
        (72, ((8, 1), (32, 2)))
    """
    usage = Usage()
    with no_circuits(module, zeros) as dry, torch.no_grad():
        for rows in portions:
            with metered(module, times=rows) as meter:
                dry(row)
            usage += meter.usage
    return usage


def gradient_usage(
    module: torch.nn.Module, row: torch.Tensor, portions: Iterable[int], part: Part
) -> Usage:
    """Return the usage of forward and backward passes.

    Args:
        module: Any module; a layer may be called several times for a row.
        row: An example row (1, …) from `as_tensors`.
        portions: Numbers of rows differentiated at once.
        part: Parameters to differentiate by: "all", "quantum" or "classical".

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import gradient_usage
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1)
        >>> usage = gradient_usage(model, torch.zeros(1, 2), [32], "quantum")
        >>> usage.gradient_evaluations, usage.circuits
        (32, 160)
    """
    copy, usage = clone_module(module), Usage()
    chosen = {id(parameter) for parameter in named_parameters(copy, part).values()}
    for parameter in copy.parameters():
        parameter.requires_grad_(id(parameter) in chosen)
    with no_circuits(copy, zeros) as dry, torch.enable_grad():
        for rows in portions:
            with metered(copy, times=rows) as meter:
                outputs = dry(row)
                if outputs.requires_grad:
                    outputs.sum().backward()
            usage += meter.usage
    return usage


def count_gradients(module: torch.nn.Module, rows: torch.Tensor) -> None:
    """Let the meters of a module count a forward and a backward pass that a copy of it runs.

    No circuit is run. Gradients of the parameters are lost.

    Args:
        module: Any module.
        rows: Rows (n, …).
    """
    if not any(connector._forward_hooks for connector in connectors_of(module)):  # noqa: SLF001
        return
    with no_circuits(module, zeros, hooks=True) as dry, torch.enable_grad():
        outputs = dry(rows)
        if outputs.requires_grad:
            outputs.sum().backward()
    module.zero_grad(set_to_none=True)


def _answer(
    connector: TorchConnector, stand_in: StandIn, input_data: torch.Tensor | None = None
) -> torch.Tensor:
    inputs = connector.weight.new_zeros(0) if input_data is None else input_data
    seen = inputs if connector.neural_network.input_gradients else inputs.detach()
    # Outputs must depend on the tensors that are differentiated.
    touched = 0.0 * (seen.sum() + connector.weight.sum())
    return stand_in(connector, inputs.detach()) + touched


def zeros(connector: TorchConnector, inputs: torch.Tensor) -> torch.Tensor:
    """Return zeros in the shape of a connector's outputs."""
    shape = (*inputs.shape[:-1], *connector.neural_network.output_shape)
    return connector.weight.new_zeros(shape)
