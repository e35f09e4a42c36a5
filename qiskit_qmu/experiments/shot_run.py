"""Runs a comparison of shot counts: one run of many shots for each model, and what it serves."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._seeds import child_seed, stream
from qiskit_qmu.backends import open_backend
from qiskit_qmu.experiments.run import RunProgress, no_progress, unlearned
from qiskit_qmu.experiments.setup import Setup
from qiskit_qmu.experiments.shot_comparison import ShotComparison
from qiskit_qmu.experiments.shot_measures import ObservedRows, measure_answers, useless_answers
from qiskit_qmu.experiments.workers import one_thread
from qiskit_qmu.models import QuantumClassifier, deal_shots, with_fewer_shots
from qiskit_qmu.observation import Observations

Row = dict[str, Any]

_NOT_UNLEARNED: Row = {"stopped": None, "largest_change": None}


def compare_shots(
    comparison: ShotComparison,
    *,
    data_dir: str | None = None,
    job_dir: Path | None = None,
    progress: RunProgress = no_progress,
) -> list[Row]:
    """Train, unlearn and observe with every shot count, for every seed.

    Each model is observed once, with the largest number of shots for each repetition. Its shots are
    dealt to the repetitions, which are therefore independent of each other. Every smaller number is
    drawn from a repetition's shots without replacement: it has the distribution of a run of its
    own, but results of one repetition share shots and are not independent.

    Args:
        comparison: What to compare.
        data_dir: Where image files lie.
        job_dir: Where the jobs of IBM's devices are written down, in a folder for each seed.
        progress: Called with what is being done and the share that is done.

    Returns:
        One row of numbers with intervals over examples for each model, shot count (None: exact),
        seed and repetition; and for each seed one of useless answers.

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
    seed, split = setup.seed, setup.split
    models, outcomes = _trained_models(comparison, setup, progress)
    rows = ObservedRows.of(split)
    expected: dict[str, NDArray[np.float64]] = {}
    with ExitStack() as opened:
        device, ideal = comparison.backends(seed, opened, job_dir)
        for position, (name, model) in enumerate(models.items()):
            progress(f"observing {name}", 0.6 + 0.4 * position / len(models))
            if ideal is not None:
                exact = model.on(ideal).observe(rows.x, rows.y)
                expected[name] = exact.probabilities
                yield _row(rows, exact, expected[name], name, seed) | outcomes[name]
            run = model.on(device).observe(rows.x, rows.y)
            for repetition, observed in _sampled(comparison, model, run, name, seed):
                row = _row(rows, observed, expected.get(name), name, seed, repetition)
                yield row | outcomes[name]
    useless = useless_answers(
        rows, split.retain.y, expected.get("original"), stream(seed, "useless")
    )
    row = {"model": "useless", "shots": None, "seed": seed, "repetition": 0}
    yield row | useless | _NOT_UNLEARNED


def _trained_models(
    comparison: ShotComparison, setup: Setup, progress: RunProgress
) -> tuple[dict[str, QuantumClassifier], dict[str, Row]]:
    """Return the original, the oracle and the unlearned model, and what became of unlearning."""
    seed = setup.seed
    backend = open_backend("exact", shots=comparison.train_shots, seed=child_seed(seed, "training"))
    original = setup.build_model(backend)
    progress("training the original", 0.0)
    setup.train(original)
    models, outcomes = {"original": original}, {"original": _NOT_UNLEARNED}
    for position, method in enumerate(("oracle", comparison.method), start=1):
        progress(f"method {method}", 0.2 * position)
        result = unlearned(setup.strategy(method), original, setup.split, stream(seed, method))
        models[method] = result.model
        outcomes[method] = {"stopped": result.stopped, "largest_change": result.largest_change}
    return models, outcomes


def _sampled(
    comparison: ShotComparison, model: QuantumClassifier, run: Observations, name: str, seed: int
) -> Iterator[tuple[int, Observations]]:
    """Yield what each repetition answers with each number of shots, drawn from one run."""
    generator = stream(seed, "fewer shots", name)
    dealt = deal_shots(model, run, comparison.repetitions, generator)
    for repetition, largest in enumerate(dealt):
        for shots in sorted(comparison.shots):
            yield repetition, with_fewer_shots(model, largest, shots, generator)


def _row(
    rows: ObservedRows,
    observed: Observations,
    expected: NDArray[np.float64] | None,
    name: str,
    seed: int,
    repetition: int = 0,
) -> Row:
    # The same folds for every model and shot count: what differs between rows is not the deal.
    generator = stream(seed, "attack", str(repetition))
    return {
        "model": name,
        "shots": observed.shots,
        "seed": seed,
        "repetition": repetition,
        **measure_answers(rows, observed, expected, generator),
    }
