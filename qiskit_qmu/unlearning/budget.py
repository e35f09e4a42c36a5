"""A limit on the gradient evaluations of strategies, for all that run inside a block."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch

from qiskit_qmu.backends import connectors_of


class BudgetSpentError(Exception):
    """The next gradients would exceed the limit; a strategy's working copy ends here."""


class _Budget:
    """Gradients so far, and rows whose forward pass was made for a gradient that is to come."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.spent = 0
        self.pending = 0

    def check(self, evaluations: int) -> None:
        left = self.limit - self.spent - self.pending
        if evaluations > left:
            raise BudgetSpentError(
                f"max_gradient_evaluations={self.limit} leaves {left} for a step that needs "
                f"{evaluations} more"
            )


_BUDGET: ContextVar[_Budget | None] = ContextVar("gradient_budget", default=None)


@contextmanager
def gradient_budget(limit: int) -> Iterator[None]:
    """Limit the gradient evaluations of all strategies inside the block.

    Args:
        limit: Rows whose gradient may be computed, summed over the connectors of a model.
    """
    token = _BUDGET.set(_Budget(limit))
    try:
        yield
    finally:
        _BUDGET.reset(token)


def spend(evaluations: int) -> None:
    """Count gradients that are about to be computed without the module's own forward pass.

    Raises:
        BudgetSpentError: If they would exceed the limit.
    """
    budget = _BUDGET.get()
    if budget is not None:
        budget.check(evaluations)
        budget.spent += evaluations


@contextmanager
def limited(module: torch.nn.Module) -> Iterator[None]:
    """Stop the block before a gradient by the module's connectors exceeds the limit, if any."""
    budget, connectors = _BUDGET.get(), connectors_of(module)
    if budget is None:
        yield
        return

    def before_forward(connector: Any, arguments: Any, named: dict[str, Any]) -> None:
        inputs = arguments[0] if arguments else named.get("input_data")
        by_inputs = inputs is not None and inputs.requires_grad
        if torch.is_grad_enabled() and (connector.weight.requires_grad or by_inputs):
            budget.check(1 if inputs is None else math.prod(inputs.shape[:-1]))

    def after_forward(_connector: Any, _inputs: Any, output: torch.Tensor) -> None:
        if output.requires_grad:
            rows = math.prod(output.shape[:-1])
            budget.pending += rows
            output.register_hook(_counter(budget, rows))

    handles = [connector.register_forward_hook(after_forward) for connector in connectors]
    handles += [
        connector.register_forward_pre_hook(before_forward, with_kwargs=True)
        for connector in connectors
    ]
    budget.pending = 0
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _counter(budget: _Budget, rows: int) -> Callable[[torch.Tensor], None]:
    """Return a hook that counts every gradient of one forward pass."""
    is_first = True

    def count(_gradient: torch.Tensor) -> None:
        nonlocal is_first
        if is_first:
            budget.pending -= rows
        else:
            budget.check(rows)
        is_first = False
        budget.spent += rows

    return count
