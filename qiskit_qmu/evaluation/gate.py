"""Gate: limits for an audit in a pipeline, broken where an interval's worse end breaks them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import final

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.metrics import Interval

GatedNumbers = Mapping[str, Interval]
"""What gates are about: ``"auc"``, ``"epsilon"`` and ``"retain"``, as far as they were measured."""


class GateError(RunError):
    """An audit breaks a limit of its gate; the message says which."""


@final
@dataclass(frozen=True, kw_only=True)
class Gate:
    """Limits of an audit.

    Attributes:
        max_auc: Largest AUC, from ½ to 1. It holds on both sides of ½: rows that look less like
            training rows than never-seen ones do are told apart as well.
        max_epsilon: Largest estimate of ε.
        min_retain: Smallest difference of the accuracy on never-seen retained rows from the
            oracle's (the original's, without an oracle), such as -0.02.

    Raises:
        InputError: If no limit is given, or one is out of range.

    Example:
        >>> from qiskit_qmu.evaluation.gate import Gate
        >>> from qiskit_qmu.metrics import Interval
        >>> gate = Gate.parse("max_auc=0.55,min_retain=-0.02")
        >>> gate.breaches({"auc": Interval(0.53, 0.50, 0.56), "retain": Interval(0.0, -0.01, 0.01)})
        ('max_auc=0.55: the AUC 0.530 [0.500, 0.560] may be 0.560',)
    """

    max_auc: float | None = None
    max_epsilon: float | None = None
    min_retain: float | None = None

    def __post_init__(self) -> None:
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        given = {name: value for name, value in given.items() if value is not None}
        if not given:
            raise InputError(f"a gate needs a limit, one of {', '.join(_NAMES)}; got none")
        if self.max_auc is not None:
            _check.between(0.5, 1, max_auc=self.max_auc)
        if self.max_epsilon is not None:
            _check.non_negative(max_epsilon=self.max_epsilon)
        if self.min_retain is not None:
            _check.between(-1, 1, min_retain=self.min_retain)

    @staticmethod
    def parse(text: str) -> "Gate":
        """Return the gate that a text such as ``max_auc=0.55,min_retain=-0.02`` describes.

        Raises:
            InputError: If a name is unknown or there twice, or a limit is no number or out of
                range.
        """
        limits: dict[str, float] = {}
        for part in text.split(","):
            name, _, value = (word.strip() for word in part.partition("="))
            _check.one_of(_NAMES, limit=name)
            if name in limits:
                raise InputError(f"{name} is given twice")
            try:
                limits[name] = float(value)
            except ValueError:
                raise InputError(f"a gate takes NAME=NUMBER, got {part.strip()!r}") from None
        return Gate(**limits)

    def breaches(self, numbers: GatedNumbers) -> tuple[str, ...]:
        """Return in words which limits are broken; a number that is not known breaks its limit.

        Args:
            numbers: What was measured.
        """
        auc, epsilon, retain = (numbers.get(name, Interval()) for name in _KEYS)
        found = (
            _breach("max_auc", self.max_auc, "AUC", auc, worse_auc(auc), 1),
            _breach("max_epsilon", self.max_epsilon, "estimate of ε", epsilon, epsilon.high, 1),
            _breach("min_retain", self.min_retain, _RETAINED, retain, retain.low, -1),
        )
        return tuple(breach for breach in found if breach)


_NAMES = ("max_auc", "max_epsilon", "min_retain")
_KEYS = ("auc", "epsilon", "retain")
_RETAINED = "difference in accuracy on never-seen retained rows"


def worse_auc(auc: Interval) -> float:
    """Return the end of an interval that lies farther from ½, as an AUC above it."""
    return max(auc.high, 1 - auc.low) if auc.has_limits else math.nan


def _breach(
    name: str, limit: float | None, what: str, value: Interval, worse: float, sign: int
) -> str:
    """Say how a limit is broken; empty where it is not, or there is none."""
    if limit is None or sign * worse <= sign * limit:
        return ""
    said = f"{name}={limit:g}: the {what}"
    if not math.isfinite(worse):
        within = f" within limits ({value.value:.3f})" if value.known else ""
        return f"{said} is not known{within}"
    side = ", as far below ½" if name == "max_auc" and worse > value.high else ""
    return f"{said} {value} may be {worse:.3f}{side}"
