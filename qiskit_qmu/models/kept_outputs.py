"""Circuits that nothing trained can change run once for each row; then their outputs are reused."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from qiskit_machine_learning.connectors import TorchConnector

from qiskit_qmu.backends import connectors_of
from qiskit_qmu.models.dry_run import no_circuits, zeros


@contextmanager
def kept_outputs(module: torch.nn.Module, row: torch.Tensor) -> Iterator[None]:
    """Reuse the outputs of circuits that training cannot change, inside the block.

    These are the circuits without trainable weights, with no trainable parameter in front of them:
    where the head alone trains, each row costs one circuit, and none when it is seen again. With
    shots, a row keeps the outputs that were measured first. A meter that is attached before the
    block counts what runs.

    The module must stay in evaluation mode, its other parameters and buffers as they are, and which
    parameters require a gradient too.

    Args:
        module: Any module; called with rows (n, …) as its only argument.
        row: An example row (1, …).

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.backends import metered
        >>> from qiskit_qmu.models import kept_outputs
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1).eval()
        >>> _ = model.quantum.weight.requires_grad_(False)
        >>> rows = torch.rand(5, 2)
        >>> with metered(model) as meter, kept_outputs(model, rows[:1]):
        ...     outputs = [model(rows), model(rows[[3, 1]])]
        >>> meter.usage.circuits, torch.equal(outputs[0][[3, 1]], outputs[1])
        (5, True)
    """
    fixed = _fixed(module, row)
    with _Memory(module, fixed).attached() if fixed else nullcontext():
        yield


def _fixed(module: torch.nn.Module, row: torch.Tensor) -> list[TorchConnector]:
    """Return the connectors that neither change nor have changing inputs, each called once."""
    moving: set[TorchConnector] = set()
    calls: list[TorchConnector] = []

    def note(connector: TorchConnector, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        calls.append(connector)
        inputs = arguments[0] if arguments else named.get("input_data")
        if inputs is None or inputs.requires_grad or len(inputs) != len(row):
            moving.add(connector)

    connectors = connectors_of(module)
    frozen = [c for c in connectors if not c.weight.requires_grad]
    if not frozen:
        return []
    handles = [c.register_forward_pre_hook(note, with_kwargs=True) for c in connectors]
    try:
        with no_circuits(module, zeros) as dry, torch.enable_grad():
            dry(row)
    finally:
        for handle in handles:
            handle.remove()
    return [c for c in frozen if c not in moving and calls.count(c) == 1]


class _Memory:
    """Outputs of some connectors by the rows of the module."""

    def __init__(self, module: torch.nn.Module, connectors: list[TorchConnector]) -> None:
        self._module = module
        self._outputs: dict[TorchConnector, dict[bytes, torch.Tensor]] = {
            connector: {} for connector in connectors
        }
        self._keys: list[bytes] = []

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Answer from memory inside the block."""
        handle = self._module.register_forward_pre_hook(self._note_rows)
        for connector in self._outputs:
            self._replace(connector)
        try:
            yield
        finally:
            handle.remove()
            for connector in self._outputs:
                self._restore(connector)

    def _note_rows(self, _module: torch.nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        rows = given[0].detach().cpu().contiguous()
        self._keys = [row.numpy().tobytes() for row in rows]

    def _replace(self, connector: TorchConnector) -> None:
        vars(connector)["_kept"] = vars(connector).pop("forward", None), connector._forward_hooks  # noqa: SLF001
        vars(connector)["forward"] = partial(self._answer, connector)
        connector._forward_hooks = type(connector._forward_hooks)()  # noqa: SLF001

    def _restore(self, connector: TorchConnector) -> None:
        forward, connector._forward_hooks = vars(connector).pop("_kept")  # noqa: SLF001
        del vars(connector)["forward"]
        if forward is not None:
            vars(connector)["forward"] = forward

    def _answer(self, connector: TorchConnector, input_data: torch.Tensor) -> torch.Tensor:
        known = self._outputs[connector]
        if input_data.requires_grad or len(input_data) != len(self._keys):
            return self._run(connector, input_data)
        first = {key: place for place, key in enumerate(self._keys) if key not in known}
        if first:
            found = self._run(connector, input_data[list(first.values())]).detach()
            known.update(zip(first, found, strict=True))
        return torch.stack([known[key] for key in self._keys])

    def _run(self, connector: TorchConnector, inputs: torch.Tensor) -> torch.Tensor:
        """Run the circuit itself, seen by the connector's hooks."""
        self._restore(connector)
        try:
            outputs: torch.Tensor = connector(inputs)
        finally:
            self._replace(connector)
        return outputs
