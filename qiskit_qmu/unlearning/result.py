"""UnlearningResult: the unlearned model, why the strategy stopped, and its cost."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Generic, Literal, TypeVar, final

import torch

from qiskit_qmu.backends import Usage
from qiskit_qmu.models import largest_change

Module = TypeVar("Module", bound=torch.nn.Module)

Step = dict[str, float]
"""Named values of one step of a strategy, such as the loss on the forgotten rows."""

Stopped = Literal[
    "done",
    "limit",
    "goal reached",
    "goal already reached",
    "nothing selected",
    "early stopping",
    "nothing to do",
]
"""Why a strategy stopped: it took all its steps; it reached its limit of steps before its own
goal; it reached its goal, such as a loss on the forgotten rows; that was reached before the first
step; no parameter was selected; the validation loss stopped improving; or it does nothing by
design. Whether the model has forgotten is for an audit to say."""


class UnchangedWarning(UserWarning):
    """A strategy returned the model's weights unchanged."""


class TargetMissedWarning(UserWarning):
    """No strength of a strategy that was tried reached its target."""


@final
@dataclass(frozen=True, kw_only=True)
class StrengthChoice:
    """The strength that was chosen, and what was tried.

    Attributes:
        name: The hyperparameter that was changed last.
        value: Its chosen value; None if the strategy chose it by itself.
        reached: Whether the target was reached.
        limit: Why no further strength was tried; empty where the search came to its end.
        trials: What was tried, in order: name and value of the hyperparameter, what was measured on
            forgotten and validation rows, the distance from the target in tolerances, and the
            gradient evaluations; of one that diverged the error.
    """

    name: str
    value: float | None
    reached: bool
    limit: str = ""
    trials: tuple[dict[str, float | str | None], ...]

    def __str__(self) -> str:
        tried = ", ".join(f"{trial['name']}={_written(trial['value'])}" for trial in self.trials)
        chosen = f"{self.name}={_written(self.value)}"
        if self.reached:
            return f"{chosen} reached the target (tried: {tried})"
        ended = f"; {self.limit}" if self.limit else ""
        return f"no strength reached the target, {chosen} came closest (tried: {tried}{ended})"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values, with the sentence as "text"."""
        return {**asdict(self), "trials": list(self.trials), "text": str(self)}


def _written(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "found by the strategy"


@final
@dataclass(frozen=True, kw_only=True, repr=False)
class UnlearningResult(Generic[Module]):
    """The result of a strategy.

    Attributes:
        model: The unlearned model, a copy of the given one.
        history: Values measured at each step.
        usage: Circuits, shots and gradient evaluations used.
        seconds: Wall-clock time.
        stopped: Why the strategy stopped, in a word or two.
        reason: The same in a sentence.
        largest_change: Largest absolute change of a weight, or of a buffer such as a running mean;
            0.0 if nothing changed.
        notes: What must be known of the rows, such as which retained ones equal forgotten ones; see
            `qiskit_qmu.data.ForgetSplit.notes`.
        choice: The strength that was chosen and what was tried; None if it was given.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_indices(qmu.load_dataset("iris"), [3, 14])
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> result = qmu.unlearning.FineTune(epochs=1)(model, split, generator=0)
        >>> result.changed, result.stopped, result.usage.gradient_evaluations
        (True, 'done', 103)
    """

    model: Module
    history: tuple[Step, ...]
    usage: Usage
    seconds: float
    stopped: Stopped
    reason: str
    largest_change: float
    notes: tuple[str, ...] = ()
    choice: StrengthChoice | None = None

    @property
    def changed(self) -> bool:
        """Whether any weight or buffer changed."""
        return self.largest_change != 0.0

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value}" for name, value in self._shown().items())
        return f"{type(self).__name__}({fields})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in {**self._shown(), "reason": self.reason}.items()
        )
        return f"<table>{rows}</table>"

    def _shown(self) -> dict[str, str]:
        return {
            "model": type(self.model).__name__,
            "stopped": repr(self.stopped),
            "largest_change": f"{self.largest_change:.4g}",
            "steps": str(len(self.history)),
            "gradient_evaluations": str(self.usage.gradient_evaluations),
            "circuits": str(self.usage.circuits),
            "shots": str(self.usage.executions),
            "seconds": f"{self.seconds:.3g}",
            **({"notes": "; ".join(self.notes)} if self.notes else {}),
            **({"strength": str(self.choice)} if self.choice is not None else {}),
        }


def joined(
    given: Module,
    results: Sequence[UnlearningResult[Module]],
    *,
    stopped: Stopped,
    reason: str,
    usage: Usage | None = None,
) -> UnlearningResult[Module]:
    """Return the joint result of strategies applied in sequence.

    Args:
        given: The model passed to the first strategy.
        results: At least one result, in order.
        stopped: Why the sequence stopped, in a word or two.
        reason: The same in a sentence.
        usage: Usage in addition to that of the strategies.
    """
    reached = results[-1].model
    return UnlearningResult(
        model=reached,
        history=tuple(step for result in results for step in result.history),
        usage=sum((result.usage for result in results), usage or Usage()),
        seconds=sum(result.seconds for result in results),
        stopped=stopped,
        reason=reason,
        largest_change=largest_change(given, reached),
        notes=results[-1].notes,
        choice=next((r.choice for r in results if r.choice is not None), None),
    )
