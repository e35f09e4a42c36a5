"""Runs an experiment: one record for each seed and method, as soon as it is there."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

from qiskit_qmu.backends import Backend
from qiskit_qmu.experiments.configuration.experiment_backends import (
    observing_backend,
    training_backend,
)
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.configuration.steps import unlearn
from qiskit_qmu.experiments.records.records import Record
from qiskit_qmu.experiments.repetition.repetition import Observer, Unlearn, measure_methods
from qiskit_qmu.experiments.repetition.trained import Trained, train_original
from qiskit_qmu.runs.progress import RunProgress, no_progress, part_of

KeptModels = Callable[[Backend], tuple[Trained, Unlearn]]
"""Returns an original and how its unlearned models are had, all simulated by a backend."""


def run_seed(
    setup: Setup,
    *,
    job_dir: Path | None = None,
    kept: KeptModels | None = None,
    progress: RunProgress = no_progress,
) -> Iterator[Record]:
    """Train an original, unlearn it by every method, and yield a record for each model.

    Args:
        setup: The repetition to run.
        job_dir: Where the jobs of IBM's devices are written down.
        kept: Models that are trained and unlearned already; None to make them here.
        progress: Called before each part.

    Yields:
        Records: the original's, the oracle's, then the methods'. Of a method that left the range of
        numbers the row says so under "error", and the others are run all the same.

    Raises:
        NonFiniteError: If the original or the oracle leaves the range of numbers.
    """
    experiment, seed, split = setup.experiment, setup.seed, setup.split
    strategies = {method: setup.strategy(method) for method in experiment.all_methods}
    trained = 1 / (len(strategies) + 1)
    device = observing_backend(experiment, seed, job_dir)
    observer = Observer(
        device=device,
        objective=setup.trainer.objective,
        backend_name=experiment.backend,
        shots=experiment.shots,
    )
    with training_backend(experiment, seed) as backend, device or nullcontext():
        if kept is None:
            own = part_of(progress, 0.0, trained)
            model = setup.build_model(backend)
            original = train_original(model, split, setup.trainer, seed=seed, progress=own)
            how: Unlearn = unlearn
        else:
            original, how = kept(backend)
        for record, _model in measure_methods(
            original,
            split,
            strategies,
            seed=seed,
            observer=observer,
            unlearn=how,
            progress=part_of(progress, trained, 1.0),
        ):
            yield record
