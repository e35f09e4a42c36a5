"""What is measured with a number of shots, by slow sums, and what knowing nothing gives."""

import numpy as np
import pytest

from qiskit_qmu.attacks import ATTACKS, ClassifierAttack
from qiskit_qmu.data import ForgetSplit, load_dataset
from qiskit_qmu.experiments.shot_measures import (
    ObservedRows,
    measure_answers,
    useless_answers,
)
from qiskit_qmu.observation import Observations


@pytest.fixture(params=["class", "instances"])
def split(request):
    dataset = load_dataset("iris", train_size=60, test_size=45, seed=0)
    if request.param == "class":
        return ForgetSplit.by_class(dataset, 1)
    return ForgetSplit.by_fraction(dataset, 0.3, seed=0)


def answers(rows: ObservedRows, generator: np.random.Generator, shots: int = 50) -> Observations:
    """What a model says that knows the classes a little and nothing else."""
    logits = generator.normal(size=(len(rows.y), 3)) + 2 * np.eye(3)[rows.y]
    counts = generator.multinomial(shots, np.full(8, 1 / 8), size=len(rows.y))
    return Observations(
        logits, rows.y, expectations=counts[:, :3] / shots, counts=counts, shots=shots
    )


def test_rows_are_those_of_the_split(split):
    rows = ObservedRows.of(split)
    for part, own in (
        (split.forget, rows.members),
        (split.test_forget, rows.nonmembers),
        (split.test_retain, rows.never_seen),
    ):
        np.testing.assert_array_equal(rows.x[own], part.x)
        np.testing.assert_array_equal(rows.y[own], part.y)
    known = 0 if split.kind == "class" else len(split.retain)
    assert len(rows.y[rows.known]) == known


def test_numbers_are_those_of_slow_sums(split, generator):
    rows = ObservedRows.of(split)
    observed = answers(rows, generator)
    exact = answers(rows, generator).probabilities
    measured = measure_answers(rows, observed, exact, generator)
    right = [
        observed.logits[i].argmax() == rows.y[i]
        for i in range(rows.never_seen.start, rows.never_seen.stop)
    ]
    assert measured["acc_retain_test"] == pytest.approx(sum(right) / len(right))
    total, count = 0.0, 0
    for part in (rows.members, rows.never_seen):
        for i in range(part.start, part.stop):
            p, q = observed.probabilities[i], exact[i]
            middle = (p + q) / 2
            total += sum(p * np.log(p / middle) + q * np.log(q / middle)) / 2
            count += 1
    assert measured["js_exact"] == pytest.approx(total / count)
    phi = observed.logit_confidence
    wins = pairs = 0.0
    for i in range(rows.members.start, rows.members.stop):
        same = [
            j for j in range(rows.nonmembers.start, rows.nonmembers.stop) if rows.y[j] == rows.y[i]
        ]
        wins += np.mean([phi[i] > phi[j] for j in same])
        pairs += 1
    assert measured["mia_auc"] == pytest.approx(wins / pairs)


def test_without_counts_or_exact_values_there_is_no_number(split, generator):
    rows = ObservedRows.of(split)
    observed = answers(rows, generator)
    exact = Observations(observed.logits, observed.labels, expectations=observed.expectations)
    measured = measure_answers(rows, exact, None, generator)
    assert measured["js_exact"] is None
    assert measured["mia_auc_counts"] is None
    assert measured["mia_auc_outputs"] is not None


def test_attacks_on_answers_that_hold_nothing_score_a_half(split, generator):
    """The mean of 60 audits lies within 5 standard errors of ½."""
    rows = ObservedRows.of(split)
    audits = [measure_answers(rows, answers(rows, generator), None, generator) for _ in range(60)]
    for name in ATTACKS:
        found = [measured[name] for measured in audits]
        assert abs(np.mean(found) - 0.5) <= 5 * np.std(found) / np.sqrt(len(found)), name


def test_useless_answers(split, generator):
    rows = ObservedRows.of(split)
    exact = answers(rows, generator).probabilities
    useless = useless_answers(rows, split.retain.y, exact, generator)
    named = np.bincount(split.retain.y).argmax()
    for key, part in (("acc_retain_test", rows.never_seen), ("acc_forget_train", rows.members)):
        assert useless[key] == pytest.approx(np.mean(rows.y[part] == named))
    for name in ATTACKS:
        assert useless[name] == 0.5
        assert useless[f"{name}_low"] < 0.5 < useless[f"{name}_high"]
    assert 0 < useless["js_exact"] < np.log(2)


def test_the_range_of_coins_holds_95_percent_of_them(generator):
    """Of Mann and Whitney: a standard deviation of √((n + m + 1) / 12nm) in one class."""
    dataset = load_dataset("iris", train_size=60, test_size=45, seed=0)
    split = ForgetSplit.by_class(dataset, 1)
    useless = useless_answers(ObservedRows.of(split), split.retain.y, None, generator)
    n, m = len(split.forget), len(split.test_forget)
    half = 1.96 * np.sqrt((n + m + 1) / (12 * n * m))
    assert useless["mia_auc_high"] - 0.5 == pytest.approx(half, rel=0.15)
    assert 0.5 - useless["mia_auc_low"] == pytest.approx(half, rel=0.15)


def test_counts_give_away_what_outputs_do_not(generator):
    """Members whose outcomes are correlated, with the same ⟨Z⟩ as everybody's."""
    n, shots = 200, 400
    even, odd = np.array([0.4, 0.1, 0.1, 0.4]), np.array([0.1, 0.4, 0.4, 0.1])
    counts = np.concatenate([generator.multinomial(shots, p, size=n) for p in (even, odd)])
    signs = np.array([[1, 1], [-1, 1], [1, -1], [-1, -1]])
    observed = Observations(
        generator.normal(size=(2 * n, 2)),
        np.zeros(2 * n, dtype=int),
        expectations=counts @ signs / shots,
        counts=counts,
        shots=shots,
    )
    groups = observed.take(np.arange(n)), observed.take(np.arange(n, 2 * n))

    def auc(name):
        attack = ATTACKS[name].attack
        assert isinstance(attack, ClassifierAttack)
        inside, outside = attack.scores(*groups, generator=generator)
        return np.mean(inside[:, None] > outside[None, :])

    assert auc("mia_auc_counts") > 0.85
    assert abs(auc("mia_auc_outputs") - 0.5) < 0.15
