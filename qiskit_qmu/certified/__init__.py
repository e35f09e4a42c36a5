"""Certified removal, for the kind of model that allows it: a frozen circuit, a convex head.

`CertifiedClassifier` removes rows with a guarantee (ε, δ) against retraining, keeps a `Ledger` of
what was spent, and retrains when it is used up. A trained circuit has no such guarantee: its loss
is not convex, and no bound of this kind holds. Strategies of `qiskit_qmu.unlearning` are audited,
not certified.
"""

from qiskit_qmu.certified.classifier import CertifiedClassifier
from qiskit_qmu.certified.frozen_circuit import FrozenCircuit
from qiskit_qmu.certified.gaussian_mechanism import (
    gaussian_delta,
    gaussian_epsilon,
    largest_ratio,
)
from qiskit_qmu.certified.ledger import Ledger, LedgerEntry

__all__ = [
    "CertifiedClassifier",
    "FrozenCircuit",
    "Ledger",
    "LedgerEntry",
    "gaussian_delta",
    "gaussian_epsilon",
    "largest_ratio",
]
