"""The two numbers to read first: what was forgotten and what was kept."""

from qiskit_qmu.evaluation.columns import (
    FORGET_TRAIN,
    LOSS_FORGET,
    LOSS_RETAIN_TEST,
    R2_FORGET,
    R2_RETAIN_TEST,
    RETAIN_TEST,
)

FORGOTTEN_AND_KEPT = (
    (FORGET_TRAIN, RETAIN_TEST),
    (R2_FORGET, R2_RETAIN_TEST),
    (LOSS_FORGET, LOSS_RETAIN_TEST),
)
"""Pairs of columns: for classes, for values, and for losses alone."""
