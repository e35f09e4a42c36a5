"""One repetition: an original, its oracle and strategies, each measured beside the first two."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import final

import torch

from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.auditing import (
    Auditor,
    model_row,
    observe_split,
    roc_scores,
    trained_on_forgotten,
)
from qiskit_qmu.backends import Backend
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import Measurement, SplitObservations, Verdict
from qiskit_qmu.experiments.configuration.steps import unlearn
from qiskit_qmu.experiments.records.records import Record
from qiskit_qmu.experiments.repetition.trained import Trained
from qiskit_qmu.models import on_backend, parameter_counts, weights_digest
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.runs.progress import RunProgress, no_progress
from qiskit_qmu.unlearning import (
    Retrain,
    UnlearningResult,
    UnlearningStrategy,
)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Observer:
    """How trained models are observed.

    Attributes:
        device: The backend that they are moved to; None for that of their training.
        objective: What they learned; None for what the type of the labels says.
        backend_name: Name of the backend, for records; None if it is not known.
        shots: Measurements of each circuit, for records; None for exact values.
    """

    device: Backend | None = None
    objective: RowLoss | HasRowLosses | None = None
    backend_name: str | None = None
    shots: int | None = None

    def __call__(self, model: torch.nn.Module, split: ForgetSplit) -> SplitObservations:
        """Return what a model answers on the rows of a split."""
        moved = model if self.device is None else on_backend(model, self.device)
        return observe_split(moved, split, self.objective)


Unlearn = Callable[
    [UnlearningStrategy, str, torch.nn.Module, ForgetSplit, int],
    UnlearningResult[torch.nn.Module],
]
"""How a strategy's result is had, by `steps.unlearn` or from where it is kept; both raise
NonFiniteError where the strategy leaves the range of numbers."""


def measure_methods(
    original: Trained,
    split: ForgetSplit,
    strategies: Mapping[str, UnlearningStrategy],
    *,
    seed: int,
    observer: Observer,
    oracles: int = 1,
    unlearn: Unlearn = unlearn,
    progress: RunProgress = no_progress,
) -> Iterator[tuple[Record, torch.nn.Module | None]]:
    """Unlearn by every strategy, and measure each model beside the original and the oracle.

    Verdicts count in how many methods are judged together, so records come when all are done.

    Args:
        original: The trained model.
        split: The task.
        strategies: Strategies by method; the first is the oracle.
        seed: Seed of the repetition.
        observer: How models are observed.
        oracles: How many oracles are made, each with a seed of its own. Their mean is the
            reference, and the oracle's row holds what they have on average beside each other.
        unlearn: How the result of a strategy is had.
        progress: Called before each method.

    Yields:
        Record and model: of the original, the oracle, then the others. Of a method that left the
        range of numbers the record says so under "error", and there is no model.

    Raises:
        NonFiniteError: If the oracle leaves the range of numbers.
    """
    before = observer(original.model, split)
    made: dict[str, Trained | NonFiniteError] = {}
    observed: dict[str, SplitObservations] = {}
    auditor: Auditor | None = None
    for position, (method, strategy) in enumerate(strategies.items()):
        progress(f"method {method}", position / len(strategies))
        try:
            trained = Trained.of(unlearn(strategy, method, original.model, split, seed))
        except NonFiniteError as error:
            if auditor is None:  # without the oracle there is nothing to compare with
                raise NonFiniteError(f"method {method}, seed {seed}: {error}") from error
            made[method] = error
            continue
        made[method] = trained
        observed[method] = observer(trained.model, split)
        if auditor is None:
            others = [
                unlearn(strategy, f"{method} {number}", original.model, split, seed).model
                for number in range(2, oracles + 1)
            ]
            auditor = Auditor(
                split,
                before,
                [observed[method], *(observer(other, split) for other in others)],
                never_saw=isinstance(strategy, Retrain),
                fault=trained_on_forgotten([trained.model, *others], split),
                seed=seed,
            )
    if auditor is not None:
        yield from _Records(split, seed, observer).judged_together(
            {"original": original, **made}, {"original": before, **observed}, auditor
        )


class _Records:
    """What the records of one repetition have in common."""

    def __init__(self, split: ForgetSplit, seed: int, observer: Observer) -> None:
        self._split = split
        self._seed = seed
        self._observer = observer

    def judged_together(
        self,
        made: Mapping[str, Trained | NonFiniteError],
        observed: Mapping[str, SplitObservations],
        auditor: Auditor,
    ) -> Iterator[tuple[Record, torch.nn.Module | None]]:
        """Yield the record of every model, with verdicts that count in how many were tested.

        Original and oracle are judged each for itself: they are no methods that one could choose.

        Args:
            made: Models by method, or what went wrong.
            observed: Their outputs.
            auditor: What they are measured beside.
        """
        oracle = list(observed)[1]
        cases = {}
        for method, outputs in observed.items():
            found = auditor.oracle if method == oracle else None
            measured = auditor.measure(outputs, method) if found is None else found
            unchanged = self._is_unchanged(method, made[method])
            cases[method] = auditor.case(measured, unchanged=unchanged)
        references = {
            method: case
            for method, case in cases.items()
            if method == oracle or case.measured is auditor.original
        }
        methods = {method: case for method, case in cases.items() if method not in references}
        verdicts = auditor.judge_together(methods)
        for method, case in references.items():
            verdicts |= auditor.judge_together({method: case})
        for method, model in made.items():
            if isinstance(model, NonFiniteError):
                yield self.failure(method, model), None
            else:
                measured = cases[method].measured
                yield self.of(method, model, measured, verdicts[method]), model.model

    @staticmethod
    def _is_unchanged(method: str, made: Trained | NonFiniteError) -> bool:
        return method != "original" and getattr(made, "largest_change", None) == 0.0

    def of(self, method: str, made: Trained, measured: Measurement, verdict: Verdict) -> Record:
        """Return the record of a model."""
        counts, usage = parameter_counts(made.model), made.usage
        row = {
            **model_row(method, self._seed, measured, verdict),
            "seconds": None if made.seconds is None else round(made.seconds, 4),
            "gradient_evaluations": None if usage is None else usage.gradient_evaluations,
            "forward_evaluations": None if usage is None else usage.forward_evaluations,
            "circuits": None if usage is None else usage.circuits,
            "shots": None if usage is None else usage.executions,
            "observed_on": self._observer.backend_name,
            "observed_shots": self._observer.shots,
            "quantum_parameters": counts["quantum"],
            "classical_parameters": counts["classical"],
            "stopped": made.stopped,
            "strength": None if made.choice is None else made.choice.to_dict(),
            "largest_change": made.largest_change,
            "weights_sha256": weights_digest(made.model),
            "error": None,
        }
        return Record(
            row=row,
            scores=roc_scores(method, self._seed, measured),
            history=made.history,
            split=self._split.to_dict(),
        )

    def failure(self, method: str, error: NonFiniteError) -> Record:
        """Return the record of a method that gave no model; its row has no measures."""
        row = {
            "method": method,
            "seed": self._seed,
            "verdict": "failed",
            "verdict_reason": str(error),
            "decided_by": "",
            "stopped": "failed",
            "largest_change": None,
            "error": str(error),
        }
        return Record(row=row, scores=None, history=(), split=self._split.to_dict())
