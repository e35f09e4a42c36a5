"""Attacks: how much a model's answers give away about which rows it was trained on.

An attack is a frozen set of hyperparameters. It reads `Observations`, never a model, and gives one
score per row, higher = more likely a member; `qiskit_qmu.metrics` turns scores into an AUC.

- `LossAttack` (the default of an audit): the log-odds of the true label. Nothing is learned, so it
  is exact on few rows, and an AUC below ½ shows rows that were forgotten too hard.
- `ClassifierAttack`: logistic regression on chosen outputs, for audits with many known members.
- `PaperNetworkAttack`: the QMU paper's network and its rate, to be read beside its control.

`ATTACKS` are those whose AUCs are reported, with their columns.
"""

from qiskit_qmu.attacks.attack import FEATURE_NAMES, FeatureName, MembershipAttack, features
from qiskit_qmu.attacks.classifier import ClassifierAttack
from qiskit_qmu.attacks.column import AttackColumn
from qiskit_qmu.attacks.loss import LossAttack
from qiskit_qmu.attacks.paper_network import FittedPaperNetwork, PaperNetworkAttack
from qiskit_qmu.attacks.registry import ATTACKS

__all__ = [
    "MembershipAttack",
    "LossAttack",
    "ClassifierAttack",
    "PaperNetworkAttack",
    "FittedPaperNetwork",
    "features",
    "FeatureName",
    "FEATURE_NAMES",
    "ATTACKS",
    "AttackColumn",
]
