"""Distances of weights: angles are periodic, and the unit is that between oracles."""

import math

import pytest
import torch
from tiny_models import StockClassifier, sequential

from qiskit_qmu._check import InputError
from qiskit_qmu.auditing.traces import distance, weight_distance


def _shifted(angles: float = 0.0, head: float = 0.0):
    model = sequential()
    with torch.no_grad():
        model[1].weight += angles
        model[2].bias += head
    return model


def test_angles_have_a_period_and_other_weights_do_not():
    assert distance(_shifted(), _shifted(angles=2 * math.pi)) == pytest.approx(0.0, abs=1e-6)
    assert distance(_shifted(), _shifted(angles=-4 * math.pi)) == pytest.approx(0.0, abs=2e-6)
    turned = distance(_shifted(), _shifted(angles=2 * math.pi - 0.5))  # 4 angles
    assert turned == pytest.approx(1.0, abs=1e-5)
    expected = 2 * math.pi * math.sqrt(3)  # 3 biases
    assert distance(_shifted(), _shifted(head=2 * math.pi)) == pytest.approx(expected)


def test_the_unit_is_the_mean_distance_between_oracles():
    oracles = [_shifted(head=shift) for shift in (0.0, 1.0, 3.0)]  # 1, 2 and 3 apart: 2 on average
    near, far = weight_distance(_shifted(head=5.0), oracles, original=_shifted(head=4.0))
    assert near.value.value == pytest.approx((5 + 4 + 2) / 3 / 2)
    assert near.null.value == pytest.approx(1.0)
    assert far.value.value == pytest.approx(0.5)
    assert far.null.value == pytest.approx((4 + 3 + 1) / 3 / 2)


def test_what_has_no_unit_is_refused():
    with pytest.raises(InputError, match="give at least two"):
        weight_distance(_shifted(), [_shifted()])
    with pytest.raises(InputError, match="all oracles have the same weights"):
        weight_distance(_shifted(), [_shifted(), _shifted()])
    with pytest.raises(InputError, match="models of the same structure"):
        distance(_shifted(), StockClassifier())
