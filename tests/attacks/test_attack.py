"""What every attack must do, the features they share, and how folds are dealt."""

import dataclasses
import pickle

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import (
    ATTACKS,
    FEATURE_NAMES,
    ClassifierAttack,
    CountsLikelihoodAttack,
    LossAttack,
    MembershipAttack,
    PaperNetworkAttack,
    features,
    needs_of,
)
from qiskit_qmu.attacks.attack import assign_folds, standardisation
from qiskit_qmu.metrics import stratified_auroc
from qiskit_qmu.observation import Observations

CONFIGURED = [
    *(column.attack for column in ATTACKS.values()),
    LossAttack(statistic="loss"),
    ClassifierAttack(),
    ClassifierAttack(features="expectations", folds=2),
    ClassifierAttack(features=FEATURE_NAMES, folds=3, regularization=10.0),
]


@pytest.fixture(params=CONFIGURED, ids=repr)
def attack(request):
    return request.param


def rank(attack, members, nonmembers, known, seed=0):
    inside, outside = attack.scores(
        members, nonmembers, known_members=known, generator=np.random.default_rng(seed)
    )
    assert inside.shape == (len(members),)
    assert outside.shape == (len(nonmembers),)
    return inside, outside


def test_it_is_a_membership_attack(attack):
    assert isinstance(attack, MembershipAttack)


@pytest.mark.parametrize("with_known", [False, True])
def test_members_of_a_leaking_model_score_higher(attack, make, generator, with_known):
    """A leak of two standard deviations; at these sizes an AUC below 0.6 would be 5 σ off."""
    members, nonmembers = make(generator, 100, leak=6.0), make(generator, 200)
    known = make(generator, 200, leak=6.0) if with_known else None
    inside, outside = rank(attack, members, nonmembers, known)
    # Of ten classes the expectations show four, and the counts are made of them.
    only_four = (ClassifierAttack(features="expectations", folds=2), CountsLikelihoodAttack())
    floor = 0.5 if attack in only_four else 0.7
    assert stratified_auroc(inside, members.labels, outside, nonmembers.labels).value > floor


def test_the_same_generator_gives_the_same_finite_scores(attack, make, generator):
    groups = make(generator, 30), make(generator, 20), make(generator, 40)
    first, second = rank(attack, *groups), rank(attack, *groups)
    np.testing.assert_array_equal(np.concatenate(first), np.concatenate(second))
    assert np.isfinite(np.concatenate(first)).all()


def test_a_model_that_says_the_same_to_everyone_gives_nothing_away(attack, make, generator):
    def constant(rows):
        part = make(generator, rows, classes=2)
        same = {
            "logits": np.ones((rows, 2)),
            "expectations": np.zeros((rows, 4)),
            "counts": np.ones((rows, 4), dtype=int),
        }
        return dataclasses.replace(part, **same)

    members, nonmembers = constant(30), constant(20)
    scores = np.concatenate(rank(attack, members, nonmembers, constant(10)))
    labels = np.concatenate([members.labels, nonmembers.labels])
    assert [np.ptp(scores[labels == label]) for label in range(2)] == [0.0, 0.0]


@pytest.mark.parametrize("sizes", [(1, 1), (1, 20), (3, 2)])
def test_very_few_rows_are_scored_all_the_same(attack, make, generator, sizes):
    inside, outside = rank(attack, make(generator, sizes[0]), make(generator, sizes[1]), None)
    assert np.isfinite(np.concatenate([inside, outside])).all()


def test_an_empty_group_is_refused(attack, make, generator):
    members = make(generator, 5)
    with pytest.raises(InputError, match="nonmembers must not be empty"):
        attack.scores(members, members.take([]), generator=generator)


@pytest.mark.parametrize("config", [*CONFIGURED, PaperNetworkAttack()], ids=repr)
def test_it_is_a_value(config):
    assert dataclasses.replace(config) == config
    assert hash(dataclasses.replace(config)) == hash(config)
    assert pickle.loads(pickle.dumps(config)) == config
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.folds = 3


def test_columns_keep_their_keys_and_tell_how_to_read_them():
    assert list(ATTACKS)[:3] == ["mia_auc", "mia_auc_outputs", "mia_auc_counts"]
    assert len({column.heading for column in ATTACKS.values()}) == len(ATTACKS)
    for key, column in ATTACKS.items():
        assert key == column.key
        assert "mia_auc" in key
        assert column.summary
        assert column.reading
        assert column.needs == needs_of(column.attack)


