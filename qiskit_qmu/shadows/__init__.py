"""Shadow models: many models of one recipe, for attacks and tests that need references.

    shadows = train_shadows(model, pool, count=16, trainer=trainer)
    visibility(shadows.references()).auc                    # what is seen of training rows
    after = unlearned_references(shadows, strategy, rows)   # every model forgets its share of rows
    visibility(after).auc                                   # what is seen of forgotten ones

An audit of one model says what is left in that model. Over shadow models a *strategy* is tested,
with as many models as it takes to see little.
"""

from qiskit_qmu.shadows.forgetting import (
    ReferenceAttack,
    Visibility,
    unlearned_references,
    visibility,
)
from qiskit_qmu.shadows.inclusion import complementary_halves
from qiskit_qmu.shadows.shadow_models import ShadowModels, references_of, train_shadows

__all__ = [
    "train_shadows",
    "ShadowModels",
    "complementary_halves",
    "references_of",
    "visibility",
    "Visibility",
    "unlearned_references",
    "ReferenceAttack",
]
