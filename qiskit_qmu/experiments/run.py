"""Runs an experiment: one record for each seed and method, as soon as it is there."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, final

from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.auditing import Auditor, model_row, observe_split, roc_scores
from qiskit_qmu.backends import Usage, metered
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.setup import Setup
from qiskit_qmu.models import QuantumClassifier

RunProgress = Callable[[str, float], None]
"""Called with what is being done and the share of the whole run that is done, 0 to 1."""


def no_progress(_task: str, _share: float) -> None:
    """Show nothing."""


@final
@dataclass(frozen=True, kw_only=True)
class Record:
    """One model's numbers.

    Attributes:
        row: A row of results.json.
        scores: Attack scores behind its ROC curve; None without never-seen rows.
        history: What the strategy measured on the way.
        split: How many rows were forgotten, kept and never seen, with their digests.
    """

    row: dict[str, Any]
    scores: dict[str, Any] | None
    history: tuple[dict[str, float], ...]
    split: dict[str, Any]


def run_seed(
    setup: Setup, *, job_dir: Path | None = None, progress: RunProgress = no_progress
) -> Iterator[Record]:
    """Train an original, unlearn it by every method, and yield a record for each model.

    Args:
        setup: The repetition to run.
        job_dir: Where the jobs of IBM's devices are written down.
        progress: Called before each part.

    Yields:
        Records: the original's, the oracle's, then the methods'. Of a method that left the range of
        numbers the row says so under "error", and the others are run all the same.

    Raises:
        NonFiniteError: If the original or the oracle leaves the range of numbers.
    """
    experiment, seed, split = setup.experiment, setup.seed, setup.split
    methods = experiment.all_methods
    device = experiment.observing_backend(seed, job_dir)

    def observed(model: QuantumClassifier) -> SplitObservations:
        return observe_split(model if device is None else model.on(device), split)

    with experiment.training_backend(seed) as backend, device or nullcontext():
        original = setup.build_model(backend)
        progress("training the original", 0.0)

        def after_epoch(epoch: int, epochs: int, _loss: float) -> None:
            progress("training the original", epoch / epochs / (len(methods) + 1))

        started = perf_counter()
        with metered(original) as meter:
            history = setup.train(original, progress=after_epoch)
        seconds = perf_counter() - started
        context = _Context(experiment, split, seed)
        steps = tuple({"train_loss": loss} for loss in history.losses)
        stopped = "done" if len(steps) == setup.trainer.epochs else "early stopping"
        # The oracle must be there before the original can be read against it.
        pending = _Outcome(
            "original", original, observed(original), meter.usage, seconds, steps, stopped, 0.0
        )
        auditor: Auditor | None = None
        for position, method in enumerate(methods):
            progress(f"method {method}", (position + 1) / (len(methods) + 1))
            try:
                result = setup.unlearn(method, original)
            except NonFiniteError as error:
                if method == "oracle":  # without it there is nothing to compare with
                    raise NonFiniteError(f"method oracle, seed {seed}: {error}") from error
                yield context.failure(method, error)
                continue
            outcome = _Outcome(
                method,
                result.model,
                observed(result.model),
                result.usage,
                result.seconds,
                result.history,
                result.stopped,
                result.largest_change,
            )
            if auditor is None:  # `all_methods` begins with the oracle
                auditor = Auditor(split, pending.observed, [outcome.observed], seed=seed)
                yield context.record(auditor, pending)
            yield context.record(auditor, outcome)


@dataclass(frozen=True)
class _Outcome:
    method: str
    model: QuantumClassifier
    observed: SplitObservations
    usage: Usage
    seconds: float
    history: tuple[dict[str, float], ...]
    stopped: str
    largest_change: float


class _Context:
    """What the records of one seed have in common."""

    def __init__(self, experiment: Experiment, split: ForgetSplit, seed: int) -> None:
        self._experiment = experiment
        self._split = split
        self._seed = seed

    def record(self, auditor: Auditor, outcome: _Outcome) -> Record:
        """Return the record of a model."""
        method, usage = outcome.method, outcome.usage
        measured = auditor.measure(outcome.observed, method)
        unchanged = method != "original" and outcome.largest_change == 0.0
        counts = outcome.model.parameter_counts()
        row = {
            **model_row(method, self._seed, measured, auditor.judge(measured, unchanged=unchanged)),
            "seconds": round(outcome.seconds, 4),
            "gradient_evaluations": usage.gradient_evaluations,
            "forward_evaluations": usage.forward_evaluations,
            "circuits": usage.circuits,
            "shots": usage.executions,
            "observed_on": self._experiment.backend,
            "observed_shots": self._experiment.shots,
            "quantum_parameters": counts["quantum"],
            "classical_parameters": counts["classical"],
            "stopped": outcome.stopped,
            "largest_change": outcome.largest_change,
            "error": None,
        }
        return Record(
            row=row,
            scores=roc_scores(method, self._seed, measured),
            history=outcome.history,
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
