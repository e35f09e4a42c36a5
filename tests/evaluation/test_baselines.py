"""What looking at nothing scores, against textbook values."""

import numpy as np
import pytest

from qiskit_qmu.evaluation.baselines import coin_auc, constant_answer, uniform_divergence
from qiskit_qmu.evaluation.evidence import SplitObservations
from qiskit_qmu.metrics import binomial_interval
from qiskit_qmu.observation import Observations


def test_the_range_of_coins_holds_95_percent_of_them(generator):
    """Of Mann and Whitney: a standard deviation of √((n + m + 1) / 12nm) in one class."""
    n, m = 20, 15
    coin = coin_auc(np.zeros(n, dtype=int), np.zeros(m, dtype=int), generator)
    half = 1.96 * np.sqrt((n + m + 1) / (12 * n * m))
    assert coin.high - 0.5 == pytest.approx(half, rel=0.15)
    assert 0.5 - coin.low == pytest.approx(half, rel=0.15)


def test_without_a_common_class_coins_have_no_auc(generator):
    assert coin_auc(np.zeros(5, dtype=int), np.ones(5, dtype=int), generator) is None


def test_one_class_for_every_row_and_all_classes_alike():
    scores = constant_answer(1, np.array([1, 1, 1, 0]), np.array([0, 1, 2]))
    assert scores["acc_forget_train"] == binomial_interval(3, 4)
    assert scores["acc_retain_test"] == binomial_interval(1, 3)
    certain = Observations(1000 * np.eye(2), np.array([0, 1]))
    divergence = uniform_divergence(SplitObservations(forget=certain))["js_exact"].value
    # ½·KL((1, 0)‖(¾, ¼)) + ½·KL((½, ½)‖(¾, ¼))
    expected = (np.log(4 / 3) + np.log(2 / 3) / 2 + np.log(2) / 2) / 2
    assert divergence == pytest.approx(expected)
    assert uniform_divergence(None) == {"js_exact": None}
