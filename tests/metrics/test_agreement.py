"""Agreement of two models: scipy's distance, closed forms and refusals."""

import numpy as np
import pytest
from scipy.spatial import distance

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import (
    binomial_interval,
    bounded_mean_interval,
    jensen_shannon,
    jensen_shannon_interval,
    prediction_agreement,
)


@pytest.fixture
def rows():
    generator = np.random.default_rng(0)
    return generator.dirichlet(np.ones(10), 30), generator.dirichlet(np.ones(10), 30)


def test_jensen_shannon_is_the_mean_of_scipys_squared_distance(rows):
    """SciPy's distance is the root of the divergence, in nats by default."""
    expected = distance.jensenshannon(*rows, axis=1) ** 2
    assert jensen_shannon(*rows) == pytest.approx(expected.mean(), rel=1e-12)
    limits = bounded_mean_interval(expected, minimum=0.0, maximum=np.log(2))
    interval = jensen_shannon_interval(*rows)
    assert (interval.value, interval.low, interval.high) == pytest.approx(
        (limits.value, limits.low, limits.high), rel=1e-9
    )


def test_closed_forms():
    """Equal rows: 0. Disjoint rows: ln 2. (1, 0) against (½, ½): ln 2 - ¾ ln 3 + ½ ln 2."""
    corners = np.eye(2)
    assert jensen_shannon(corners, corners) == 0.0
    assert jensen_shannon(corners, corners[::-1]) == pytest.approx(np.log(2))
    expected = np.log(2) - 0.75 * np.log(3) + 0.5 * np.log(2)
    assert jensen_shannon([[1.0, 0.0]], [[0.5, 0.5]]) == pytest.approx(expected)


def test_it_is_symmetric_and_its_limits_stay_in_range(rows):
    assert jensen_shannon(*rows) == pytest.approx(jensen_shannon(*rows[::-1]))
    disjoint = jensen_shannon_interval(np.eye(3)[[0, 0]], np.eye(3)[[1, 2]])
    assert disjoint.high == pytest.approx(np.log(2))
    equal = jensen_shannon_interval(np.eye(2), np.eye(2))
    assert equal.low == equal.value == 0.0 < equal.high


def test_one_row_says_next_to_nothing():
    """Clopper and Pearson's limits of one success in one trial are 0.025 and 1."""
    interval = jensen_shannon_interval([[1.0, 0.0]], [[0.0, 1.0]])
    assert interval.value == interval.high == pytest.approx(np.log(2))
    assert interval.low == pytest.approx(0.025 * np.log(2), rel=0.06)


def test_rows_that_exceed_ln_2_by_rounding_are_kept():
    """Rows may sum to 1.00009; two disjoint ones then diverge by 1.00009 ln 2."""
    interval = jensen_shannon_interval([[1.00009, 0.0]] * 2, [[0.0, 1.00009]] * 2)
    assert interval.high == np.log(2)


def test_float32_probabilities_are_distributions(rows):
    single = rows[0].astype(np.float32)
    assert jensen_shannon(single, rows[0]) < 1e-9


def test_prediction_agreement_is_a_share():
    assert prediction_agreement([0, 1, 2, 2], [0, 1, 1, 2]) == binomial_interval(3, 4)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.eye(2), np.eye(3), r"the same 2-dimensional shape, got \(2, 2\) and \(3, 3\)"),
        ([0.5, 0.5], [0.5, 0.5], "the same 2-dimensional shape"),
        (np.empty((0, 2)), np.empty((0, 2)), "first must not be empty"),
        ([[1.0, np.nan]], [[0.5, 0.5]], "first must be finite"),
        ([[1.5, -0.5]], [[0.5, 0.5]], "first contains the negative value -0.5"),
        ([[0.5, 0.5]], [[0.5, 0.6]], "rows of second must sum to 1, but one sums to 1.1"),
    ],
)
def test_what_is_no_distribution_is_refused(first, second, message):
    with pytest.raises(InputError, match=message):
        jensen_shannon(first, second)


def test_predictions_of_different_rows_are_refused():
    with pytest.raises(InputError, match="the same 1-dimensional shape"):
        prediction_agreement([0, 1], [0])
