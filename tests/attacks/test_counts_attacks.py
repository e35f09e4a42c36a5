"""Attacks on counts: binomial formulas, loops, finite shots, repeated queries."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import binom, multinomial

from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import (
    CountReferences,
    CountsLikelihoodAttack,
    CountsRatio,
    LossAttack,
    repeated_query,
)
from qiskit_qmu.metrics import auroc, stratified_auroc
from qiskit_qmu.observation import Observations


def _binomial_auc(p, q, shots):
    """AUC of the number of ones in shots of probability p against those of q."""
    k = np.arange(shots + 1)
    below = binom.cdf(k - 1, shots, q) + binom.pmf(k, shots, q) / 2
    return float((binom.pmf(k, shots, p) * below).sum())


def _ratio_auc(p, q, shots, references, attack):
    """AUC of the attack over all counts of a row, each with its probability: no sampling."""
    k = np.arange(shots + 1)
    targets = np.stack([k, shots - k], axis=-1)
    scores = np.array([attack.scores(counts[None], references)[0] for counts in targets])
    above = (scores[:, None] > scores) + (scores[:, None] == scores) / 2
    return float(binom.pmf(k, shots, p) @ above @ binom.pmf(k, shots, q))


def _answer(counts, **others):
    return Observations(row_losses=np.zeros(len(counts)), counts=counts, **others)


@pytest.mark.parametrize("attack", [CountsRatio(), CountsRatio(models="mixture")])
@pytest.mark.parametrize(("p", "q", "shots"), [(0.55, 0.5, 16), (0.9, 0.85, 64), (0.2, 0.6, 1)])
def test_two_outcomes_have_the_auc_of_the_binomial_formula(attack, p, q, shots):
    counts = [[[round(1000 * r), round(1000 * (1 - r))]] for r in (p, q)]
    references = CountReferences(counts=counts, included=[[True], [False]])
    number_of_ones = _binomial_auc(p, q, shots)
    expected = max(number_of_ones, 1 - number_of_ones)  # the ratio knows which outcome to count
    assert _ratio_auc(p, q, shots, references, attack) == pytest.approx(expected, abs=1e-12)


def test_known_values_of_the_formula():
    assert [round(_binomial_auc(0.55, 0.5, n), 3) for n in (1, 64, 256)] == [0.525, 0.714, 0.871]


@pytest.mark.parametrize("models", ["pooled", "mixture"])
def test_the_ratio_is_that_of_multinomial_likelihoods(models, generator):
    counts = generator.integers(0, 30, (6, 5, 4))
    included = np.array([generator.permutation(6) < 3 for _ in range(5)]).T
    target = generator.integers(0, 30, (5, 4))
    expected = []
    for row in range(5):
        logs = []
        for group in (included[:, row], ~included[:, row]):
            own = counts[group, row]
            tables = own.sum(axis=0, keepdims=True) if models == "pooled" else own
            likelihoods = [
                multinomial(target[row].sum(), (t + 0.5) / (t.sum() + 2)).pmf(target[row])
                for t in tables
            ]
            logs.append(np.log(np.mean(likelihoods)))
        expected.append(logs[0] - logs[1])
    references = CountReferences(counts=counts, included=included)
    found = CountsRatio(models=models).scores(target, references)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_outcomes_that_were_never_measured_give_no_infinity():
    references = CountReferences(
        counts=[[[10, 0]], [[0, 10]]], included=np.array([[True], [False]])
    )
    found = CountsRatio().scores([[3, 3]], references)
    assert found == pytest.approx(0.0)
    assert np.isfinite(CountsRatio().scores([[0, 5]], references)).all()


def test_count_references_that_do_not_fit_are_refused(generator):
    counts = np.ones((2, 3, 4), dtype=int)
    with pytest.raises(InputError, match="row 0 has 0"):
        CountsRatio().scores(
            counts[0], CountReferences(counts=counts, included=np.ones((2, 3), dtype=bool))
        )
    references = CountReferences(counts=counts, included=np.eye(2, 3, dtype=bool))
    with pytest.raises(InputError, match="shape"):
        CountsRatio().scores(counts[0][:, :3], references)
    with pytest.raises(InputError, match="booleans"):
        CountReferences(counts=counts, included=np.ones((2, 3)))
    with pytest.raises(InputError, match="needs counts"):
        CountReferences.of([Observations(row_losses=[1.0])], [[True]])
    assert CountReferences.of([_answer(c) for c in counts], references.included).num_models == 2
    assert references.without(0).num_models == 1


def _planted(generator, rows, classes, shots, certainty):
    """Rows whose most frequent outcome is that of their class."""
    labels = generator.integers(0, classes, rows)
    p = np.full((rows, classes), (1 - certainty) / (classes - 1))
    p[np.arange(rows), labels] = certainty
    logits = np.zeros((rows, classes))
    return Observations(logits, labels, counts=generator.multinomial(shots, p), shots=shots)


def test_rows_that_fit_their_class_better_are_members(generator):
    members = _planted(generator, 200, 3, 20, certainty=0.7)
    nonmembers = _planted(generator, 200, 3, 20, certainty=0.6)
    scores = CountsLikelihoodAttack().scores(members, nonmembers, generator=generator)
    # The count of the class's own outcome is all that tells: Bin(20, 0.7) against Bin(20, 0.6).
    assert auroc(*scores) == pytest.approx(_binomial_auc(0.7, 0.6, 20), abs=0.07)


def test_the_likelihood_of_a_row_is_that_of_the_other_folds(generator):
    members, nonmembers = (_planted(generator, n, 3, 20, 0.6) for n in (12, 30))
    known = _planted(generator, 25, 3, 20, 0.6)
    attack = CountsLikelihoodAttack(folds=2)
    found = attack.scores(
        members, nonmembers, generator=np.random.default_rng(1), known_members=known
    )
    # A row's own counts, ten times as many, scale its score and nothing else.
    more = nonmembers.counts.copy()
    more[4] *= 10
    changed = attack.scores(
        members,
        dataclasses.replace(nonmembers, counts=more),
        generator=np.random.default_rng(1),
        known_members=known,
    )
    assert changed[1][4] == pytest.approx(10 * found[1][4])
    assert (changed[1] != found[1]).sum() > 1


def test_one_class_alone_is_compared_with_outcomes_that_are_all_alike(generator):
    shots, p = 50, np.array([0.6, 0.3, 0.1])
    members, nonmembers = (_answer(generator.multinomial(shots, p, n)) for n in (5, 400))
    inside, _ = CountsLikelihoodAttack().scores(members, nonmembers, generator=generator)
    np.testing.assert_allclose(inside, members.counts @ np.log(3 * p), rtol=0.05, atol=0.5)


@pytest.mark.slow
def test_intervals_contain_one_half_without_a_signal():
    """With probability 0.999 at most 34 of 400 intervals miss, if 5 % do."""
    missed = 0
    for seed in range(400):
        generator = np.random.default_rng(seed)
        members, nonmembers = (_planted(generator, n, 4, 30, 0.5) for n in (60, 60))
        scores = CountsLikelihoodAttack().scores(members, nonmembers, generator=generator)
        auc = stratified_auroc(scores[0], members.labels, scores[1], nonmembers.labels)
        missed += auc.excludes(0.5)
    assert binom.sf(missed - 1, 400, 0.05) > 0.001


def _pieces(generator, counts, shots):
    """Divide the shots of each row at random into queries of equally many."""
    left, pieces = counts.copy(), []
    for _ in range(counts[0].sum() // shots):
        drawn = np.array([generator.multivariate_hypergeometric(row, shots) for row in left])
        left = left - drawn
        pieces.append(drawn)
    return pieces


def test_queries_of_n_shots_are_one_query_of_all_their_shots(generator):
    counts = generator.multinomial(40, [0.5, 0.3, 0.2], size=6)
    signs = np.array([[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    head = generator.normal(size=(2, 4))

    def answer(of, shots):
        z = of @ signs / shots
        return Observations(z @ head, [0, 1, 2, 3, 0, 1], expectations=z, counts=of, shots=shots)

    once = answer(counts, 40)
    queries = [answer(piece, 8) for piece in _pieces(generator, counts, 8)]
    together = repeated_query(queries, total_shots=40)
    assert together.shots == 40
    np.testing.assert_array_equal(together.counts, once.counts)
    np.testing.assert_allclose(together.expectations, once.expectations)
    np.testing.assert_allclose(together.logits, once.logits)
    np.testing.assert_allclose(
        LossAttack().scores(together, once)[0], LossAttack().scores(together, once)[1]
    )
    assert repeated_query(queries, total_shots=39).shots == 32


def test_likelihood_ratios_of_queries_add_up_to_that_of_their_sum(generator):
    references = CountReferences(
        counts=[[[50, 30, 20]], [[40, 40, 20]]], included=[[True], [False]]
    )
    queries = generator.multinomial(10, [0.5, 0.3, 0.2], size=5)
    attack = CountsRatio()
    each = sum(attack.scores(query[None], references)[0] for query in queries)
    assert attack.scores(queries.sum(axis=0)[None], references)[0] == pytest.approx(each)


def test_a_cache_stops_what_repetition_gains():
    """Asked 16 times for 16 shots, p = 0.55 and 0.5 are told apart as by 256 shots; from a cache,
    which repeats its answer, as by 16."""
    generator, rows = np.random.default_rng(5), 1200
    references = CountReferences(
        counts=np.broadcast_to([[[550, 450]], [[500, 500]]], (2, rows, 2)),
        included=np.repeat([[True], [False]], rows, axis=1),
    )
    aucs = {}
    for cached in (False, True):
        groups = []
        for p in (0.55, 0.5):
            ones = generator.binomial(16, p, (1 if cached else 16, rows))
            queries = [
                _answer(np.stack([k, 16 - k], axis=-1), shots=16)
                for k in np.broadcast_to(ones, (16, rows))
            ]
            asked = repeated_query(queries, total_shots=256)
            groups.append(CountsRatio().scores(asked.counts, references))
        aucs[cached] = auroc(*groups)
    assert aucs[False] == pytest.approx(_binomial_auc(0.55, 0.5, 256), abs=0.03)
    assert aucs[True] == pytest.approx(_binomial_auc(0.55, 0.5, 16), abs=0.04)


def test_answers_that_do_not_belong_together_are_refused():
    answer = _answer([[3, 5]], shots=8)
    with pytest.raises(InputError, match="8 shots, more than the total of 7"):
        repeated_query([answer], total_shots=7)
    with pytest.raises(InputError, match="need shots"):
        repeated_query([dataclasses.replace(answer, shots=None)], total_shots=7)
    with pytest.raises(InputError, match="differ in their arrays"):
        repeated_query([answer, _answer([[3, 5]] * 2, shots=8)], total_shots=16)
    labelled = [Observations([[1.0, 0.0]], [y], shots=8) for y in (0, 1)]
    with pytest.raises(InputError, match="different labels"):
        repeated_query(labelled, total_shots=16)
