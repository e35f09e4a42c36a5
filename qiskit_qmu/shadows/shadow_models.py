"""Shadow models: models of one recipe, each trained on a random half of a pool of rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, final

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._seeds import stream
from qiskit_qmu.attacks import References
from qiskit_qmu.data import Rows
from qiskit_qmu.models import (
    as_tensors,
    check_resettable,
    clone_module,
    fit_inputs,
    observe,
    reinitialize,
)
from qiskit_qmu.models.parameters import Module
from qiskit_qmu.objectives import Objective, objective_for
from qiskit_qmu.observation import Observations
from qiskit_qmu.runs.progress import RunProgress, no_progress
from qiskit_qmu.shadows.digests import training_digest
from qiskit_qmu.shadows.inclusion import complementary_halves
from qiskit_qmu.shadows.kept_weights import KeptWeights, Weights, put_weights, weights_of
from qiskit_qmu.shadows.stacked_training import can_be_stacked, is_exact, train_stacked
from qiskit_qmu.training import Trainer
from qiskit_qmu.training.processes import one_thread, results_of

MODELS_AT_ONCE = 16
"""Models whose weights are stacked: more gain little, and take memory.

Milliseconds of one core for a model and an epoch of 250 rows in batches of 32, by the number of
models that are trained at once (the hybrid models read images):

    model                         alone    4    8   16
    basic, 6 qubits, 3 layers        80   40   25   13
    basic, 8 qubits, 5 layers        92   55   29   17
    basic, 10 qubits, 5 layers      128   71   87   79
    basic, 12 qubits, 5 layers      457  397  354
    hybrid, 10 qubits, 8 × 8        173  118  108   98
    hybrid, 10 qubits, 28 × 28      184  171  186  153

