"""What is measured with a number of shots, by slow sums, and what knowing nothing gives."""

import numpy as np
import pytest

from qiskit_qmu.attacks import SHOT_ATTACKS, ClassifierAttack
from qiskit_qmu.data import ForgetSplit, load_dataset
from qiskit_qmu.experiments.shots.run import ShotMeasures
from qiskit_qmu.observation import Observations


@pytest.fixture(params=["class", "instances"])
def split(request):
    dataset = load_dataset("iris", train_size=60, test_size=45, seed=0)
    if request.param == "class":
        return ForgetSplit.by_class(dataset, 1)
    return ForgetSplit.by_fraction(dataset, 0.3, seed=0)


class Guesser:
    """Knows the classes a little and nothing else."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator

    def observe(self, x: np.ndarray, y: np.ndarray, shots: int = 50) -> Observations:
        self.x = x
        logits = self.generator.normal(size=(len(y), 3)) + 2 * np.eye(3)[y]
        counts = self.generator.multinomial(shots, np.full(8, 1 / 8), size=len(y))
        return Observations(
            logits, y, expectations=counts[:, :3] / shots, counts=counts, shots=shots
        )


def exactly(observed: Observations) -> Observations:
    return Observations(observed.logits, observed.labels, expectations=observed.expectations)


def test_rows_are_those_of_the_split_and_each_number_that_of_its_rows(split, generator):
    model, measures = Guesser(generator), ShotMeasures(split, 0)
    observed, other = measures.ask(model), exactly(measures.ask(model))
    parts = [split.forget, split.test_forget, split.test_retain]
    known = [] if split.kind == "class" else [split.retain]
    np.testing.assert_array_equal(model.x, np.concatenate([part.x for part in parts + known]))
    measured = measures.row("ga", observed, other)
    ends = np.cumsum([0, *map(len, parts)])
    forget, control, retained = (np.arange(*ends[i : i + 2]) for i in range(3))
    right = [observed.logits[i].argmax() == observed.labels[i] for i in retained]
    assert measured["acc_retain_test"] == pytest.approx(sum(right) / len(right))
    total = 0.0
    judged = [*forget, *retained]
    for i in judged:
        p, q = observed.probabilities[i], other.probabilities[i]
        middle = (p + q) / 2
        total += sum(p * np.log(p / middle) + q * np.log(q / middle)) / 2
    assert measured["js_exact"] == pytest.approx(total / len(judged))
    phi = observed.logit_confidence
    wins = 0.0
    for i in forget:
        same = [j for j in control if observed.labels[j] == observed.labels[i]]
        wins += np.mean([phi[i] > phi[j] for j in same])
    assert measured["mia_auc"] == pytest.approx(wins / len(forget))


def test_without_counts_or_exact_values_there_is_no_number(split, generator):
    measures = ShotMeasures(split, 0)
    measured = measures.row("ga", exactly(measures.ask(Guesser(generator))), None)
    assert measured["js_exact"] is None
    assert measured["mia_auc_counts"] is None
    assert measured["mia_auc_outputs"] is not None


@pytest.mark.slow
@pytest.mark.ci
def test_attacks_on_answers_that_hold_nothing_score_a_half(split, generator):
    """The mean of 40 audits lies within 5 standard errors of ½."""
    measures, model = ShotMeasures(split, 0), Guesser(generator)
    audits = [measures.row("ga", measures.ask(model), None, number) for number in range(40)]
    for name in SHOT_ATTACKS:
        found = [measured[name] for measured in audits]
        assert abs(np.mean(found) - 0.5) <= 5 * np.std(found) / np.sqrt(len(found)), name


def test_baselines(split, generator):
    measures = ShotMeasures(split, 0)
    exact = exactly(measures.ask(Guesser(generator)))
    measures.row("original", exact, exact)
    baseline = measures.baseline()
    named = np.bincount(split.retain.y).argmax()
    for key, part in (("acc_retain_test", split.test_retain), ("acc_forget_train", split.forget)):
        assert baseline[key] == pytest.approx(np.mean(part.y == named))
    for name in SHOT_ATTACKS:
        assert baseline[name] == 0.5
        assert baseline[f"{name}_low"] < 0.5 < baseline[f"{name}_high"]
    assert 0 < baseline["js_exact"] < np.log(2)


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
        attack = SHOT_ATTACKS[name].attack
        assert isinstance(attack, ClassifierAttack)
        inside, outside = attack.scores(*groups, generator=generator)
        return np.mean(inside[:, None] > outside[None, :])

    assert auc("mia_auc_counts") > 0.85
    assert abs(auc("mia_auc_outputs") - 0.5) < 0.15
