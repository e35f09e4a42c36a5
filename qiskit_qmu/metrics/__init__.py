"""Metrics: pure functions of arrays, float64 throughout, and no rate without its interval.

Membership scores follow one convention, higher = more likely a member:

- `auroc`, `auroc_interval`, `stratified_auroc`: how well members rank above non-members. The last
  compares within a class only and is the one to use when the groups differ in their classes.
- `roc_curve`, `roc_band`, `tpr_at_fpr`: the curve, its band for a figure, and one point of it.
- `jensen_shannon`, `jensen_shannon_interval`, `prediction_agreement`: two models on the same rows.
- `binomial_interval`, `mean_interval`, `bounded_mean_interval`, `Interval`: limits of a share, of a
  mean over seeds, and of a mean of bounded numbers that may be skewed.
"""

from qiskit_qmu.metrics.agreement import (
    jensen_shannon,
    jensen_shannon_interval,
    prediction_agreement,
)
from qiskit_qmu.metrics.bounded_mean import bounded_mean_interval
from qiskit_qmu.metrics.intervals import Interval, binomial_interval, mean_interval
from qiskit_qmu.metrics.ranking import auroc, auroc_interval, stratified_auroc
from qiskit_qmu.metrics.roc import RocBand, roc_band, roc_curve, tpr_at_fpr

__all__ = [
    "auroc",
    "auroc_interval",
    "stratified_auroc",
    "roc_curve",
    "roc_band",
    "RocBand",
    "tpr_at_fpr",
    "jensen_shannon",
    "jensen_shannon_interval",
    "prediction_agreement",
    "Interval",
    "binomial_interval",
    "mean_interval",
    "bounded_mean_interval",
]
