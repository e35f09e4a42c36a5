"""Membership inference attacks: how much a model's outputs reveal about its training rows.

An attack is a frozen set of hyperparameters. It reads `Observations`, never a model, and returns
one score per row, higher = more likely a member; `qiskit_qmu.metrics` turns scores into an AUC.

- `LossAttack` (the default of an audit): the log-odds of the true label. Nothing is learned, so it
  works with few rows, and an AUC below ½ reveals over-forgetting.
- `LabelOnlyAttack`, `EntropyAttack`, `ModifiedEntropyAttack`: the decision alone, the certainty
  alone, and both with all probabilities.
- `ClassifierAttack`: logistic regression on chosen outputs, for audits with many known members.
- `PaperNetworkAttack`: the QMU paper's network and its rate, to be compared with its control.
- `RMIA`, `BaVarIA`, `LiRA`: compare a model's score on each row with the scores of `References`,
  models of the same recipe of which some were trained on the row and some were not
  (`qiskit_qmu.shadows` trains them). The strongest attacks: RMIA with 4 references or more, BaVarIA
  with 32 or more.

`needs_of` says what an attack needs, `choose_attack` which suits the references that there are.
`ATTACKS` maps the attacks whose AUCs are reported to their columns.
"""

from qiskit_qmu.attacks.attack import FEATURE_NAMES, FeatureName, MembershipAttack, features
from qiskit_qmu.attacks.bavaria import BaVarIA
from qiskit_qmu.attacks.choice import choose_attack
from qiskit_qmu.attacks.classifier import ClassifierAttack
from qiskit_qmu.attacks.column import AttackColumn
from qiskit_qmu.attacks.entropy import EntropyAttack
from qiskit_qmu.attacks.label_only import LabelOnlyAttack
from qiskit_qmu.attacks.lira import LiRA
from qiskit_qmu.attacks.loss import LossAttack
from qiskit_qmu.attacks.modified_entropy import ModifiedEntropyAttack
from qiskit_qmu.attacks.needs import Needs, needs_of
from qiskit_qmu.attacks.paper_network import FittedPaperNetwork, PaperNetworkAttack
from qiskit_qmu.attacks.references import References
from qiskit_qmu.attacks.registry import ATTACKS, SHOT_ATTACKS, attack_key
from qiskit_qmu.attacks.rmia import RMIA

__all__ = [
    "MembershipAttack",
    "LossAttack",
    "LabelOnlyAttack",
    "EntropyAttack",
    "ModifiedEntropyAttack",
    "ClassifierAttack",
    "PaperNetworkAttack",
    "FittedPaperNetwork",
    "RMIA",
    "BaVarIA",
    "LiRA",
    "References",
    "features",
    "FeatureName",
    "FEATURE_NAMES",
    "Needs",
    "needs_of",
    "choose_attack",
    "ATTACKS",
    "SHOT_ATTACKS",
    "AttackColumn",
    "attack_key",
]
