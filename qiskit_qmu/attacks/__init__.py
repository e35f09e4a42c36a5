"""Membership inference attacks: how much a model's outputs reveal about its training rows.

An attack is a frozen set of hyperparameters. It reads `Observations`, never a model, and returns
one score per row, higher = more likely a member; `qiskit_qmu.metrics` turns scores into an AUC.

- `LossAttack` (the default of an audit): the log-odds of the true label. Nothing is learned, so it
  works with few rows, and an AUC below ½ reveals over-forgetting.
- `LabelOnlyAttack`, `EntropyAttack`, `ModifiedEntropyAttack`: the decision alone, the certainty
  alone, and both with all probabilities.
- `PopulationAttack`: a row's place among never-seen rows of its class, with a threshold from them.
- `QuantileRegressionAttack`: the same among rows that look alike, for black boxes of which no
  reference models can be trained.
- `CountsLikelihoodAttack`: the likelihood of measured counts, without the outputs behind them;
  `repeated_query` adds up the shots of an attacker who asks again.
- `ClassifierAttack`: logistic regression on chosen outputs, for audits with many known members.
- `PaperNetworkAttack`: the QMU paper's network and its rate, to be compared with its control.
- `RMIA`, `BaVarIA`, `LiRA`: compare a model's score on each row with the scores of `References`,
  models of the same recipe of which some were trained on the row and some were not
  (`qiskit_qmu.shadows` trains them). The strongest attacks: RMIA with 4 references or more, BaVarIA
  with 32 or more.
- `CountsRatio`: the same for measured counts, against `CountReferences`.
- `ShadowClassifierAttack`: learns on such models' outputs what members look like.

`needs_of` says what an attack needs, `choose_attack` which suits the references that there are.
`ATTACKS` maps the attacks whose AUCs are reported to their columns.
"""

from qiskit_qmu.attacks.attack import FEATURE_NAMES, FeatureName, MembershipAttack, features
from qiskit_qmu.attacks.bavaria import BaVarIA
from qiskit_qmu.attacks.choice import choose_attack
from qiskit_qmu.attacks.classifier import ClassifierAttack
from qiskit_qmu.attacks.column import AttackColumn
from qiskit_qmu.attacks.counts_likelihood import CountsLikelihoodAttack
from qiskit_qmu.attacks.counts_ratio import CountReferences, CountsRatio
from qiskit_qmu.attacks.entropy import EntropyAttack
from qiskit_qmu.attacks.label_only import LabelOnlyAttack
from qiskit_qmu.attacks.lira import LiRA
from qiskit_qmu.attacks.loss import LossAttack
from qiskit_qmu.attacks.modified_entropy import ModifiedEntropyAttack
from qiskit_qmu.attacks.needs import Needs, needs_of
from qiskit_qmu.attacks.paper_network import FittedPaperNetwork, PaperNetworkAttack
from qiskit_qmu.attacks.population import PopulationAttack
from qiskit_qmu.attacks.quantile_regression import FittedQuantiles, QuantileRegressionAttack
from qiskit_qmu.attacks.references import References
from qiskit_qmu.attacks.registry import (
    ATTACKS,
    REFERENCE_ATTACKS,
    SHOT_ATTACKS,
    attack_key,
    registered_attacks,
)
from qiskit_qmu.attacks.repeated_query import repeated_query
from qiskit_qmu.attacks.rmia import RMIA
from qiskit_qmu.attacks.row_attack import RowAttack
from qiskit_qmu.attacks.shadow_classifier import FittedShadowClassifier, ShadowClassifierAttack

__all__ = [
    "MembershipAttack",
    "RowAttack",
    "LossAttack",
    "LabelOnlyAttack",
    "EntropyAttack",
    "ModifiedEntropyAttack",
    "PopulationAttack",
    "QuantileRegressionAttack",
    "FittedQuantiles",
    "CountsLikelihoodAttack",
    "ClassifierAttack",
    "PaperNetworkAttack",
    "FittedPaperNetwork",
    "RMIA",
    "BaVarIA",
    "LiRA",
    "References",
    "CountsRatio",
    "CountReferences",
    "repeated_query",
    "ShadowClassifierAttack",
    "FittedShadowClassifier",
    "features",
    "FeatureName",
    "FEATURE_NAMES",
    "Needs",
    "needs_of",
    "choose_attack",
    "ATTACKS",
    "SHOT_ATTACKS",
    "REFERENCE_ATTACKS",
    "AttackColumn",
    "attack_key",
    "registered_attacks",
]