So models are stacked wherever they can be, and processes are for the stacks, and for models that
cannot be stacked.
"""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ShadowModels(Generic[Module]):
    """Models of one recipe, which of the pool's rows each was trained on, and what it answers.

    Attributes:
        models: The trained models.
        pool: The rows that they were trained on, each model on half of them.
        included: Whether model k was trained on row x of the pool, booleans (models, rows).
        observations: What each model answers on all rows of the pool, in the pool's order.
        trainer: The recipe.
        seed: Seed of halves, weights and batches.
        folder: Where they and what is made of them are kept; None where nothing is.
        digest: A hash of everything that decides the weights; empty where they are not kept.
    """

    models: tuple[Module, ...] = field(repr=False)
    pool: Rows
    included: NDArray[np.bool_] = field(repr=False)
    observations: tuple[Observations, ...] = field(repr=False)
    trainer: Trainer
    seed: int
    folder: Path | None = None
    digest: str = ""

    def __len__(self) -> int:
        return len(self.models)

    def references(self) -> References:
        """Return membership scores and inclusion, for attacks with references."""
        return references_of(self.observations, self.included)


def references_of(observations: Sequence[Observations], included: NDArray[np.bool_]) -> References:
    """Return the membership scores of several models on the same rows as references.

    Args:
        observations: What each model answers on the rows.
        included: Whether it was trained on a row, booleans (models, rows).
    """
    return References(
        scores=np.stack([found.membership_score for found in observations]),
        included=included,
        log_odds=observations[0].row_losses is None,
    )


def train_shadows(
    model: Module,
    pool: Rows,
    *,
    count: int = 16,
    trainer: Trainer | None = None,
    audited: ArrayLike | None = None,
    validation: Rows | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    workers: int | None = None,
    progress: RunProgress = no_progress,
) -> ShadowModels[Module]:
    """Train shadow models of a model's kind, each on a random half of a pool.

    Weights are drawn anew for each, and what is fitted to rows is fitted to its own half, as
    `Retrain` does. Where all circuits are simulated exactly, models are trained together, by
    stacked weights through one simulation; elsewhere one by one.

    Args:
        model: Any module that holds TorchConnectors; it is not changed. Its own weights are used
            only for parameters that need no gradient.
        pool: Rows of the distribution that the audited model was trained on; those to be audited
            are among them.
        count: Number of models, even, since they are trained on halves that belong together. 4 to 8
            for `RMIA`, 32 and more for `BaVarIA` and `LiRA` with variances of the rows' own.
        trainer: The recipe of the audited model; the default `Trainer` if None.
        audited: Positions of the rows to be audited, if they are known: each model is then trained
            on exactly half of them and half of the others, so that all models retain equally many
            rows and retrained twins can be stacked too.
        validation: Rows on which no model is trained, for a recipe that stops early.
        seed: Seed of halves, weights and batches.
        folder: Where trained weights are kept, so that the same call, after a kill or with more
            models, trains only what is missing; unlearned ones will be kept there too. Anything
            that decides the weights, such as recipe, rows or their order, leads to files of its
            own.
        workers: Processes; None for what `joblib.parallel_config` says, and without it the calling
            process.
        progress: Called with what is done and the share of the whole.

    Returns:
        The models with what they answer on the pool.

    Raises:
        InputError: If the number of models is odd, or the model or the rows cannot be trained on.
        NonFiniteError: If training leaves the range of numbers.
        RunError: If one of the processes was ended from outside.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.shadows import train_shadows
        >>> iris = qmu.load_dataset("iris")
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=2, batch_size=16)
        >>> shadows = train_shadows(model, iris.train, count=4, trainer=trainer)
        >>> shadows.references()
        References(4 models, 105 rows)
    """
    trainer = Trainer() if trainer is None else trainer
    _check.at_least(0, seed=seed)
    included = _halves(count, len(pool), audited, seed)
    objective = objective_for(trainer.objective, model, pool.y)
    rows, answers = as_tensors(model, pool.x, pool.y, objective.predicts)
    fitted = _untrained(model, seed, 0)
    fit_inputs(fitted, rows)
    check_resettable(fitted, rows)
    digest = ""
    if folder is not None:
        recipe = (trainer, None if validation is None else validation.digest())
        digest = training_digest(
            fitted, rows[:2], pool, included[:2], recipe, seed, exact=is_exact(fitted)
        )
    store = KeptWeights.at(folder, digest)
    models = [_untrained(model, seed, number) for number in range(count)]
    missing = store.missing(models)
    stacked = can_be_stacked(fitted, trainer, objective, (rows[:2], answers[:2]))
    groups = in_groups(missing, MODELS_AT_ONCE if stacked else 1)
    tasks = (
        (
            [models[number] for number in group],
            [pool.take(np.flatnonzero(included[number])) for number in group],
            trainer,
            objective,
            validation,
            [stream(seed, "shadows", str(number), "batches") for number in group],
        )
        for group in groups
    )
    done = count - len(missing)
    progress(f"training shadow models, {done} of {count} done", done / count)
    for position, weights in results_of(
        _trained, tasks, count=len(groups), workers=workers, advice=ADVICE
    ):
        for number, own in zip(groups[position], weights, strict=True):
            store.keep(number, own)
            put_weights(models[number], own)
        done += len(weights)
        progress(f"training shadow models, {done} of {count} done", done / count)
    return ShadowModels(
        models=tuple(models),
        pool=pool,
        included=included,
        observations=observe_all(models, pool, trainer),
        trainer=trainer,
        seed=seed,
        folder=None if folder is None else Path(folder),
        digest=digest,
    )


ADVICE = "the same call resumes where folder=… was given, and needs least memory with workers=1"


def observe_all(
    models: Sequence[torch.nn.Module], pool: Rows, trainer: Trainer
) -> tuple[Observations, ...]:
    """Return what each model answers on all rows of a pool."""
    with one_thread():
        return tuple(observe(model, pool.x, pool.y, trainer.objective) for model in models)


def in_groups(numbers: Sequence[int], size: int) -> list[list[int]]:
    """Return numbers in groups of those that have a multiple of the size in common.

    A number's group does not depend on what is missing, but for the missing ones themselves.
    """
    groups: dict[int, list[int]] = {}
    for number in numbers:
        groups.setdefault(number // size, []).append(number)
    return list(groups.values())


def _halves(count: int, rows: int, audited: ArrayLike | None, seed: int) -> NDArray[np.bool_]:
    generator = stream(seed, "shadows", "halves")
    if audited is None:
        return complementary_halves(count, rows, generator)
    included = np.zeros((count, rows), dtype=bool)
    chosen = np.unique(np.asarray(audited, dtype=np.int64))
    for part in (chosen, np.setdiff1d(np.arange(rows), chosen)):
        included[:, part] = complementary_halves(count, len(part), generator)
    return included


def _untrained(model: Module, seed: int, number: int) -> Module:
    shadow = clone_module(model)
    reinitialize(shadow, stream(seed, "shadows", str(number), "weights"))
    return shadow


def _trained(
    models: Sequence[torch.nn.Module],
    halves: Sequence[Rows],
    trainer: Trainer,
    objective: Objective,
    validation: Rows | None,
    generators: Sequence[np.random.Generator],
) -> list[Weights]:
    """Train models of one group, and return their weights."""
    if len(models) > 1:
        parts = [as_tensors(models[0], half.x, half.y, objective.predicts) for half in halves]
        train_stacked(models, parts, trainer, objective, generators)
    else:
        half = halves[0]
        trainer.fit(models[0], half.x, half.y, generator=generators[0], validation=validation)
    return [weights_of(model) for model in models]
