"""Shadow models of a saved model's recipe, and the strategy that it was made to forget by."""

import math
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import joblib

from qiskit_qmu._check import InputError
from qiskit_qmu._files import reading
from qiskit_qmu._seeds import child_seed
from qiskit_qmu.auditing import PoolPlaces, shadow_pool
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.experiments.configuration.experiment_backends import training_backend
from qiskit_qmu.experiments.saved.model import SavedModel
from qiskit_qmu.models import load_model
from qiskit_qmu.runs.progress import RunProgress, no_progress
from qiskit_qmu.shadows import ShadowModels, train_shadows
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import UnlearningStrategy, make_strategy


@final
@dataclass(frozen=True, kw_only=True)
class ShadowRequest:
    """How many shadow models an audit of a saved model trains, and what they are made to do.

    Attributes:
        count: Number of models, even, at least 6 and best 32 or more.
        strategy: Name of the strategy to test; None for the one that made the saved model.
        folder: Where they are kept for the next call; nowhere if None.
        workers: Processes; None for what `joblib.parallel_config` says.

    Example:
        >>> from qiskit_qmu.experiments import ShadowRequest
        >>> ShadowRequest(count=7)
        Traceback (most recent call last):
            ...
        qiskit_qmu._check.InputError: shadow models come in pairs, at least 6 of them; got 7
    """

    count: int
    strategy: str | None = None
    folder: Path | None = field(default=None, repr=False)
    workers: int | None = None

    def __post_init__(self) -> None:
        if self.count < _FEWEST or self.count % 2:
            raise InputError(
                f"shadow models come in pairs, at least {_FEWEST} of them; got {self.count}"
            )

    def parallel(self) -> Any:
        """Return a block in which everything runs on so many processes."""
        return (
            nullcontext() if self.workers is None else joblib.parallel_config(n_jobs=self.workers)
        )


_FEWEST = 6


def trainer_of(saved: SavedModel) -> Trainer:
    """Return the recipe that a saved model was trained with."""
    return saved.experiment.trainer(math.prod(saved.dataset.input_shape))


def strategy_of(saved: SavedModel, first: int, name: str | None = None) -> UnlearningStrategy:
    """Return the strategy that made a saved model, with its hyperparameters.

    Args:
        saved: The unlearned model.
        first: The first of its deletions that count.
        name: Another strategy to take instead.

    Raises:
        InputError: If several deletions were done by several strategies, or the name is unknown.
    """
    used = dict.fromkeys(step.strategy for step in saved.provenance.deletions[first:])
    if name is None and len(used) > 1:
        raise InputError(
            f"the model was made to forget by {', '.join(used)}: name the strategy to test "
            "with --strategy"
        )
    chosen = next(iter(used)) if name is None else name
    with reading("the model's record", "a saved model"):
        return make_strategy(chosen, dict(saved.provenance.content["settings"]), trainer_of(saved))


def shadows_of(
    saved: SavedModel,
    original: str | Path,
    split: ForgetSplit,
    request: ShadowRequest,
    *,
    seed: int = 0,
    progress: RunProgress = no_progress,
) -> ShadowModels[Any]:
    """Train shadow models of a saved model's recipe on halves of its rows and never-seen ones.

    They are simulated as the original was in its training, with shots of their own.

    Args:
        saved: The unlearned model.
        original: Folder of the model before unlearning.
        split: What was forgotten.
        request: How many models, and where they are kept.
        seed: Seed of everything random.
        progress: Called with what is done and the share of the whole.

    Raises:
        InputError: If the original cannot be read, or there are too few never-seen rows.
        NonFiniteError: If training leaves the range of numbers.
        RunError: If one of the processes was ended from outside.
    """
    backend = training_backend(saved.experiment, saved.experiment.seed, "shadows", str(seed))
    own = child_seed(seed, "shadow models")
    pool = shadow_pool(split, seed=own)
    return train_shadows(
        load_model(original, backend=backend),
        pool,
        count=request.count,
        trainer=trainer_of(saved),
        audited=PoolPlaces.of(split, pool, seed=seed).audited,
        validation=split.validation if len(split.validation) else None,
        seed=own,
        folder=request.folder,
        workers=request.workers,
        progress=progress,
    )
