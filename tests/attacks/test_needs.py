"""What attacks say they need, in data and in words."""

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import (
    ATTACKS,
    RMIA,
    BaVarIA,
    ClassifierAttack,
    LiRA,
    LossAttack,
    Needs,
    attack_key,
    choose_attack,
    needs_of,
)
from qiskit_qmu.observation import Observations

LOSSES = Observations(row_losses=[1.0, 2.0])


def test_needs_are_written_in_words():
    assert str(Needs()) == str(needs_of(LossAttack())) == str(needs_of(object())) == "scores only"
    assert str(Needs(counts=True, never_seen=True)) == "counts, never-seen rows to learn from"
    assert str(needs_of(LiRA())) == "2 references trained on each row and 2 not"
    assert str(needs_of(RMIA(offline=True))) == "1 reference not trained on each row"
    assert needs_of(BaVarIA(offline=True)).references
    assert needs_of(ClassifierAttack(features=("softmax", "frequencies"))) == Needs(
        classes=True, counts=True
    )


@pytest.mark.parametrize("key", [key for key, own in ATTACKS.items() if own.needs != Needs()])
def test_an_attack_refuses_what_it_cannot_read_in_one_line(key, generator):
    column = ATTACKS[key]
    if column.can_read(LOSSES):
        return
    with pytest.raises(InputError, match=r"needs .*(lack|observe the model)") as caught:
        column.attack.scores(LOSSES, LOSSES, generator=generator)
    assert "\n" not in str(caught.value)


def test_registered_attacks_have_keys():
    assert [attack_key(column.attack) for column in ATTACKS.values()] == list(ATTACKS)
    assert attack_key(ClassifierAttack(folds=3)) is None


@pytest.mark.parametrize(
    ("outside", "inside", "attack"),
    [
        (0, 0, LossAttack()),
        (1, 0, LossAttack()),
        (0, 8, LossAttack()),
        (2, 2, RMIA()),
        (8, 0, RMIA(offline=True)),
        (15, 16, RMIA()),
        (16, 16, BaVarIA()),
        (32, 0, BaVarIA(offline=True)),
    ],
)
def test_the_default_suits_the_number_of_references(outside, inside, attack):
    assert choose_attack(outside, inside) == attack
