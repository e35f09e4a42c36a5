"""A leave-one-out attack: each of several models is attacked with the others as references."""

from dataclasses import dataclass, field
from typing import Protocol, final, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import BaVarIA, References
from qiskit_qmu.metrics import Interval, auroc, mutual_mean


@runtime_checkable
class ReferenceAttack(Protocol):
    """An attack that compares a model's scores with those of references, such as `LiRA`."""

    def scores(self, target: ArrayLike, references: References) -> NDArray[np.float64]:
        """Return one score per row, higher = more likely a member."""
        ...


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class LeaveOneOutAttack:
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


def leave_one_out_attack(
    references: References, attack: ReferenceAttack | None = None
) -> LeaveOneOutAttack:
    """Attack each of several models with the others as references.

    Args:
        references: Scores of models that come in pairs of complementary halves, as
            `ShadowModels.references` has them.
        attack: What to attack with; `BaVarIA` if None.

    Raises:
        InputError: If there are too few models for the attack, or an odd number.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.attacks import References
        >>> from qiskit_qmu.shadows import complementary_halves, leave_one_out_attack
        >>> generator = np.random.default_rng(0)
        >>> included = complementary_halves(16, 200, generator)
        >>> scores = generator.normal(size=(16, 200)) + included  # members score 1 higher
        >>> found = leave_one_out_attack(References(scores=scores, included=included))
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
    return LeaveOneOutAttack(
        auc=mutual_mean(model_aucs.reshape(-1, 2)),
        model_aucs=model_aucs,
        members=references.included.sum(axis=1, dtype=np.int64),
        nonmembers=(~references.included).sum(axis=1, dtype=np.int64),
    )


_FEWEST_MODELS = 6
"""With a pair taken out there must be two models in and two out for a variance."""