def test_an_attack_reads_what_was_observed(make, generator):
    whole = make(generator, 5)
    no_counts = dataclasses.replace(whole, counts=None)
    no_outputs = dataclasses.replace(whole, expectations=None)
    readable = [[own.can_read(rows) for own in ATTACKS.values()][:3]
                for rows in (whole, no_counts, no_outputs)]  # fmt: skip
    assert readable == [[True, True, True], [True, True, False], [True, False, True]]


def test_features_are_the_named_columns(make, generator):
    observations = make(generator, 7)
    assert features(observations, "loss").shape == (7, 1)
    both = features(observations, ("softmax", "expectations"))
    expected = np.hstack([observations.probabilities, observations.expectations])
    np.testing.assert_array_equal(both, expected)
    np.testing.assert_array_equal(
        features(observations, ["logit_confidence", "logits"])[:, 0], observations.logit_confidence
    )


def test_values_are_attacked_by_losses_and_answers(generator):
    """Squares of normal errors, of mean 0 and of mean 1.5: an AUC of 0.75 for the loss itself."""

    def regression(rows, shift):
        targets = generator.normal(size=(rows, 2))
        losses = generator.normal(loc=shift, size=rows) ** 2
        return Observations(row_losses=losses, outputs=targets + 0.1, targets=targets)

    members, others = regression(80, 0.0), regression(80, 1.5)
    np.testing.assert_array_equal(features(members, "answers"), members.outputs)
    np.testing.assert_array_equal(features(members, "membership_score")[:, 0], -members.losses)
    for attack in (LossAttack(), ClassifierAttack()):
        scores = attack.scores(members, others, generator=generator)
        auc = stratified_auroc(scores[0], members.strata, scores[1], others.strata)
        assert auc.value > 0.65
    fitted = PaperNetworkAttack(epochs=2).fit(members, others, generator=generator)
    assert len(fitted.probabilities(members, folds=fitted.member_folds)) == 80
    losses_alone = Observations(row_losses=[1.0, 2.0])
    assert features(losses_alone, "answers").tolist() == [[1.0], [2.0]]
    with pytest.raises(
        InputError, match="the feature 'logits' needs a model that predicts classes"
    ):
        features(members, "logits")


def test_frequencies_are_shares_of_the_shots(make, generator):
    observations = make(generator, 7)
    for found, counts in zip(
        features(observations, "frequencies"), observations.counts, strict=True
    ):
        np.testing.assert_allclose(found, [count / sum(counts) for count in counts])
    with pytest.raises(InputError, match="'frequencies' needs counts"):
        features(dataclasses.replace(observations, counts=None), "frequencies")


def test_unknown_and_missing_features_are_refused(make, generator):
    observations = dataclasses.replace(make(generator, 3), expectations=None)
    with pytest.raises(InputError, match=r"feature must be one of loss, .* got 'gradient'"):
        features(observations, "gradient")
    with pytest.raises(InputError, match="features must not be empty"):
        features(observations, ())
    with pytest.raises(InputError, match="'expectations' needs outputs"):
        features(observations, ("loss", "expectations"))
    with pytest.raises(InputError, match="feature must be one of"):
        ClassifierAttack(features="entropy")


def test_folds_are_even_in_total_and_in_every_class(generator):
    labels = generator.integers(0, 7, 103)
    folds = assign_folds(labels, 5, generator)
    assert np.ptp(np.bincount(folds, minlength=5)) <= 1
    for label in range(7):
        assert np.ptp(np.bincount(folds[labels == label], minlength=5)) <= 1
    assert (folds != assign_folds(labels, 5, generator)).any()


def test_constant_columns_are_not_blown_up_by_rounding():
    """Ten times 0.1 has a mean a rounding error off; losses of 1e-15 do vary."""
    rows = np.column_stack([np.full(10, 0.1), np.linspace(1e-15, 2e-15, 10), np.zeros(10)])
    centre, scale = standardisation(rows)
    assert scale[0] == scale[2] == 1.0
    assert scale[1] == pytest.approx(rows[:, 1].std())
    np.testing.assert_allclose(((rows - centre) / scale).mean(axis=0), 0.0, atol=1e-12)
