"""The attack by the loss: which way it points and what it ranks by."""

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import LossAttack
from qiskit_qmu.metrics import auroc
from qiskit_qmu.observation import Observations


def test_scores_are_the_log_odds_of_the_true_label():
    """Two classes with logits (t, 0) and label 0: φ = t."""
    members, nonmembers = Observations([[3.0, 0.0]], [0]), Observations([[-1.0, 0.0]], [0])
    inside, outside = LossAttack().scores(members, nonmembers)
    assert (inside[0], outside[0]) == (3.0, -1.0)


def test_confidence_and_loss_rank_alike_without_ties(make, generator):
    members, nonmembers = make(generator, 50, leak=1.0), make(generator, 50)
    by_confidence = auroc(*LossAttack().scores(members, nonmembers))
    assert by_confidence == auroc(*LossAttack(statistic="loss").scores(members, nonmembers))
    assert by_confidence > 0.5


def test_over_forgotten_rows_show_below_one_half(make, generator):
    """Rows pushed 6 logits down, 2.4 σ of φ: an AUC above 0.3 would be far outside chance."""
    over_forgotten, unseen = make(generator, 60, leak=-6.0), make(generator, 60)
    assert auroc(*LossAttack().scores(over_forgotten, unseen)) < 0.3


def test_an_unknown_statistic_is_refused():
    with pytest.raises(InputError, match=r"statistic must be one of membership_score, .*'entropy'"):
        LossAttack(statistic="entropy")
