"""The paper's attack: who rates which row, what its number means, and that it is reproducible."""

import time

import numpy as np
import pytest
import torch

from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import PaperNetworkAttack
from qiskit_qmu.metrics import binomial_interval
from qiskit_qmu.observation import Observations


@pytest.fixture
def light():
    return PaperNetworkAttack(hidden=16, epochs=10)


def rates(fitted, members, nonmembers):
    return (
        fitted.share_called_member(members, folds=fitted.member_folds),
        fitted.share_called_member(nonmembers, folds=fitted.nonmember_folds),
    )


def test_a_leak_shows_as_a_gap_between_rate_and_control(make, generator, light):
    """Members are 6 logits surer, over 1.5 σ of φ, so the shares lie far apart."""
    members, nonmembers = make(generator, 300, leak=6.0), make(generator, 150)
    rate, control = rates(light.fit(members, nonmembers, generator=generator), members, nonmembers)
    assert rate.low > control.high


@pytest.mark.parametrize("names", ["logits", "loss", "softmax", "expectations"])
def test_without_a_leak_rate_and_control_are_equal(make, generator, names):
    """Memorised rows would part the two; rated out of fold they differ by chance only.

    Each share of 600 has a standard deviation of at most 0.02; 0.12 is over 4 of the difference.
    """
    attack = PaperNetworkAttack(features=names, hidden=16, epochs=15)
    members, nonmembers = make(generator, 600), make(generator, 600)
    rate, control = rates(attack.fit(members, nonmembers, generator=generator), members, nonmembers)
    assert rate.value == pytest.approx(control.value, abs=0.12)


def test_a_row_is_never_rated_by_a_network_trained_on_it(generator):
    """Pure noise that a network of this size learns by heart: its own rows it would know.

    Rated by the other network the 60 members are called at chance; a wrong fold shows at once.
    """
    members, nonmembers = (
        Observations(generator.normal(size=(60, 40)), np.zeros(60, dtype=int)) for _ in range(2)
    )
    fitted = PaperNetworkAttack(epochs=60).fit(members, nonmembers, generator=generator)
    honest, _ = rates(fitted, members, nonmembers)
    cheating = fitted.share_called_member(members, folds=1 - fitted.member_folds)
    assert 0.25 < honest.value < 0.75
    assert cheating.value > 0.95


def test_the_folds_of_chosen_rows_go_with_them(make, generator, light):
    members, nonmembers = make(generator, 60), make(generator, 40)
    fitted = light.fit(members, nonmembers, generator=generator)
    forgotten = np.array([3, 17, 42])
    everyone = fitted.probabilities(members, folds=fitted.member_folds)
    chosen = fitted.probabilities(members.take(forgotten), folds=fitted.member_folds[forgotten])
    np.testing.assert_allclose(chosen, everyone[forgotten], rtol=1e-12)


def test_rows_that_are_new_are_rated_by_all_networks(make, generator, light):
    fitted = light.fit(make(generator, 60), make(generator, 40), generator=generator)
    new = make(generator, 20)
    each = [fitted.probabilities(new, folds=np.full(20, fold)) for fold in range(2)]
    np.testing.assert_allclose(fitted.probabilities(new, folds=None), np.mean(each, axis=0))


def test_the_share_is_that_above_one_half(make, generator, light):
    fitted = light.fit(make(generator, 60), make(generator, 40), generator=generator)
    new = make(generator, 20)
    called = int((fitted.probabilities(new, folds=None) > 0.5).sum())
    assert fitted.share_called_member(new, folds=None) == binomial_interval(called, 20)


def test_a_model_that_fails_on_a_class_is_called_innocent_whatever_it_saw(make, generator, light):
    """The paper's number is close to the accuracy on the class: 0 for members and control alike."""
    attack = PaperNetworkAttack(features="loss", hidden=16, epochs=10)
    fitted = attack.fit(make(generator, 300, leak=4.0), make(generator, 300), generator=generator)
    broken = make(generator, 100, leak=-12.0, label=4)
    assert fitted.share_called_member(broken, folds=None).value == 0.0


def test_more_members_than_non_members_do_not_tip_the_threshold(make, generator):
    """Ten members to one non-member and no leak: an unbalanced attack would call all members."""
    members, nonmembers = make(generator, 1000), make(generator, 100)
    attack = PaperNetworkAttack(hidden=16, epochs=10)
    rate, _ = rates(attack.fit(members, nonmembers, generator=generator), members, nonmembers)
    assert 0.2 < rate.value < 0.8


def test_it_is_reproducible_and_touches_no_global_generator(make, generator, light):
    members, nonmembers = make(generator, 60), make(generator, 40)
    torch_state = torch.get_rng_state()
    first, second = (
        light.fit(members, nonmembers, generator=np.random.default_rng(1)).probabilities(
            members, folds=None
        )
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
    assert torch.equal(torch.get_rng_state(), torch_state)


def test_the_default_attack_trains_in_seconds(make, generator):
    """500 against 500 rows take 0.15 s on one core; the bound leaves room for a busy machine."""
    members, nonmembers = make(generator, 500), make(generator, 500)
    start = time.process_time()
    PaperNetworkAttack().fit(members, nonmembers, generator=generator)
    assert time.process_time() - start < 3.0


def test_wrong_input_is_refused(make, generator, light):
    members, nonmembers = make(generator, 60), make(generator, 40)
    fitted = light.fit(members, nonmembers, generator=generator)
    with pytest.raises(InputError, match="nonmembers must be an integer of at least 2, got 1"):
        light.fit(members, nonmembers.take([0]), generator=generator)
    with pytest.raises(InputError, match="observations and folds must have the same length"):
        fitted.probabilities(members.take([1]), folds=fitted.member_folds)
    with pytest.raises(InputError, match="folds must lie between 0 and 1, got 2"):
        fitted.probabilities(members.take([1]), folds=np.array([2]))
    with pytest.raises(InputError, match="fitted to 10 feature columns, got 3"):
        fitted.probabilities(make(generator, 5, classes=3), folds=None)
    with pytest.raises(InputError, match="observations must not be empty"):
        fitted.share_called_member(members.take([]), folds=None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folds": 1}, "folds must be an integer of at least 2"),
        ({"dropout": 1.0}, "dropout must lie between 0 and 0.99"),
        ({"learning_rate": -1.0}, "learning_rate must be positive"),
        ({"epochs": 0}, "epochs must be an integer of at least 1"),
        ({"features": "gradient"}, "feature must be one of"),
    ],
)
def test_unusable_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        PaperNetworkAttack(**options)
