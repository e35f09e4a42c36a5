"""Shadow models: many models of one recipe, for attacks and tests that need references.

    shadows = train_shadows(model, pool, count=16, trainer=trainer)
    leave_one_out_attack(shadows.references()).auc         # what is seen of training rows
    after = unlearn_shadows(shadows, strategy, rows)       # every model forgets its share of rows
    leave_one_out_attack(after.references()).auc           # what is seen of forgotten rows

An audit of one model says what is left in that model. Over shadow models a *strategy* is tested,
with as many models as it takes to see little.
"""

from qiskit_qmu.shadows.inclusion import complementary_halves
from qiskit_qmu.shadows.leave_one_out import (
    LeaveOneOutAttack,
    ReferenceAttack,
    leave_one_out_attack,
)
from qiskit_qmu.shadows.shadow_models import ShadowModels, references_of, train_shadows
from qiskit_qmu.shadows.unlearned import UnlearnedShadows, accuracies, unlearn_shadows

__all__ = [
    "train_shadows",
    "ShadowModels",
    "complementary_halves",
    "references_of",
    "leave_one_out_attack",
    "LeaveOneOutAttack",
    "unlearn_shadows",
    "UnlearnedShadows",
    "ReferenceAttack",
    "accuracies",
]
