"""AscentStrategy: a strategy by an ascent on the forgotten rows, with what its ascent decides."""

from dataclasses import fields, replace
from typing import Self, get_args

from qiskit_qmu import _check
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import Part
from qiskit_qmu.unlearning.ascent import ALL_STEPS, Ascent
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.strategy import UnlearningStrategy


class AscentStrategy(UnlearningStrategy):
    """A frozen dataclass whose fields hold those of an `Ascent`, and ``parameters``."""

    def __post_init__(self) -> None:
        self.ascent()
        _check.one_of(get_args(Part), parameters=vars(self)["parameters"])

    def ascent(self) -> Ascent:
        """Return step size and stopping rule of the ascent."""
        return Ascent(**{own.name: getattr(self, own.name) for own in fields(Ascent)})

    def worst_case(self) -> Self:
        """Return an ascent that takes all its steps, too small to overflow."""
        return replace(self, **ALL_STEPS)  # type: ignore[type-var]  # (subclasses are dataclasses)

    def stopping_passes(self, split: ForgetSplit) -> list[int]:
        """Return the passes over the validation rows, whose loss is the target for single rows."""
        return self.ascent().stopping_passes(split)

    def ranges(self, kind: str) -> tuple[Range, ...]:
        """Return the ranges of depth and step size, before those of its own; see `own_ranges`."""
        return (*self.ascent().ranges(kind), *self.own_ranges())

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the ranges of hyperparameters that a subclass adds; none by default."""
        return ()
