"""The attack from the population: ranks of the loss within a class, and a calibrated threshold."""

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import LossAttack, PopulationAttack
from qiskit_qmu.metrics import auroc, stratified_auroc
from qiskit_qmu.observation import Observations


def test_within_a_class_rows_are_ranked_as_by_the_loss_ties_included(make, generator):
    members, nonmembers = make(generator, 80, leak=1.0), make(generator, 120)
    rounded = [
        Observations(np.round(group.logits), group.labels) for group in (members, nonmembers)
    ]
    for inside, outside in ((members, nonmembers), rounded):
        by_loss, by_place = (
            stratified_auroc(scores[0], inside.labels, scores[1], outside.labels)
            for scores in (
                LossAttack().scores(inside, outside),
                PopulationAttack().scores(inside, outside),
            )
        )
        assert by_place == by_loss


def test_scores_of_different_classes_are_comparable(generator):
    """Class 1 is easier by 10 for everyone; only the place within the class is membership."""
    labels = np.repeat([0, 1], 500)
    easy = 10.0 * labels
    members, nonmembers = (
        Observations(np.column_stack([z * (labels == 0), z * (labels == 1)]), labels)
        for z in (easy + 1 + generator.normal(size=1000), easy + generator.normal(size=1000))
    )
    # Φ(1/√2) = 0.760 for two normal distributions one deviation apart.
    assert auroc(*PopulationAttack().scores(members, nonmembers)) == pytest.approx(0.76, abs=0.03)
    assert auroc(*LossAttack().scores(members, nonmembers)) < 0.66


def test_the_threshold_keeps_its_false_positive_rate_in_every_class():
    generator, rate = np.random.default_rng(0), 0.1
    called = []
    for _ in range(400):
        labels = np.repeat([0, 1], 19)
        losses = [generator.exponential(1 + 9 * labels) for _ in range(2)]
        rows, population = (
            Observations(np.column_stack([-x, np.zeros(38)]), labels) for x in losses
        )
        called.append(PopulationAttack().called_members(rows, population, fpr=rate))
    shares = np.mean(called, axis=0).reshape(2, 19).mean(axis=1)
    # Exactly 2 of 20 equally probable places: 0.1. Rows of one run share a threshold.
    np.testing.assert_allclose(shares, rate, atol=4 * np.sqrt(rate * (1 - rate) / 20 / 400))


def test_a_rate_that_the_population_cannot_support_is_refused():
    rows = Observations(row_losses=np.zeros(5))
    with pytest.raises(InputError, match=r"0\.01 needs at least 99 never-seen rows"):
        PopulationAttack().called_members(rows, rows, fpr=0.01)
