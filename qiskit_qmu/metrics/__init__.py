"""Metrics: pure functions of arrays in float64, with confidence intervals.

Membership scores follow one convention, higher = more likely a member:

- `auroc`, `auroc_interval`, `stratified_auroc`: how well members rank above non-members. The last
  compares within a class only and is the one to use when the groups differ in their classes.
- `clustered_auroc`, `mutual_mean`: the AUC over several models; `auroc_change`: between two models
  on the same rows.
- `roc_curve`, `stratified_roc`, `roc_band`, `tpr_at_fpr`: the curve, its mean over classes, its
  band for a figure, and one of its points.
- `advantage`: TPR − FPR at the best threshold. `operating_point` and `cross_fitted_point`: rates,
  advantage and (`precision_at_prior`) precision at a threshold from other rows (`threshold_at_fpr`,
  `best_threshold`). `smallest_fpr`: what so many non-members support.
- `jensen_shannon`, `jensen_shannon_interval`, `prediction_agreement`: two models on the same rows.
- `r2_interval`: the share of the targets' variance that a regression model explains.
- `klom`, `epsilon_estimate`: unlearned against retrained models; `against_retrained` removes their
  bias.
- `distance_ratio`: whether a model is farther from retrained ones than before unlearning.
- `holm`, `benjamini_hochberg`, `simultaneous_level`, `permutation_p_value`: tests, and several at
  once.
- `detectable_auc`, `rows_needed`, `models_needed`, `equivalence_margin`: what an audit can show.
- `shot_privacy`: what N shots of an answer can tell at most, exactly or from a device's noise.
- `epsilon_lower_bound`, `one_run_epsilon`, `unlearner_epsilon`: lower bounds of the privacy loss.
- `is_equivalent`, `equivalence_p_value`, `worst_distance`: near a value, within a margin.
- `upper_bound`, `lower_bound`: one-sided bounds from any of the intervals.
- `binomial_interval`, `mean_interval`, `bounded_mean_interval`, `difference_interval`, `Interval`:
  limits of a proportion, of a mean over seeds, of a mean of bounded numbers that may be skewed, and
  of a difference.
"""

from qiskit_qmu.metrics import shot_privacy
from qiskit_qmu.metrics.advantage import advantage, best_threshold
from qiskit_qmu.metrics.against_retrained import AgainstRetrained, against_retrained
from qiskit_qmu.metrics.agreement import (
    jensen_shannon,
    jensen_shannon_interval,
    prediction_agreement,
)
from qiskit_qmu.metrics.auroc_change import auroc_change
from qiskit_qmu.metrics.bounded_mean import bounded_mean_interval
from qiskit_qmu.metrics.clustered import clustered_auroc
from qiskit_qmu.metrics.distance_ratio import DistanceRatio, distance_ratio
from qiskit_qmu.metrics.distances import euclidean, root_jensen_shannon
from qiskit_qmu.metrics.epsilon import epsilon_lower_bound
from qiskit_qmu.metrics.epsilon_estimate import challenge_score, epsilon_estimate
from qiskit_qmu.metrics.equivalence import equivalence_p_value, is_equivalent, worst_distance
from qiskit_qmu.metrics.equivalence_power import (
    equivalence_margin,
    models_needed_for_equivalence,
    rows_needed_for_equivalence,
)
from qiskit_qmu.metrics.intervals import (
    UNKNOWN,
    Interval,
    binomial_interval,
    difference_interval,
    mean_interval,
)
from qiskit_qmu.metrics.inversion import interval_p_value
from qiskit_qmu.metrics.klom import klom
from qiskit_qmu.metrics.multiple_tests import benjamini_hochberg, holm, simultaneous_level
from qiskit_qmu.metrics.mutual import mutual_mean
from qiskit_qmu.metrics.one_run import (
    group_epsilon,
    one_run_epsilon,
    one_run_p_value,
    unlearner_epsilon,
)
from qiskit_qmu.metrics.one_sided import IntervalAtLevel, lower_bound, upper_bound
from qiskit_qmu.metrics.operating_point import (
    OperatingPoint,
    cross_fitted_point,
    operating_point,
    threshold_at_fpr,
)
from qiskit_qmu.metrics.permutation import permutation_p_value, permutation_p_values
from qiskit_qmu.metrics.power import (
    detectable_auc,
    models_needed,
    rows_needed,
)
from qiskit_qmu.metrics.precision import PRIORS, precision_at_prior
from qiskit_qmu.metrics.r2 import r2_interval
from qiskit_qmu.metrics.ranking import auroc, auroc_interval, stratified_auroc
from qiskit_qmu.metrics.resolution import smallest_fpr
from qiskit_qmu.metrics.roc import roc_curve, stratified_roc, tpr_at_fpr
from qiskit_qmu.metrics.roc_band import RocBand, roc_band

__all__ = [
    "shot_privacy",
    "mutual_mean",
    "auroc",
    "auroc_interval",
    "stratified_auroc",
    "clustered_auroc",
    "auroc_change",
    "roc_curve",
    "roc_band",
    "stratified_roc",
    "RocBand",
    "tpr_at_fpr",
    "smallest_fpr",
    "advantage",
    "best_threshold",
    "threshold_at_fpr",
    "operating_point",
    "cross_fitted_point",
    "OperatingPoint",
    "precision_at_prior",
    "PRIORS",
    "epsilon_lower_bound",
    "one_run_epsilon",
    "one_run_p_value",
    "unlearner_epsilon",
    "group_epsilon",
    "is_equivalent",
    "equivalence_p_value",
    "worst_distance",
    "IntervalAtLevel",
    "upper_bound",
    "lower_bound",
    "jensen_shannon",
    "jensen_shannon_interval",
    "prediction_agreement",
    "klom",
    "epsilon_estimate",
    "challenge_score",
    "against_retrained",
    "AgainstRetrained",
    "euclidean",
    "root_jensen_shannon",
    "distance_ratio",
    "DistanceRatio",
    "r2_interval",
    "holm",
    "benjamini_hochberg",
    "simultaneous_level",
    "interval_p_value",
    "permutation_p_value",
    "permutation_p_values",
    "detectable_auc",
    "rows_needed",
    "models_needed",
    "equivalence_margin",
    "rows_needed_for_equivalence",
    "models_needed_for_equivalence",
    "Interval",
    "UNKNOWN",
    "binomial_interval",
    "difference_interval",
    "mean_interval",
    "bounded_mean_interval",
]
