"""What every unlearning strategy takes and gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, Protocol, TypeVar, final, runtime_checkable

import numpy as np
import torch

from qiskit_qmu.backends import Usage, UsageMeter, metered
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import Part, check_module, clone_module, named_parameters

Module = TypeVar("Module", bound=torch.nn.Module)

Step = dict[str, float]
"""Named numbers of one step of a strategy, such as its loss on the forgotten rows."""


@final
@dataclass(frozen=True, kw_only=True)
class UnlearningResult(Generic[Module]):
    """What a strategy made.

    Attributes:
        model: The unlearned model; the one that was given is unchanged.
        history: What was measured on the way, step by step.
        usage: Circuits, shots and gradient evaluations that it took.
        seconds: Wall-clock time.
    """

    model: Module
    history: tuple[Step, ...]
    usage: Usage
    seconds: float


@runtime_checkable
class UnlearningStrategy(Protocol):
    """Removes the influence of the forgotten rows from a model.

    Implementers: a strategy is a frozen dataclass of hyperparameters. It never changes the model
    that it is given, reads training and validation rows only, draws from the given generator alone,
    and changes only the parameters of its ``parameters``.
    """

    def __call__(
        self, model: Module, split: ForgetSplit, *, generator: np.random.Generator | int | None
    ) -> UnlearningResult[Module]:
        """Return an unlearned copy of the model.

        Args:
            model: Any module that returns logits and holds TorchConnectors.
            split: Rows to forget and to retain.
            generator: Source of everything random; a seed will do.
        """
        ...


class Work(Generic[Module]):
    """A strategy's working copy of a model, with its meter and clock.

    Attributes:
        model: The copy; what must not change has no gradient.
        meter: Adds up the usage.
        history: Steps to report.
    """

    def __init__(self, model: Module, meter: UsageMeter) -> None:
        self.model = model
        self.meter = meter
        self.history: list[Step] = []
        self._started = perf_counter()

    def result(self) -> UnlearningResult[Module]:
        """Return what was done so far."""
        return UnlearningResult(
            model=self.model,
            history=tuple(self.history),
            usage=self.meter.usage,
            seconds=perf_counter() - self._started,
        )


@contextmanager
def working_copy(model: Module, part: Part = "all") -> Iterator[Work[Module]]:
    """Copy a model and let only one part of the copy change inside the block.

    Args:
        model: The model to leave as it is.
        part: "all", "quantum" or "classical".

    Yields:
        The copy, metered.

    Raises:
        InputError: If the part is unknown or has no parameters, or the model is no torch module.
    """
    check_module(model)
    copy = clone_module(model)
    chosen = {id(p) for p in named_parameters(copy, part).values()}
    trainable = {p: p.requires_grad for p in copy.parameters()}
    for parameter in trainable:
        parameter.requires_grad_(id(parameter) in chosen)
        parameter.grad = None
    with metered(copy) as meter:
        yield Work(copy, meter)
    for parameter, required in trainable.items():
        parameter.requires_grad_(required)
        parameter.grad = None
