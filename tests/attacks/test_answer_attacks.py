"""Label only, entropy and modified entropy: definitions, closed forms, and the faults of others."""

import dataclasses

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import EntropyAttack, LabelOnlyAttack, LossAttack, ModifiedEntropyAttack
from qiskit_qmu.metrics import auroc
from qiskit_qmu.observation import Observations

ATTACKS = (LabelOnlyAttack(), EntropyAttack(), ModifiedEntropyAttack())


def test_label_only_sees_the_gap_of_accuracies(make, generator):
    members, nonmembers = make(generator, 200, leak=2.0), make(generator, 300)
    gap = members.accuracy - nonmembers.accuracy
    assert auroc(*LabelOnlyAttack().scores(members, nonmembers)) == pytest.approx(0.5 + gap / 2)


def test_more_queries_tell_more_than_one():
    """A label that is right with probability p, asked k times: AUC of Bin(k, p) against Bin(k, q).

    0.6625 for one query of p = 0.9 and q = 0.575 becomes 0.96 for eight.
    """
    generator = np.random.default_rng(0)
    inside, outside = (generator.random((4000, 8)) < p for p in (0.9, 0.575))
    truth = np.ones(4000, dtype=int)
    once, often = (
        auroc(*(LabelOnlyAttack.robustness(g[:, :k].astype(int), truth) for g in (inside, outside)))
        for k in (1, 8)
    )
    assert once == pytest.approx(0.6625, abs=0.02)
    assert often > 0.94
    with pytest.raises(InputError, match="at least one query"):
        LabelOnlyAttack.robustness(np.zeros((3, 0)), np.zeros(3))


def test_entropy_is_its_definition_without_labels(make, generator):
    rows = make(generator, 30)
    found, _ = EntropyAttack().scores(rows, rows)
    p = rows.probabilities
    np.testing.assert_allclose(found, [sum(q * np.log(q) for q in row) for row in p])
    relabelled = dataclasses.replace(rows, labels=(rows.labels + 1) % 10)
    np.testing.assert_array_equal(EntropyAttack().scores(relabelled, rows)[0], found)
    certain = Observations([[800.0, 0.0], [400.0, 0.0]], [0, 1])
    assert np.isfinite(EntropyAttack().scores(certain, certain)[0]).all()


def test_modified_entropy_tells_rows_of_equal_confidence_apart():
    """By its definition: spreading the rest over two classes lowers M, as (1-p) ln(1-p) is convex.

    p = (½, ½, 0) gives M = ½ ln 2 + ½ ln 2 = 0.69; p = (½, ¼, ¼) gives ½ ln 2 - ½ ln ¾ = 0.49.
    """
    logits = np.log([[0.5, 0.5, 1e-300], [0.5, 0.25, 0.25]])
    spread, narrow = Observations(logits[1:], [0]), Observations(logits[:1], [0])
    inside, outside = ModifiedEntropyAttack().scores(spread, narrow)
    assert outside[0] == pytest.approx(-np.log(2))
    assert inside[0] == pytest.approx(-0.5 * np.log(2) + 0.5 * np.log(0.75))
    np.testing.assert_allclose(*LossAttack().scores(spread, narrow), atol=1e-12)


def test_modified_entropy_reads_each_rows_own_label_and_not_the_batch(make, generator):
    """A widespread form takes the labels of the whole batch for every row, and sees nothing."""
    members, nonmembers = make(generator, 200, leak=3.0), make(generator, 200)
    inside, outside = ModifiedEntropyAttack().scores(members, nonmembers)
    loop = []
    for p, y in zip(members.probabilities, members.labels, strict=True):
        wrong = sum(p[i] * np.log(1 - p[i]) for i in range(10) if i != y)
        loop.append((1 - p[y]) * np.log(p[y]) + wrong)
    np.testing.assert_allclose(inside, loop, rtol=1e-9)
    alone = ModifiedEntropyAttack().scores(members.take([7]), nonmembers)[0]
    assert alone[0] == inside[7]

    assert auroc(inside, outside) > 0.75


@pytest.mark.parametrize("attack", ATTACKS, ids=repr)
def test_models_without_classes_are_refused(attack):
    losses = Observations(row_losses=[1.0])
    with pytest.raises(InputError, match=f"{type(attack).__name__} needs classes, which the obs"):
        attack.scores(losses, losses)
