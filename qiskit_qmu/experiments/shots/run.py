"""Runs a comparison of shot counts: one run of many shots for each model, and what it serves."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, final

import numpy as np

from qiskit_qmu._seeds import child_seed, stream
from qiskit_qmu.attacks import SHOT_ATTACKS
from qiskit_qmu.auditing import Auditor, SplitRows
from qiskit_qmu.backends import open_backend
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import BASELINE, SHOT_RESULTS, SplitObservations, interval_row
from qiskit_qmu.evaluation.baselines import coin_auc, constant_answer, uniform_divergence
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.shots.comparison import ShotComparison
from qiskit_qmu.models import QuantumClassifier, split_shots, with_fewer_shots
from qiskit_qmu.observation import Observations
from qiskit_qmu.runs.progress import RunProgress, no_progress
from qiskit_qmu.training.processes import one_thread

Row = dict[str, Any]

NOT_UNLEARNED: Row = {"stopped": None, "largest_change": None}


def compare_shots(
    comparison: ShotComparison,
    *,
    data_dir: str | None = None,
    job_dir: Path | None = None,
    progress: RunProgress = no_progress,
) -> list[Row]:
    """Train, unlearn and observe with every shot count, for every seed.

    Each model is observed once, with the largest number of shots for each repetition. Its shots are
    split among the repetitions, which are therefore independent. Every smaller number is
    drawn from a repetition's shots without replacement: it has the distribution of a run of its
    own, but results of one repetition share shots and are not independent.

    Args:
        comparison: What to compare.
        data_dir: Folder of image files.
        job_dir: Where the jobs of IBM's devices are written down, in a folder for each seed.
        progress: Called with what is being done and the share that is done.

    Returns:
        One row of numbers with intervals over examples for each model, shot count (None: exact),
        seed and repetition; and for each seed one of baselines.

    Raises:
        InputError: If the data cannot be read, the forget set is not possible or the backend cannot
            do what is asked.
    """
    first, experiment = comparison.check(data_dir), comparison.experiment
    rows: list[Row] = []
    for number in range(experiment.seeds):

        def report(task: str, share: float, number: int = number) -> None:
            prefix = f"seed {number + 1} of {experiment.seeds}: " if experiment.seeds > 1 else ""
            progress(prefix + task, (number + share) / experiment.seeds)

        with one_thread():
            setup = first.of_seed(experiment.seed + number, data_dir)
            rows += _rows_of_seed(comparison, setup, job_dir, report)
    return rows


def _rows_of_seed(
    comparison: ShotComparison, setup: Setup, job_dir: Path | None, progress: RunProgress
) -> Iterator[Row]:
    models, outcomes = _trained_models(comparison, setup, progress)
    yield from observed_rows(
        comparison, setup.split, models, outcomes, setup.seed, job_dir, progress
    )


def observed_rows(
    comparison: ShotComparison,
    split: ForgetSplit,
    models: dict[str, QuantumClassifier],
    outcomes: dict[str, Row],
    seed: int,
    job_dir: Path | None,
    progress: RunProgress,
) -> Iterator[Row]:
    """Yield the rows of some models of one seed, and of a baseline.

    Args:
        comparison: Shot counts, repetitions and backend.
        split: The task.
        models: The models by name.
        outcomes: What became of unlearning, by the same names.
        seed: Seed of shots and attacks.
        job_dir: As for `compare_shots`.
        progress: As for `compare_shots`.
    """
    measures = ShotMeasures(split, seed)
    with ExitStack() as opened:
        device, ideal = comparison.backends(seed, opened, job_dir)
        for position, (name, model) in enumerate(models.items()):
            progress(f"observing {name}", 0.6 + 0.4 * position / len(models))
            exact = None if ideal is None else measures.ask(model.on(ideal))
            if exact is not None:
                yield measures.row(name, exact, exact) | outcomes[name]
            run = measures.ask(model.on(device))
            for repetition, observed in _sampled(comparison, model, run, name, seed):
                yield measures.row(name, observed, exact, repetition) | outcomes[name]
    yield measures.baseline() | NOT_UNLEARNED


@final
class ShotMeasures:
    """The rows of one seed, and what is measured of the answers to them.

    Of a class no other training rows are asked: rows of other classes tell an attacker nothing.

    Args:
        split: The task.
        seed: Seed of the attacks.
    """

    def __init__(self, split: ForgetSplit, seed: int) -> None:
        known = () if split.kind == "class" else ("retain",)
        self._rows = SplitRows.of(split, ("forget", "test_forget", "test_retain", *known))
        self._split = split
        self._seed = seed
        self._exact_original: SplitObservations | None = None

    def ask(self, model: QuantumClassifier) -> Observations:
        """Return what a model answers to all rows."""
        return model.observe(self._rows.x, self._rows.y)

    def row(
        self, name: str, observed: Observations, exact: Observations | None, repetition: int = 0
    ) -> Row:
        """Return the numbers of what a model answered, with intervals over the rows.

        Args:
            name: Name of the model.
            observed: Its answers to all rows.
            exact: Its exact answers; None if there are none.
            repetition: Number of the run.
        """
        expected = None if exact is None else self._rows.taken_apart(exact)
        if name == "original":
            self._exact_original = expected
        # The same folds for every model and shot count: what differs between rows is not the deal.
        attacks = {
            key: each.attack for key, each in SHOT_ATTACKS.items() if each.can_read(observed)
        }
        auditor = Auditor(self._split, attacks=attacks, columns=SHOT_RESULTS, seed=self._seed)
        measured = auditor.measure(
            self._rows.taken_apart(observed), str(repetition), exact=expected
        )
        return {
            "model": name,
            "shots": observed.shots,
            "seed": self._seed,
            "repetition": repetition,
            "forgotten": self._split.in_words(),
            **measured.to_row(),
        }

    def baseline(self) -> Row:
        """Return what answers score that look at nothing.

        Accuracies are those of always naming the most frequent retained class, the divergence is
        that of naming all classes alike from the original's exact answers, and the AUC is that of
        attackers who toss coins.
        """
        split, names = self._split, {"model": BASELINE, "shots": None, "seed": self._seed}
        answer = int(np.bincount(split.retain.y).argmax())
        coin = coin_auc(split.forget.y, split.test_forget.y, stream(self._seed, "useless"))
        values = {
            **constant_answer(answer, split.forget.y, split.test_retain.y),
            **uniform_divergence(self._exact_original),
            **dict.fromkeys(SHOT_ATTACKS, coin),
        }
        return {**names, "repetition": 0, **interval_row(values)}


def _trained_models(
    comparison: ShotComparison, setup: Setup, progress: RunProgress
) -> tuple[dict[str, QuantumClassifier], dict[str, Row]]:
    """Return the original, the oracle and the unlearned model, and what became of unlearning."""
    seed = setup.seed
    backend = open_backend("exact", shots=comparison.train_shots, seed=child_seed(seed, "training"))
    original = setup.build_classifier(backend, "a comparison of shots")
    progress("training the original", 0.0)
    setup.train(original)
    return unlearned_models(comparison, setup, original, progress)


def unlearned_models(
    comparison: ShotComparison, setup: Setup, original: QuantumClassifier, progress: RunProgress
) -> tuple[dict[str, QuantumClassifier], dict[str, Row]]:
    """Return a trained model, its oracle and its unlearned copy, and what became of unlearning."""
    models, outcomes = {"original": original}, {"original": NOT_UNLEARNED}
    for position, method in enumerate(("oracle", comparison.method), start=1):
        progress(f"method {method}", 0.2 * position)
        result = setup.unlearn(method, original)
        models[method] = result.model
        outcomes[method] = {"stopped": result.stopped, "largest_change": result.largest_change}
    return models, outcomes


def _sampled(
    comparison: ShotComparison, model: QuantumClassifier, run: Observations, name: str, seed: int
) -> Iterator[tuple[int, Observations]]:
    """Yield what each repetition answers with each number of shots, drawn from one run."""
    generator = stream(seed, "fewer shots", name)
    parts = split_shots(model, run, comparison.repetitions, generator)
    for repetition, largest in enumerate(parts):
        for shots in sorted(comparison.shots):
            yield repetition, with_fewer_shots(model, largest, shots, generator)
