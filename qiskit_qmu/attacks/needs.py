"""Needs: what an attack must be given, as data that audits and lists can read."""

from dataclasses import dataclass
from typing import Any, final

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.observation import Observations


@final
@dataclass(frozen=True, kw_only=True)
class Needs:
    """What an attack reads besides the membership score of each row.

    Attributes:
        classes: Logits and true labels.
        expectations: Outputs of circuits.
        counts: How often each outcome was measured.
        inputs: The rows themselves, as arrays.
        never_seen: Never-seen rows of the same distribution to learn from, not only to be scored.
        references_in: Fewest reference models that were trained on each row.
        references_out: Fewest reference models that were not.

    Example:
        >>> from qiskit_qmu.attacks import LiRA, needs_of
        >>> from qiskit_qmu.observation import Observations
        >>> print(needs_of(LiRA()))
        2 references trained on each row and 2 not
        >>> needs = Needs(classes=True, counts=True)
        >>> print(needs)
        classes, counts
        >>> needs.missing(Observations(logits=[[1.0, 0.0]], labels=[0]))
        ('counts',)
    """

    classes: bool = False
    expectations: bool = False
    counts: bool = False
    inputs: bool = False
    never_seen: bool = False
    references_in: int = 0
    references_out: int = 0

    def __post_init__(self) -> None:
        _check.at_least(0, references_in=self.references_in, references_out=self.references_out)

    @property
    def references(self) -> bool:
        """Whether the attack needs reference models, and so more than one model's outputs."""
        return self.references_in + self.references_out > 0

    def missing(self, observations: Observations) -> tuple[str, ...]:
        """Return which of the needed outputs were not observed."""
        observed = {
            "classes": observations.logits,
            "expectations": observations.expectations,
            "counts": observations.counts,
            "inputs": observations.inputs,
        }
        return tuple(
            _OUTPUTS[name]
            for name, array in observed.items()
            if getattr(self, name) and array is None
        )

    def check(self, attack: str, *observations: Observations) -> None:
        """Refuse observations that lack something.

        Args:
            attack: Name of the attack, for the message.
            *observations: Outputs of models.

        Raises:
            InputError: If one lacks what the attack reads.
        """
        for part in observations:
            lacking = self.missing(part)
            if lacking:
                raise InputError(
                    f"{attack} needs {' and '.join(lacking)}, which the observations lack"
                )

    def __str__(self) -> str:
        words = [text for name, text in _OUTPUTS.items() if getattr(self, name)]
        if self.never_seen:
            words.append("never-seen rows to learn from")
        if self.references_in:
            text = f"{_references(self.references_in)} trained on each row"
            words.append(f"{text} and {self.references_out} not" if self.references_out else text)
        elif self.references_out:
            words.append(f"{_references(self.references_out)} not trained on each row")
        return ", ".join(words) or "scores only"


def needs_of(attack: Any) -> Needs:
    """Return what an attack needs; nothing special if it does not say."""
    needs = getattr(attack, "needs", None)
    return needs if isinstance(needs, Needs) else Needs()


_OUTPUTS = {
    "classes": "classes",
    "expectations": "outputs of circuits",
    "counts": "counts",
    "inputs": "the rows' inputs",
}


def _references(count: int) -> str:
    return f"{count} reference{'s' if count > 1 else ''}"
