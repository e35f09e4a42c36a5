"""UnlearningStrategy: the interface of strategies, and their working copy of the model."""

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from time import perf_counter
from typing import Any, Generic, Protocol, cast, runtime_checkable

import numpy as np
import torch
from torch.nn.parameter import is_lazy

from qiskit_qmu import _check
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.backends import UsageMeter, metered
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import (
    Part,
    check_module,
    clone_module,
    kept_state,
    largest_change,
    named_parameters,
    note_unknown_initial_weights,
)
from qiskit_qmu.models.other_rows import warn_of_other_rows
from qiskit_qmu.models.small_work import small_work_on_one_thread
from qiskit_qmu.models.training_rows import note_unknown_training_rows
from qiskit_qmu.unlearning.budget import BudgetSpentError, limited
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import (
    Module,
    Step,
    Stopped,
    UnchangedWarning,
    UnlearningResult,
)

_USUAL_BATCH = 32
"""Rows of a step of strategies that do not say."""


@runtime_checkable
class UnlearningStrategy(Protocol):
    """Removes the influence of the forgotten rows from a model.

    A strategy is a frozen dataclass of hyperparameters. It never changes the given model, reads
    only training and validation rows, draws only from the given generator, and changes only the
    parameters selected by its ``parameters``. Subclasses inherit a cost model in which the number
    of steps does not depend on measurements.
    """

    def __call__(
        self, model: Module, split: ForgetSplit, *, generator: np.random.Generator | int | None
    ) -> UnlearningResult[Module]:
        """Return an unlearned copy of the model.

        Args:
            model: Any module with TorchConnectors to which the objective applies; for classes one
                that returns logits.
            split: Rows to forget and to retain.
            generator: Random generator or seed.
        """
        ...

    def worst_case(self) -> "UnlearningStrategy":
        """Return a strategy that takes as many steps as this one can, as an upper bound of cost.

        It is this strategy itself if its number of steps does not depend on measurements.
        Otherwise the model that it returns is not useful.
        """
        return self

    def stopping_passes(self, split: ForgetSplit) -> list[int]:
        """Return the rows of each forward pass that the strategy runs in addition to `worst_case`.

        Args:
            split: The task.
        """
        return []

    def ranges(self, kind: str) -> tuple[Range, ...]:
        """Return the ranges of the hyperparameters that depend on model and rows.

        Those that make the strategy stronger are searched by `ChosenStrength`, in this order; all
        of them by `tune`.

        Args:
            kind: What is forgotten: "class" or "instances".
        """
        return ()

    def with_settings(self, settings: Mapping[str, Any]) -> "UnlearningStrategy":
        """Return a copy with other hyperparameters.

        Args:
            settings: Values by the names that `ranges` gives.
        """
        return cast("UnlearningStrategy", replace(cast("Any", self), **settings))


class Work(Generic[Module]):
    """A strategy's working copy of a model, with its meter and clock.

    Attributes:
        model: The copy; parameters that must not change need no gradient.
        meter: Sums the usage.
        history: Steps to report.
    """

    def __init__(
        self, model: Module, strategy: str, meter: UsageMeter, notes: tuple[str, ...]
    ) -> None:
        self.model = model
        self.meter = meter
        self.history: list[Step] = []
        self.largest_change = 0.0
        self._strategy = strategy
        self._notes = notes
        self._stopped: Stopped = "done"
        self._reason = "all steps were taken"
        self._started = perf_counter()

    def stop(self, stopped: Stopped, reason: str) -> None:
        """Record why the strategy stops; by default it took all its steps."""
        self._stopped, self._reason = stopped, reason

    def result(self) -> UnlearningResult[Module]:
        """Return the result so far.

        Warns:
            UnchangedWarning: If nothing changed, unless the strategy does nothing by design.
        """
        if self.largest_change == 0.0 and self._stopped in {"done", "limit"}:
            self._reason += "; each was too small to change a weight"
        if self.largest_change == 0.0 and self._stopped != "nothing to do":
            warnings.warn(
                f"{self._strategy} changed nothing: {self._reason}", UnchangedWarning, stacklevel=3
            )
        return UnlearningResult(
            model=self.model,
            history=tuple(self.history),
            usage=self.meter.usage,
            seconds=perf_counter() - self._started,
            stopped=self._stopped,
            reason=self._reason,
            largest_change=self.largest_change,
            notes=self._notes,
        )


@contextmanager
def working_copy(
    model: Module, strategy: UnlearningStrategy, split: ForgetSplit, *, trains: bool = False
) -> Iterator[Work[Module]]:
    """Copy a model and let a strategy change its part of the copy inside the block.

    Args:
        model: The model, which is not changed.
        strategy: The strategy; its ``parameters`` select the part that it may change.
        split: The task; the result repeats its notes.
        trains: Whether it trains on retained rows: buffers, such as running means, may then follow,
            unless only quantum parameters may change.

    Yields:
        The copy, metered.

    Raises:
        InputError: If the part is unknown or has no parameters, or the model is not a torch module
            or has uninitialised or non-finite weights.
        NonFiniteError: If the weights are not finite after the block.

    Warns:
        RowsWarning: If the model knows that the split is of other rows than it was trained on.
    """
    name = type(strategy).__name__
    part: Part = getattr(strategy, "parameters", "all")
    _check_model(model)
    _check.instance(ForgetSplit, split=split)
    warn_of_other_rows(model, split, stacklevel=4)  # (where the strategy is called)
    copy = clone_module(model)
    note_unknown_initial_weights(copy)
    note_unknown_training_rows(copy)
    chosen = {id(p) for p in named_parameters(copy, part).values()}
    trainable = {p: p.requires_grad for p in copy.parameters()}
    for parameter in trainable:
        parameter.requires_grad_(id(parameter) in chosen)
        parameter.grad = None
    may_move = trains and part != "quantum"
    rows = getattr(strategy, "batch_size", _USUAL_BATCH)
    with (
        nullcontext() if may_move else kept_state(copy),
        limited(copy),
        small_work_on_one_thread(copy, rows),
        metered(copy) as meter,
    ):
        work = Work(copy, name, meter, split.notes)
        try:
            yield work
        except BudgetSpentError as spent:
            work.stop("limit", f"the budget was used up: {spent}")
        except NonFiniteError as error:
            raise NonFiniteError(f"{name}: {error}") from error
    for parameter, required in trainable.items():
        parameter.requires_grad_(required)
        parameter.grad = None
    work.largest_change = largest_change(model, copy)
    if math.isnan(work.largest_change) or _not_finite(copy):
        raise NonFiniteError(f"{name} diverged: {_not_finite(copy)[0]} has NaN or infinite values")


def _check_model(model: torch.nn.Module) -> None:
    check_module(model)
    lazy = [name for name, parameter in model.named_parameters() if is_lazy(parameter)]
    if lazy:
        raise _check.InputError(
            f"the parameter {lazy[0]} is uninitialised; train the model before unlearning"
        )
    wrong = _not_finite(model)
    if wrong:
        raise _check.InputError(f"the parameter {wrong[0]} of the model has NaN or infinite values")


def _not_finite(model: torch.nn.Module) -> list[str]:
    return [name for name, p in model.named_parameters() if not bool(torch.isfinite(p).all())]
