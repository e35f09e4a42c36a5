"""U-LiRA: what models still answer on rows that a strategy made them forget."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu._seeds import stream
from qiskit_qmu.attacks import References
from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.models import observe
from qiskit_qmu.models.parameters import Module
from qiskit_qmu.shadows.shadow_models import ShadowModels, references_of
from qiskit_qmu.unlearning import UnlearningStrategy


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
    strategy for other rows. Nobody can tell the two apart after retraining, so that a
    `leave_one_out_attack` has an AUC of ½ then: run `Retrain` beside a strategy, as the null.

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
