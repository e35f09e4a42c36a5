"""Strategies that remove the influence of rows from a model.

Every strategy is a frozen dataclass of hyperparameters and is called as
``strategy(model, split, generator=…)``; it returns an `UnlearningResult` and does not change the
model. `NoOp` and `Retrain` are the references for the others. `METHODS` contains all of them by
name, with their summaries and presets.
"""

from qiskit_qmu.unlearning.adversarial_uniform import AdversarialUniform
from qiskit_qmu.unlearning.anchored_targets import AnchoredTargets
from qiskit_qmu.unlearning.bad_teacher import BadTeacher
from qiskit_qmu.unlearning.chain import Chain
from qiskit_qmu.unlearning.chosen_strength import ChosenStrength
from qiskit_qmu.unlearning.descent_strategy import DescentStrategy
from qiskit_qmu.unlearning.entanglement_pruning import EntanglementPruning
from qiskit_qmu.unlearning.fine_tune import FineTune
from qiskit_qmu.unlearning.fine_tune_last_layers import FineTuneLastLayers
from qiskit_qmu.unlearning.fisher import FisherEstimate, fisher_diagonal, unbiased_fisher
from qiskit_qmu.unlearning.fisher_regularized_ascent import FisherRegularizedAscent
from qiskit_qmu.unlearning.fubini_study_ascent import FubiniStudyAscent
from qiskit_qmu.unlearning.gradient_ascent import GradientAscent
from qiskit_qmu.unlearning.label_complement import LabelComplement
from qiskit_qmu.unlearning.label_free_dampening import LabelFreeDampening
from qiskit_qmu.unlearning.method import Group, Method, Need, PresetContext
from qiskit_qmu.unlearning.natural_gradient_ascent import NaturalGradientAscent
from qiskit_qmu.unlearning.neg_grad_plus import NegGradPlus
from qiskit_qmu.unlearning.newton_step import NewtonStep
from qiskit_qmu.unlearning.no_op import NoOp
from qiskit_qmu.unlearning.noisy_fine_tune import NoisyFineTune
from qiskit_qmu.unlearning.quantum_fisher import quantum_fisher_information
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.registry import (
    DEFAULT_METHODS,
    METHODS,
    all_settings,
    make_strategy,
    markdown_table,
    preset_settings,
    summaries,
)
from qiskit_qmu.unlearning.relative_gradient_ascent import RelativeGradientAscent
from qiskit_qmu.unlearning.repeat import Repeat
from qiskit_qmu.unlearning.reset_ansatz_layers import ResetAnsatzLayers
from qiskit_qmu.unlearning.result import (
    StrengthChoice,
    TargetMissedWarning,
    UnchangedWarning,
    UnlearningResult,
)
from qiskit_qmu.unlearning.retrain import Retrain
from qiskit_qmu.unlearning.retrain_last_layers import RetrainLastLayers
from qiskit_qmu.unlearning.retrain_shards import RetrainShards
from qiskit_qmu.unlearning.saliency_unlearning import SaliencyUnlearning
from qiskit_qmu.unlearning.scrub import Scrub
from qiskit_qmu.unlearning.selective_dampening import SelectiveDampening
from qiskit_qmu.unlearning.shapley_ascent import ShapleyAscent
from qiskit_qmu.unlearning.similar_labels import SimilarLabels
from qiskit_qmu.unlearning.sparse_fine_tune import SparseFineTune
from qiskit_qmu.unlearning.strategy import UnlearningStrategy
from qiskit_qmu.unlearning.strength_target import StrengthTarget
from qiskit_qmu.unlearning.tuning import ToTarget, Tuned, tune
from qiskit_qmu.unlearning.unlikelihood import Unlikelihood
from qiskit_qmu.unlearning.within_budget import WithinBudget

__all__ = [
    "FisherRegularizedAscent",
    "NegGradPlus",
    "LabelFreeDampening",
    "SimilarLabels",
    "LabelComplement",
    "AdversarialUniform",
    "SaliencyUnlearning",
    "AnchoredTargets",
    "Scrub",
    "BadTeacher",
    "NoisyFineTune",
    "SparseFineTune",
    "FineTuneLastLayers",
    "RetrainLastLayers",
    "RetrainShards",
    "NewtonStep",
    "ResetAnsatzLayers",
    "ShapleyAscent",
    "NaturalGradientAscent",
    "FubiniStudyAscent",
    "EntanglementPruning",
    "DescentStrategy",
    "ToTarget",
    "WithinBudget",
    "Tuned",
    "tune",
    "Chain",
    "ChosenStrength",
    "Range",
    "StrengthChoice",
    "StrengthTarget",
    "TargetMissedWarning",
    "FineTune",
    "GradientAscent",
    "NoOp",
    "RelativeGradientAscent",
    "Repeat",
    "Retrain",
    "SelectiveDampening",
    "UnchangedWarning",
    "UnlearningResult",
    "UnlearningStrategy",
    "FisherEstimate",
    "Unlikelihood",
    "fisher_diagonal",
    "unbiased_fisher",
    "quantum_fisher_information",
    "DEFAULT_METHODS",
    "METHODS",
    "Group",
    "Method",
    "Need",
    "PresetContext",
    "all_settings",
    "make_strategy",
    "markdown_table",
    "preset_settings",
    "summaries",
]
