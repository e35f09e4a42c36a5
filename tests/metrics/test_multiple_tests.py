"""Adjusted p-values against SciPy and the definition of Holm's steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import benjamini_hochberg, holm, simultaneous_level

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(p_values)
def test_benjamini_hochberg_is_scipys(values):
    expected = stats.false_discovery_control(values)
    np.testing.assert_allclose(benjamini_hochberg(values), expected, atol=1e-12)


@given(p_values, st.floats(0.001, 0.999))
def test_holm_rejects_as_its_steps_do(values, alpha):
    """The step-down procedure itself: the smallest against α/n, the next against α/(n − 1), …."""
    ordered, rejected = np.sort(values), 0
    while rejected < len(values) and ordered[rejected] <= alpha / (len(values) - rejected):
        rejected += 1
    adjusted = holm(values)
    near_the_edge = np.isclose(adjusted, alpha, rtol=1e-9).any()
    assert near_the_edge or np.sum(adjusted <= alpha) == rejected
    assert (adjusted >= np.array(values)).all()
    assert (adjusted <= 1).all()


def test_several_intervals_share_the_error():
    assert simultaneous_level(0.95, 1) == pytest.approx(0.95)
    assert simultaneous_level(0.9, 20) == pytest.approx(0.995)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "p_values must not be empty"),
        ([0.5, np.nan], "p_values must be finite"),
        ([0.5, 1.5], "highest_p_value must lie between 0 and 1, got 1.5"),
        ([[0.5]], "p_values must be one-dimensional"),
    ],
)
def test_unusable_p_values_are_refused(values, message):
    for adjust in (holm, benjamini_hochberg):
        with pytest.raises(InputError, match=message):
            adjust(values)
