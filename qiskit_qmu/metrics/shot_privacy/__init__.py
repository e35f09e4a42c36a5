"""Accounting for shots: what N measurements of a model's outcomes can tell of a training row.

- `audited_privacy`: exact numbers for two outcome distributions, measured with a row and without.
- `guaranteed_privacy`: bounds for all rows, from the noise floor of a device:
  `depolarising_epsilon`, `readout_epsilon`, `condition_number_epsilon` of `condition_number`.
- `GaussianPrivacy`: the limit of many shots; `shots_to_detect`; `shared_shots_privacy` and
  `separate_shots_privacy` for expectation values of observables.
- `renyi_divergence`, `renyi_epsilon`: what adds up with private training.

What is audited holds for the pair that was measured, what is guaranteed for every pair: they are
different types, and do not mix. Without a noise floor nothing is guaranteed by shots alone.
"""

from qiskit_qmu.metrics.shot_privacy.audited import (
    AuditedPrivacy,
    audited_privacy,
)
from qiskit_qmu.metrics.shot_privacy.bounds import Bounds
from qiskit_qmu.metrics.shot_privacy.expectation import (
    separate_shots_privacy,
    shared_shots_privacy,
)
from qiskit_qmu.metrics.shot_privacy.floors import (
    condition_number,
    condition_number_epsilon,
    depolarising_epsilon,
    readout_epsilon,
)
from qiskit_qmu.metrics.shot_privacy.gaussian import GaussianPrivacy, shots_to_detect
from qiskit_qmu.metrics.shot_privacy.guaranteed import GuaranteedPrivacy, guaranteed_privacy
from qiskit_qmu.metrics.shot_privacy.loss_distribution import LossDistribution, LossSide
from qiskit_qmu.metrics.shot_privacy.release import Release
from qiskit_qmu.metrics.shot_privacy.renyi import (
    RENYI_ORDERS,
    renyi_divergence,
    renyi_epsilon,
)

__all__ = [
    "AuditedPrivacy",
    "Bounds",
    "GaussianPrivacy",
    "GuaranteedPrivacy",
    "LossDistribution",
    "LossSide",
    "RENYI_ORDERS",
    "Release",
    "audited_privacy",
    "condition_number",
    "condition_number_epsilon",
    "depolarising_epsilon",
    "guaranteed_privacy",
    "readout_epsilon",
    "renyi_divergence",
    "renyi_epsilon",
    "separate_shots_privacy",
    "shared_shots_privacy",
    "shots_to_detect",
]
