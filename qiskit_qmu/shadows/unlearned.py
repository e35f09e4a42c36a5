"""Shadow models after a strategy has made them forget rows: the models of U-LiRA."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.attacks import References
from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.models import clone_module
from qiskit_qmu.models.parameters import Module
from qiskit_qmu.observation import Observations
from qiskit_qmu.runs.progress import RunProgress, no_progress
from qiskit_qmu.shadows.digests import unlearning_digest
from qiskit_qmu.shadows.kept_weights import KeptWeights, Weights, put_weights, weights_of
from qiskit_qmu.shadows.shadow_models import (
    ADVICE,
    MODELS_AT_ONCE,
    ShadowModels,
    in_groups,
    observe_all,
    references_of,
)
from qiskit_qmu.shadows.stacked_retraining import can_retrain_stacked, retrain_stacked
from qiskit_qmu.training.processes import results_of
from qiskit_qmu.unlearning import (
    FineTune,
    Retrain,
    TargetMissedWarning,
    UnchangedWarning,
    UnlearningStrategy,
)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class UnlearnedShadows:
    """What shadow models answer after each has forgotten those audited rows that it was trained on.

    Attributes:
        audited: Positions of the audited rows in the pool, shape (rows,).
        included: Whether model k was trained on row x of the pool before it forgot, booleans
            (models, rows of the pool).
        observations: What each unlearned model answers on all rows of the pool.
    """

    audited: NDArray[np.int64]
    included: NDArray[np.bool_] = field(repr=False)
    observations: tuple[Observations, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.observations)

    def references(self) -> References:
        """Return scores of the audited rows; ``included`` says which models forgot a row."""
        return references_of(self.observations, self.included).rows(self.audited)

    def retained_references(self) -> References:
        """Return scores of all other rows; ``included`` says which models retained a row."""
        return references_of(self.observations, self.included).rows(self.others)

    @property
    def others(self) -> NDArray[np.int64]:
        """Positions of the rows of the pool that are not audited."""
        return np.setdiff1d(np.arange(self.included.shape[1]), self.audited)


def unlearn_shadows(
    shadows: ShadowModels[Module],
    strategy: UnlearningStrategy,
    audited: ArrayLike,
    *,
    label: int | None = None,
    validation: Rows | None = None,
    seed: int = 0,
    workers: int | None = None,
    progress: RunProgress = no_progress,
) -> UnlearnedShadows:
    """Let every shadow model forget those of the audited rows that it was trained on.

    Its other training rows are what it retains. On the audited rows the unlearned models are then
    of two kinds: those that forgot a row, and those that never saw it and went through the same
    strategy for other rows. Nobody can tell the two apart after retraining, so that a
    `leave_one_out_attack` has an AUC of ½ then.

    Where the shadow models are kept in a folder, the unlearned ones are too: the same call after a
    kill only unlearns what is missing. Anything that decides their weights leads to files of their
    own, and what they answer is computed on the rows as they are now.

    Hayes et al., Inexact Unlearning Needs More Careful Evaluations to Avoid a False Sense of
    Privacy (U-LiRA), 2024, https://arxiv.org/abs/2403.01218, with all rows of a model that are
    audited forgotten at once.

    Args:
        shadows: The models, which are not changed.
        strategy: How rows are forgotten.
        audited: Positions of rows in the pool; about half of them are forgotten by each model.
        label: The class that is forgotten, where a whole class is: the audited rows are then all
            rows of the pool of that class. None where single rows are forgotten.
        validation: Rows on which no model was trained, for strategies that choose by them.
        seed: Seed of the strategy.
        workers: Processes; see `train_shadows`.
        progress: Called with what is done and the share of the whole.

    Returns:
        What the unlearned models answer.

    Raises:
        InputError: If a position is not one of the pool's, or a model forgets none or all rows.
        NonFiniteError: If the strategy leaves the range of numbers.
        RunError: If one of the processes was ended from outside.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.shadows import train_shadows, unlearn_shadows
        >>> iris = qmu.load_dataset("iris")
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=2, batch_size=16)
        >>> shadows = train_shadows(model, iris.train, count=4, trainer=trainer)
        >>> strategy = qmu.unlearning.FineTune(epochs=1)
        >>> unlearn_shadows(shadows, strategy, range(20)).references()
        References(4 models, 20 rows)
    """
    _check.at_least(0, seed=seed)
    positions = np.asarray(audited, dtype=np.int64)
    shadows.pool.take(positions)  # refuses positions that it does not have
    is_audited = np.zeros(len(shadows.pool), dtype=bool)
    is_audited[positions] = True
    count = len(shadows)
    splits = [forget_split(shadows, n, is_audited, label, validation) for n in range(count)]
    models = [clone_module(model) for model in shadows.models]
    store = _store(shadows, strategy, is_audited, label, validation, seed)
    missing = store.missing(models)
    stacked = can_retrain_stacked(strategy, shadows.models[0], splits)
    groups = in_groups(missing, MODELS_AT_ONCE if stacked else 1)
    tasks = (
        (
            strategy,
            [shadows.models[number] for number in group],
            [splits[number] for number in group],
            [stream(seed, "shadows", str(number), "unlearning") for number in group],
        )
        for group in groups
    )
    done = count - len(missing)
    progress(f"unlearning shadow models, {done} of {count} done", done / count)
    for position, weights in results_of(
        _unlearned, tasks, count=len(groups), workers=workers, advice=ADVICE
    ):
        for number, own in zip(groups[position], weights, strict=True):
            store.keep(number, own)
            put_weights(models[number], own)
        done += len(weights)
        progress(f"unlearning shadow models, {done} of {count} done", done / count)
    return UnlearnedShadows(
        audited=positions,
        included=shadows.included,
        observations=observe_all(models, shadows.pool, shadows.trainer),
    )


def _store(
    shadows: ShadowModels[Module],
    strategy: UnlearningStrategy,
    audited: NDArray[np.bool_],
    label: int | None,
    validation: Rows | None,
    seed: int,
) -> KeptWeights:
    if shadows.folder is None:
        return KeptWeights(None)
    digest = unlearning_digest(shadows.digest, strategy, audited, label, validation, seed)
    return KeptWeights.at(shadows.folder, digest)


def _unlearned(
    strategy: UnlearningStrategy,
    models: Sequence[torch.nn.Module],
    splits: Sequence[ForgetSplit],
    generators: Sequence[np.random.Generator],
) -> list[Weights]:
    """Unlearn models of one group, and return their weights."""
    if isinstance(strategy, Retrain | FineTune) and len(models) > 1:
        return retrain_stacked(strategy, models, splits, generators)
    found = []
    for model, split, generator in zip(models, splits, generators, strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnchangedWarning)
            warnings.simplefilter("ignore", TargetMissedWarning)
            found.append(weights_of(strategy(model, split, generator=generator).model))
    return found


def forget_split(
    shadows: ShadowModels[Module],
    number: int,
    audited: NDArray[np.bool_],
    label: int | None = None,
    validation: Rows | None = None,
) -> ForgetSplit:
    """Return what one shadow model forgets and retains.

    Args:
        shadows: The models.
        number: Which of them, from 0.
        audited: Which rows of the pool are audited, booleans (rows,).
        label: The class that is forgotten; None for single rows.
        validation: Rows on which no model was trained.

    Raises:
        InputError: If the model forgets none or all rows, or rows of another class are audited.
    """
    pool, trained = shadows.pool, shadows.included[number]
    if label is not None and not np.array_equal(audited, pool.y == label):
        raise InputError(f"the audited rows must be all rows of the pool of class {label}")

    def rows(chosen: NDArray[np.bool_]) -> Rows:
        return pool.take(np.flatnonzero(chosen))

    held_out = pool.take([]) if validation is None else _apart(validation, pool)
    return ForgetSplit(
        kind="instances" if label is None else "class",
        label=label,
        num_classes=shadows.observations[number].num_classes,
        validation=held_out,
        forget=rows(trained & audited),
        retain=rows(trained & ~audited),
        test_forget=rows(~trained & audited),
        test_retain=rows(~trained & ~audited if label is not None else ~trained),
    )


def accuracies(
    observations: Sequence[Observations], rows: NDArray[np.bool_]
) -> NDArray[np.float64] | None:
    """Return each model's accuracy on rows of its own; None where no classes are predicted.

    Args:
        observations: What each model answers on the pool.
        rows: Which rows of it count for which model, booleans (models, rows).
    """
    if observations[0].num_classes is None:
        return None
    found = zip(observations, rows, strict=True)
    return np.array([each.take(np.flatnonzero(own)).accuracy for each, own in found])


def _apart(validation: Rows, pool: Rows) -> Rows:
    """Return validation rows whose positions do not collide with the pool's."""
    positions = int(pool.indices.max()) + 1 + np.arange(len(validation))
    return Rows(x=validation.x, y=validation.y, indices=positions)
