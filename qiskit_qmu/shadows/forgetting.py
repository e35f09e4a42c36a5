"""U-LiRA: what an attack still sees of rows that a strategy removed, over many models."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.attacks import BaVarIA, References
from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.metrics import Interval, auroc
from qiskit_qmu.metrics.mutual import mutual_mean
from qiskit_qmu.models import observe
from qiskit_qmu.models.parameters import Module
from qiskit_qmu.shadows.shadow_models import ShadowModels, references_of
from qiskit_qmu.unlearning import UnlearningStrategy


class ReferenceAttack(Protocol):
    """An attack that compares a model's scores with those of references, such as `LiRA`."""

    def scores(self, target: ArrayLike, references: References) -> NDArray[np.float64]:
        """Return one score per row, higher = more likely a member."""
        ...


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Visibility:
    """How well an attack tells rows that models were trained on from rows they never saw.

    Each model is the target once, with all others as references but its twin, which was trained on
    the other half: the twin's absence of a row would give the row away.

    Attributes:
        auc: Mean AUC over the models, with an interval over pairs of models that counts in that
            models are each other's references; see `mutual_mean`. ½ is what an attack has that
            knows nothing, and what retraining leaves to see.
        model_aucs: AUC of each model as the target, shape (models,).
        members: Rows of each model that count as members, shape (models,).
        nonmembers: Rows that it never saw, likewise.
    """

    auc: Interval
    model_aucs: NDArray[np.float64] = field(repr=False)
    members: NDArray[np.int64] = field(repr=False)
    nonmembers: NDArray[np.int64] = field(repr=False)


def visibility(references: References, attack: ReferenceAttack | None = None) -> Visibility:
    """Attack each of several models with the others as references.

    Args:
        references: Scores of models that come in pairs of complementary halves, as
            `ShadowModels.references` has them.
        attack: What to attack with; `BaVarIA` where None.

    Raises:
        InputError: If there are too few models for the attack, or an odd number.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.attacks import References
        >>> from qiskit_qmu.shadows import complementary_halves, visibility
        >>> generator = np.random.default_rng(0)
        >>> included = complementary_halves(16, 200, generator)
        >>> scores = generator.normal(size=(16, 200)) + included  # members score 1 higher
        >>> found = visibility(References(scores=scores, included=included))
        >>> found.auc.low > 0.7 > 0.5
        True
    """
    if references.num_models % 2 or references.num_models < _FEWEST_MODELS:
        raise InputError(
            f"an even number of models, at least {_FEWEST_MODELS}, is needed so that each can be "
            f"attacked with the others, got {references.num_models}"
        )
    attack = BaVarIA() if attack is None else attack
    aucs = []
    for model in range(references.num_models):
        found = attack.scores(references.scores[model], references.without(model, model ^ 1))
        members = references.included[model]
        aucs.append(auroc(found[members], found[~members]))
    model_aucs = np.array(aucs)
    return Visibility(
        auc=mutual_mean(model_aucs.reshape(-1, 2)),
        model_aucs=model_aucs,
        members=references.included.sum(axis=1, dtype=np.int64),
        nonmembers=(~references.included).sum(axis=1, dtype=np.int64),
    )


def unlearned_references(
    shadows: ShadowModels[Module],
    strategy: UnlearningStrategy,
    audited: ArrayLike,
    *,
    validation: Rows | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> References:
    """Let every shadow model forget those of the audited rows that it was trained on.

    Its other training rows are what it retains. On the audited rows the unlearned models are then
    of two kinds: those that forgot a row, and those that never saw it and went through the same
    strategy for other rows. Nobody can tell the two apart after retraining, so `visibility` of the
    result has an AUC of ½ for it: run it with `Retrain` beside a strategy, as the null.

    It sees what is left of single rows, not whether the model is of any use: a model that answers
    at random hides its rows too. Read it beside the accuracy.

    Hayes et al., Inexact Unlearning Needs More Careful Evaluations to Avoid a False Sense of
    Privacy (U-LiRA), 2024, https://arxiv.org/abs/2403.01218, with all rows of a model that are
    audited forgotten at once.

    Args:
        shadows: The models, which are not changed.
        strategy: How rows are forgotten.
        audited: Positions of rows in the pool; about half of them are forgotten by each model.
        validation: Rows on which no model was trained, for strategies that choose by them.
        seed: Seed of the strategy.
        progress: Called with the number of models that are done, and the number of all.

    Returns:
        Scores of the unlearned models on the audited rows; ``included`` says which were forgotten.

    Raises:
        InputError: If a position is not one of the pool's, or a model forgets none or all rows.
        NonFiniteError: If the strategy leaves the range of numbers.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.shadows import train_shadows, unlearned_references
        >>> iris = qmu.load_dataset("iris")
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=2, batch_size=16)
        >>> shadows = train_shadows(model, iris.train, count=4, trainer=trainer)
        >>> strategy = qmu.unlearning.FineTune(epochs=1)
        >>> unlearned_references(shadows, strategy, range(20))
        References(4 models, 20 rows)
    """
    rows = shadows.pool.take(np.asarray(audited))
    positions = np.asarray(audited, dtype=np.int64)
    is_audited = np.zeros(len(shadows.pool), dtype=bool)
    is_audited[positions] = True
    observations = []
    for number, model in enumerate(shadows.models):
        split = _split(shadows, number, is_audited, validation)
        generator = stream(seed, "shadows", str(number), "unlearning")
        unlearned = strategy(model, split, generator=generator).model
        observations.append(observe(unlearned, rows.x, rows.y, shadows.trainer.objective))
        if progress is not None:
            progress(number + 1, len(shadows))
    return references_of(observations, shadows.included[:, positions])


_FEWEST_MODELS = 6
"""With a pair taken out there must be two models in and two out for a variance."""


def _split(
    shadows: ShadowModels[Module], number: int, audited: NDArray[np.bool_], validation: Rows | None
) -> ForgetSplit:
    """Return what one shadow model forgets and retains."""
    pool, trained = shadows.pool, shadows.included[number]
    unseen = pool.take(np.flatnonzero(~trained))
    classes = shadows.observations[number].num_classes
    return ForgetSplit(
        kind="instances",
        label=None,
        num_classes=classes,
        forget=pool.take(np.flatnonzero(trained & audited)),
        retain=pool.take(np.flatnonzero(trained & ~audited)),
        validation=pool.take([]) if validation is None else _apart(validation, len(pool)),
        test_forget=pool.take(np.flatnonzero(~trained & audited)),
        test_retain=unseen,
    )


def _apart(validation: Rows, after: int) -> Rows:
    """Return validation rows whose positions do not collide with the pool's."""
    positions = np.arange(after, after + len(validation))
    return Rows(x=validation.x, y=validation.y, indices=positions)
