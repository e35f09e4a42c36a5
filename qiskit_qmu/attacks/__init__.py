"""Attacks: how much a model's answers give away about which rows it was trained on.

An attack is a frozen set of hyperparameters. It reads `Observations`, never a model, and gives one
score per row, higher = more likely a member; `qiskit_qmu.metrics` turns scores into an AUC.

- `LossAttack` (the default of an audit): the log-odds of the true label. Nothing is learned, so it
  is exact on few rows, and an AUC below ½ shows rows that were forgotten too hard.
- `ClassifierAttack`: logistic regression on chosen outputs, for audits with many known members.
- `PaperNetworkAttack`: the QMU paper's network and its rate, to be read beside its control.
- `RMIA`, `BaVarIA`, `LiRA`: compare each row with what `References` answer on it, models of the
  same recipe that were trained on the row and others that were not (`qiskit_qmu.shadows` trains
  them). They see most; RMIA from 4 references on, BaVarIA from 32.

`ATTACKS` are those whose AUCs are reported, with their columns.
"""

from qiskit_qmu.attacks.attack import FEATURE_NAMES, FeatureName, MembershipAttack, features
from qiskit_qmu.attacks.bavaria import BaVarIA
from qiskit_qmu.attacks.classifier import ClassifierAttack
from qiskit_qmu.attacks.column import AttackColumn
from qiskit_qmu.attacks.lira import LiRA
from qiskit_qmu.attacks.loss import LossAttack
from qiskit_qmu.attacks.paper_network import FittedPaperNetwork, PaperNetworkAttack
from qiskit_qmu.attacks.references import References
from qiskit_qmu.attacks.registry import ATTACKS
from qiskit_qmu.attacks.rmia import RMIA

__all__ = [
    "MembershipAttack",
    "LossAttack",
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
    "ATTACKS",
    "AttackColumn",
]
