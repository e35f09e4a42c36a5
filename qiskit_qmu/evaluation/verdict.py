"""Verdict: what a model is found to be, and what it is judged by."""

from dataclasses import dataclass
from typing import Literal, final

from qiskit_qmu.evaluation.finding import Finding
from qiskit_qmu.evaluation.measure import Measurement
from qiskit_qmu.metrics import UNKNOWN, Interval

MARGIN = 0.05
"""How far from ½ an AUC, or above the oracles' an accuracy on a forgotten class, may lie where
nothing is left."""

Name = Literal[
    "forgotten",
    "remembered",
    "over-forgotten",
    "suppressed",
    "utility lost",
    "harmful",
    "unchanged",
    "unresolved",
    "invalid oracle",
]

Kind = Literal["class", "instances"]


@final
@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A verdict and the numbers that it rests on.

    Attributes:
        name: The verdict in a word.
        reason: What it rests on.
        decided_by: Key of the column or finding that decided; empty where none did.
        number: The number that decided.
        p_value: Probability of such a number by chance, adjusted for everything that was judged
            together; None where it was not a matter of chance.

    Example:
        >>> from qiskit_qmu.evaluation import Verdict
        >>> verdict = Verdict(name="unchanged", reason="every weight is the original's")
        >>> print(f"{verdict}: {verdict.reason}")
        unchanged: every weight is the original's
    """

    name: Name
    reason: str
    decided_by: str = ""
    number: Interval = UNKNOWN
    p_value: float | None = None

    def __str__(self) -> str:
        return self.name


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Beside:
    """What models are judged beside.

    Attributes:
        kind: What was forgotten.
        oracle: The oracles' numbers; None if there are none.
        original: The numbers of the model before unlearning; None if there is none.
        margin: How far from ½ an AUC, or above the oracles' an accuracy on a forgotten class, may
            lie where nothing is left.
        invalid: Why the oracles are none; empty where they are.
    """

    kind: Kind
    oracle: Measurement | None = None
    original: Measurement | None = None
    margin: float = MARGIN
    invalid: str = ""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A model to be judged.

    Attributes:
        measured: Its numbers.
        unchanged: Whether every weight is the original's, in a model that should have forgotten.
        findings: What else was found.
    """

    measured: Measurement
    unchanged: bool = False
    findings: tuple[Finding, ...] = ()
