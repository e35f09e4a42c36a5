"""ε and δ of Gaussian noise against the integral that defines them."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from qiskit_qmu._check import InputError
from qiskit_qmu.certified import gaussian_delta, gaussian_epsilon, largest_ratio


@pytest.mark.parametrize("ratio", [0.05, 0.7, 3.0])
@pytest.mark.parametrize("epsilon", [0.0, 0.4, 2.5])
def test_delta_is_the_largest_difference_of_any_event(ratio, epsilon):
    def excess(x):
        return max(0.0, norm.pdf(x - ratio) - math.exp(epsilon) * norm.pdf(x))

    kink = ratio / 2 + epsilon / ratio
    expected = quad(excess, kink, kink + 40, epsabs=1e-13, limit=200)[0] if kink < 20 else 0.0
    assert gaussian_delta(ratio, epsilon) == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("delta", [1e-9, 1e-5, 0.1])
def test_inverses_never_promise_too_much(delta):
    for epsilon in (0.01, 1.0, 20.0):
        ratio = largest_ratio(epsilon, delta)
        assert gaussian_delta(ratio, epsilon) <= delta
        assert gaussian_delta(ratio * 1.001, epsilon) > delta
        again = gaussian_epsilon(ratio, delta)
        assert again == pytest.approx(epsilon, rel=1e-4)
        assert gaussian_delta(ratio, again) <= delta
    assert gaussian_epsilon(1e-12, delta) == 0.0
    assert math.isinf(gaussian_epsilon(900.0, delta))


def test_noise_of_the_textbook_is_enough(generator):
    # σ ≥ Δ√(2 ln(1.25/δ))/ε suffices for ε < 1: the exact condition may only be weaker.
    deltas = 10 ** generator.uniform(-9, -1, 20)
    for epsilon, delta in zip(generator.uniform(0.01, 1, 20), deltas, strict=True):
        assert largest_ratio(epsilon, delta) >= epsilon / np.sqrt(2 * np.log(1.25 / delta))
    with pytest.raises(InputError, match="delta must be positive"):
        largest_ratio(1.0, 0.0)
