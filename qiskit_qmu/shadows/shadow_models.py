"""Shadow models: models of one recipe, each trained on a random half of a pool of rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, final

import numpy as np
import torch
from numpy.typing import NDArray

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
from qiskit_qmu.shadows.inclusion import complementary_halves
from qiskit_qmu.shadows.shadow_folder import ShadowFolder
from qiskit_qmu.shadows.stacked_training import can_be_stacked, train_stacked
from qiskit_qmu.training import Trainer

MODELS_AT_ONCE = 16
"""Models whose weights are stacked: more gain little, and take memory."""

ShadowProgress = Callable[[int, int], None]
"""Called with the number of models that are trained, and the number of all."""


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
    """

    models: tuple[Module, ...] = field(repr=False)
    pool: Rows
    included: NDArray[np.bool_] = field(repr=False)
    observations: tuple[Observations, ...] = field(repr=False)
    trainer: Trainer
    seed: int

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
    seed: int = 0,
    folder: str | Path | None = None,
    progress: ShadowProgress | None = None,
) -> ShadowModels[Module]:
    """Train shadow models of a model's kind, each on a random half of a pool.

    Weights are drawn anew for each, and what is fitted to rows is fitted to its own half, as
    `Retrain` does. Where all circuits are simulated exactly, the models are trained together, by
    stacked weights through one simulation; elsewhere one after another.

    Args:
        model: Any module that holds TorchConnectors; it is not changed. Its own weights are used
            only for parameters that need no gradient.
        pool: Rows of the distribution that the audited model was trained on; those to be audited
            are among them.
        count: Number of models, even, since they are trained on halves that belong together. 4 to 8
            for `RMIA`, 32 and more for `BaVarIA` and `LiRA` with variances of the rows' own.
        trainer: The recipe of the audited model; the default `Trainer` if None.
        seed: Seed of halves, weights and batches.
        folder: Where trained weights are kept, so that the same call, after a kill or with more
            models, trains only what is missing. Anything that decides the weights, such as recipe,
            rows or their order, leads to files of its own.
        progress: Called whenever models are trained.

    Returns:
        The models with what they answer on the pool.

    Raises:
        InputError: If the number of models is odd, or the model or the rows cannot be trained on.
        NonFiniteError: If training leaves the range of numbers.

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
    included = complementary_halves(count, len(pool), stream(seed, "shadows", "halves"))
    objective = objective_for(trainer.objective, model, pool.y)
    rows, _ = as_tensors(model, pool.x, pool.y, objective.predicts)
    fitted = _untrained(model, seed, 0)
    fit_inputs(fitted, rows)
    check_resettable(fitted, rows)
    store = ShadowFolder.of(folder, model, pool, trainer, seed)
    models = [_untrained(model, seed, number) for number in range(count)]
    done = 0
    for first in range(0, count, MODELS_AT_ONCE):
        group = list(range(first, min(first + MODELS_AT_ONCE, count)))
        missing = [number for number in group if not store.restore(number, models[number])]
        _train(
            [models[n] for n in missing],
            [pool.take(np.flatnonzero(included[n])) for n in missing],
            trainer,
            objective,
            [stream(seed, "shadows", str(n), "batches") for n in missing],
        )
        for number in missing:
            store.keep(number, models[number])
        done += len(group)
        if progress is not None:
            progress(done, count)
    return ShadowModels(
        models=tuple(models),
        pool=pool,
        included=included,
        observations=tuple(observe(m, pool.x, pool.y, trainer.objective) for m in models),
        trainer=trainer,
        seed=seed,
    )


def _untrained(model: Module, seed: int, number: int) -> Module:
    shadow = clone_module(model)
    reinitialize(shadow, stream(seed, "shadows", str(number), "weights"))
    return shadow


def _train(
    models: Sequence[torch.nn.Module],
    halves: Sequence[Rows],
    trainer: Trainer,
    objective: Objective,
    generators: Sequence[np.random.Generator],
) -> None:
    if not models:
        return
    parts = [as_tensors(models[0], half.x, half.y, objective.predicts) for half in halves]
    fit_inputs(models[0], parts[0][0])
    sample = (parts[0][0][:2], parts[0][1][:2])
    if len(models) > 1 and can_be_stacked(models[0], trainer, objective, sample):
        train_stacked(models, parts, trainer, objective, generators)
        return
    for model, half, generator in zip(models, halves, generators, strict=True):
        trainer.fit(model, half.x, half.y, generator=generator)
