"""Membership inference attacks: how much a model's outputs reveal about its training rows.

An attack is a frozen set of hyperparameters. It reads `Observations`, never a model, and returns
one score per row, higher = more likely a member; `qiskit_qmu.metrics` turns scores into an AUC.

- `LossAttack` (the default of an audit): the log-odds of the true label. Nothing is learned, so it
  works with few rows, and an AUC below ½ reveals over-forgetting.
- `ClassifierAttack`: logistic regression on chosen outputs, for audits with many known members.
- `PaperNetworkAttack`: the QMU paper's network and its rate, to be compared with its control.

`ATTACKS` maps the attacks whose AUCs are reported to their columns.
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
