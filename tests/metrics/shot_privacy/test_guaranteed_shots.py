"""Guarantees bound what audits find; expectation values tell no more than counts."""

import math

import numpy as np
import pytest

from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu.metrics.shot_privacy import (
    GaussianPrivacy,
    audited_privacy,
    condition_number,
    condition_number_epsilon,
    depolarising_epsilon,
    guaranteed_privacy,
    readout_epsilon,
    separate_shots_privacy,
    shared_shots_privacy,
    shots_to_detect,
)


@pytest.mark.parametrize("outcomes", [2, 5])
@pytest.mark.parametrize("shots", [1, 40])
def test_no_pair_leaks_more_than_depolarising_noise_allows(outcomes, shots, generator):
    strength, distance = 0.2, 0.1
    floor = depolarising_epsilon(strength, outcomes, distance)
    bound = guaranteed_privacy(floor, shots, advantage_per_shot=(1 - strength) * distance)
    for _ in range(3):
        p, other = generator.dirichlet(np.full(outcomes, 0.3), size=2)
        step = distance / max(distance, np.abs(p - other).sum() / 2)
        q = p + step * (other - p)
        noisy = [(1 - strength) * each + strength / outcomes for each in (p, q)]
        found = audited_privacy(*noisy, shots)
        assert found.auc.low <= bound.auc
        for epsilon in (0.0, 0.3, 1.0):
            assert found.delta(epsilon).low <= bound.delta(epsilon)
        assert found.pure_epsilon <= bound.pure_epsilon + 1e-9


def test_the_worst_case_is_randomised_response_or_less():
    epsilon = 0.3
    response = 1 / (1 + math.exp(-epsilon))
    known = audited_privacy(response, 1 - response, 16)
    assert guaranteed_privacy(epsilon, 16).auc == pytest.approx(known.auc.value)
    little = guaranteed_privacy(epsilon, 16, advantage_per_shot=0.02)
    assert little.auc < guaranteed_privacy(epsilon, 16).auc - 0.1
    assert guaranteed_privacy(epsilon, 1, advantage_per_shot=0.02).advantage == pytest.approx(0.02)
    assert guaranteed_privacy(epsilon, 16).epsilon(0.0) == pytest.approx(16 * epsilon)


def test_audits_and_guarantees_do_not_mix():
    audited, guaranteed = audited_privacy(0.5, 0.4, 4), guaranteed_privacy(0.3, 4)
    with pytest.raises(InputTypeError, match="got GuaranteedPrivacy"):
        audited.composed(guaranteed)
    with pytest.raises(InputTypeError, match="got AuditedPrivacy"):
        guaranteed.composed(audited)
    assert guaranteed.composed(guaranteed).pure_epsilon == pytest.approx(2.4)


def test_floors_by_outcomes():
    assert depolarising_epsilon(0.05, 2, 0.05) == pytest.approx(1.07, abs=0.01)
    assert depolarising_epsilon(0.05, 10, 0.05) == pytest.approx(2.35, abs=0.005)
    assert depolarising_epsilon(0.05, 1024, 0.05) == pytest.approx(6.88, abs=0.005)
    assert depolarising_epsilon(0.0, 2) == math.inf
    assert depolarising_epsilon(1.0, 2) == 0.0
    assert condition_number_epsilon(math.inf, distance=0.0) == 0.0


def test_a_register_is_read_no_better_than_its_worst_pair_of_states():
    bits = [np.array([[0.95, 0.1], [0.05, 0.9]]), np.array([[0.8, 0.3], [0.2, 0.7]])]
    register = np.kron(*bits)
    worst = max(math.log(row.max() / row.min()) for row in register)
    assert readout_epsilon(bits) == pytest.approx(worst)
    effects = [np.diag(row) for row in register]
    assert condition_number_epsilon(condition_number(effects)) == pytest.approx(worst)
    assert readout_epsilon([[[1.0, 0.1], [0.0, 0.9]]]) == math.inf


def test_expectation_values_tell_no_more_than_their_counts(generator):
    p, q = generator.dirichlet(np.ones(8), size=2)
    values = 1 - 2 * (np.arange(8) >> np.arange(3)[:, None] & 1)
    counts = GaussianPrivacy.of_shots(p, q, 50).mu
    assert shared_shots_privacy(p, q, values, 50).mu < counts
    complete = np.vstack([values, generator.normal(size=(4, 8))])
    assert shared_shots_privacy(p, q, complete, 50).mu == pytest.approx(counts)
    difference, variance = values[0] @ (p - q), 1 - (values[0] @ (p + q) / 2) ** 2
    alone = math.sqrt(50 / variance) * abs(difference)
    assert shared_shots_privacy(p, q, values[:1], 50).mu == pytest.approx(alone)
    pauli = separate_shots_privacy([values[0] @ p], [values[0] @ q], [2.5], 50)
    assert pauli.mu == pytest.approx(alone)
    two = separate_shots_privacy([0.1, 0.2], [0.0, 0.1], np.eye(2), [100, 400])
    parts = [separate_shots_privacy([a], [b], [1.0], n) for a, b, n in
             ((0.1, 0.0, 100), (0.2, 0.1, 400))]  # fmt: skip
    assert two.mu == pytest.approx(GaussianPrivacy.composed(parts).mu)
    assert separate_shots_privacy([1.0], [1.0], [1.0], 5).mu == 0


def test_shots_that_detect_a_difference(generator):
    shots = shots_to_detect(0.55, 0.5, tpr=0.8, fpr=0.05)
    assert GaussianPrivacy.of_shots(0.55, 0.5, shots).tpr(0.05) == pytest.approx(0.8, abs=1e-3)
    inside, outside = (generator.binomial(shots, each, size=20_000) for each in (0.55, 0.5))
    caught = (inside > np.quantile(outside, 0.95)).mean()
    assert caught == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: guaranteed_privacy(math.inf, 4), "epsilon_per_shot must not be negative"),
        (lambda: guaranteed_privacy(40.0, 4), "guarantees nothing"),
        (lambda: readout_epsilon([]), "assignments must not be empty"),
        (lambda: readout_epsilon([[[0.5, 0.5], [0.4, 0.5]]]), "columns add up to 1"),
        (lambda: condition_number([np.eye(2), np.eye(2)]), "add up to 1"),
        (lambda: condition_number_epsilon(0.5), "condition_number must be at least 1"),
        (lambda: shots_to_detect(0.5, 0.5, tpr=0.5, fpr=0.1), "p must differ from q"),
        (lambda: GaussianPrivacy(1.0).epsilon(0.0), "delta must be above 0"),
        (lambda: shared_shots_privacy(0.5, 0.4, [[1, -1, 1]], 4), "each of 2 outcomes"),
    ],
)
def test_impossible_floors_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
