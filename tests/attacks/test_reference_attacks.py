"""LiRA, BaVarIA and RMIA against loops over rows and models, written from the papers' formulas."""

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student_t

from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import RMIA, BaVarIA, LiRA, References
from qiskit_qmu.attacks.bavaria import variance_prior
from qiskit_qmu.attacks.group_moments import GroupMoments
from qiskit_qmu.metrics import auroc


def _planted(models, rows, shift, seed=0, spread=1.0, degrees=None):
    """Scores of models and a target whose members score higher by a shift, on uneven rows."""
    generator = np.random.default_rng(seed)
    included = np.array([generator.permutation(models) < models // 2 for _ in range(rows)]).T
    hardness = generator.normal(0, 3, rows)
    deviations = np.ones(rows)
    if degrees is not None:
        deviations = np.sqrt(degrees / generator.chisquare(degrees, rows))
    noise = generator.normal(0, spread, (models + 1, rows)) * deviations
    members = generator.random(rows) < 0.5
    everyone = np.vstack([included, members])
    scores = hardness + shift * everyone + noise
    return References(scores=scores[:-1], included=included), scores[-1], members


def _auc(scores, members):
    return auroc(scores[members], scores[~members])


@pytest.mark.parametrize("variance", ["row", "pooled"])
def test_lira_is_the_ratio_of_two_normal_fits(variance):
    references, target, _ = _planted(12, 6, 1.0)
    groups = {
        inside: [
            [s for s, i in zip(scores, flags, strict=True) if i == inside]
            for scores, flags in zip(references.scores.T, references.included.T, strict=True)
        ]
        for inside in (True, False)
    }
    expected = np.zeros(6)
    for inside, sign in ((True, 1), (False, -1)):
        deviations = [sum((s - np.mean(group)) ** 2 for s in group) for group in groups[inside]]
        degrees = [len(group) - 1 for group in groups[inside]]
        for row, group in enumerate(groups[inside]):
            own = deviations[row] / degrees[row]
            chosen = own if variance == "row" else sum(deviations) / sum(degrees)
            expected[row] += sign * norm(np.mean(group), np.sqrt(chosen)).logpdf(target[row])
    found = LiRA(variance=variance).scores(target, references)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_lira_takes_a_variance_of_a_row_from_32_models_in_and_out():
    for models, variance in ((62, "pooled"), (64, "row")):
        references, target, _ = _planted(models, 5, 1.0)
        np.testing.assert_array_equal(
            LiRA().scores(target, references), LiRA(variance=variance).scores(target, references)
        )


def test_pooled_variance_leaves_out_the_spread_between_rows():
    references, _, _ = _planted(8, 4000, 0.0, spread=0.5)
    moments = GroupMoments.of(references.scores, references.included)
    assert moments.pooled_variance == pytest.approx(0.25, rel=0.05)


def test_offline_lira_reads_models_that_never_saw_the_row():
    references, target, _ = _planted(8, 6, 1.0)
    out = [references.scores[~references.included[:, row], row] for row in range(6)]
    pooled = np.sqrt(sum(((o - o.mean()) ** 2).sum() for o in out) / sum(len(o) - 1 for o in out))
    expected = [norm(o.mean(), pooled).logcdf(s) for o, s in zip(out, target, strict=True)]
    np.testing.assert_allclose(LiRA(offline=True).scores(target, references), expected, rtol=1e-12)


@pytest.mark.parametrize(("offline", "gamma", "a"), [(False, 1.0, 0.3), (True, 2.0, 0.6)])
def test_rmia_counts_population_rows_that_are_beaten(offline, gamma, a):
    references, target, _ = _planted(6, 20, 1.0, seed=3)
    population = np.arange(20) >= 12
    probabilities, target_probabilities = (
        1 / (1 + np.exp(-references.scores)),
        1 / (1 + np.exp(-target)),
    )
    ratios = []
    for row in range(20):
        inside = [
            p for p, i in zip(probabilities[:, row], references.included[:, row], strict=True) if i
        ]
        out = [
            p
            for p, i in zip(probabilities[:, row], references.included[:, row], strict=True)
            if not i
        ]
        marginal = (
            ((1 + a) * np.mean(out) + 1 - a) / 2
            if offline
            else (np.mean(inside) + np.mean(out)) / 2
        )
        ratios.append(target_probabilities[row] / marginal)
    expected = [np.mean([ratios[x] / ratios[z] >= gamma for z in range(12, 20)]) for x in range(12)]
    found = RMIA(offline=offline, gamma=gamma, a=a).scores(target, references, population)
    np.testing.assert_allclose(found[:12], expected)
    assert np.isnan(found[12:]).all()


def test_rmia_of_certain_answers_is_finite():
    references = References(
        scores=np.array([[800.0, -800.0, 0.0], [700.0, -900.0, 0.0]]),
        included=np.array([[True, False, False], [False, True, False]]),
    )
    found = RMIA().scores([900.0, -950.0, 0.0], references, np.array([False, False, True]))
    assert np.isfinite(found[:2]).all()


def test_bavaria_is_the_ratio_of_two_posterior_predictives():
    references, target, _ = _planted(8, 50, 1.0, degrees=5)
    expected = np.zeros(50)
    for inside, sign in ((True, 1), (False, -1)):
        groups = [
            references.scores[references.included[:, row] == inside, row] for row in range(50)
        ]
        moments = GroupMoments.of(references.scores, references.included == inside)
        degrees, variance = variance_prior(moments)
        centre = np.mean([g.mean() for g in groups])
        within = sum(((g - g.mean()) ** 2).sum() for g in groups) / sum(len(g) - 1 for g in groups)
        between = np.mean([(g.mean() - centre) ** 2 for g in groups]) - within * np.mean(
            [1 / len(g) for g in groups]
        )
        kappa = within / between
        for row, group in enumerate(groups):
            n, mean = len(group), group.mean()
            kappa_n, alpha_n = kappa + n, degrees / 2 + n / 2
            mean_n = (kappa * centre + n * mean) / kappa_n
            beta_n = degrees * variance / 2 + ((group - mean) ** 2).sum() / 2
            beta_n += kappa * n * (mean - centre) ** 2 / (2 * kappa_n)
            scale = np.sqrt(beta_n * (kappa_n + 1) / (alpha_n * kappa_n))
            expected[row] += sign * student_t(2 * alpha_n, mean_n, scale).logpdf(target[row])
    np.testing.assert_allclose(BaVarIA().scores(target, references), expected, rtol=1e-9)


def test_bavaria_finds_the_prior_that_variances_were_drawn_from():
    references, _, _ = _planted(16, 20_000, 0.0, degrees=6.0)
    moments = GroupMoments.of(references.scores, references.included)
    degrees, variance = variance_prior(moments)
    assert degrees == pytest.approx(6.0, rel=0.1)
    assert variance == pytest.approx(1.0, rel=0.05)


def test_references_see_what_the_score_alone_does_not():
    references, target, members = _planted(16, 4000, 1.0, degrees=4)
    alone = _auc(target, members)
    lira, bavaria = (
        _auc(attack.scores(target, references), members) for attack in (LiRA(), BaVarIA())
    )
    assert alone < 0.62
    assert bavaria > lira > 0.7


def test_without_a_signal_they_see_nothing():
    references, target, members = _planted(8, 4000, 0.0)
    population = ~members & (np.arange(4000) % 4 == 0)
    scored = ~population
    # Four standard deviations of an AUC under the null are 0.04 here.
    for found in (
        LiRA().scores(target, references),
        BaVarIA().scores(target, references),
        RMIA().scores(target, references, population),
    ):
        assert abs(_auc(found[scored], members[scored]) - 0.5) < 0.04


@pytest.mark.parametrize("attack", [LiRA(), BaVarIA()])
def test_too_few_models_are_refused(attack):
    references = References(scores=np.zeros((3, 2)), included=np.eye(3, 2, dtype=bool))
    with pytest.raises(InputError, match=r"at least 2 .* row 0 has 1"):
        attack.scores(np.zeros(2), references)


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="at least one model"):
        References(scores=np.zeros((0, 3)), included=np.zeros((0, 3), dtype=bool))
    with pytest.raises(InputError, match="booleans"):
        References(scores=np.zeros((2, 3)), included=np.zeros((2, 3)))
    with pytest.raises(InputError, match="finite"):
        References(scores=np.full((2, 3), np.nan), included=np.zeros((2, 3), dtype=bool))
    references = References(scores=np.zeros((2, 3)), included=np.eye(2, 3, dtype=bool))
    with pytest.raises(InputError, match="shape"):
        LiRA().scores(np.zeros(2), references)
    with pytest.raises(InputError, match="population"):
        RMIA().scores(np.zeros(3), references, np.zeros(3, dtype=bool))


def test_without_a_population_rows_rank_as_a_large_one_ranks_them():
    references, target, members = _planted(8, 6000, 1.0)
    population = ~members & (np.arange(6000) % 2 == 0)
    scored = ~population
    counted = RMIA().scores(target, references, population)
    ratios = RMIA().scores(target, references)
    order = np.argsort(ratios[scored])
    assert (np.diff(counted[scored][order]) >= 0).all()
    assert _auc(ratios[scored], members[scored]) == pytest.approx(
        _auc(counted[scored], members[scored]), abs=0.002
    )


def test_rmia_is_calibrated_by_rows_that_the_target_never_saw():
    """A tenth of other non-members beats 90 % of them, but fewer beat a population of members."""
    references, target, members = _planted(8, 8000, 1.5)
    half = np.arange(8000) % 2 == 0
    rates = []
    for population in (~members & half, half):
        scores = RMIA().scores(target, references, population)
        rates.append(np.mean(scores[~members & ~half] > 0.9))
    assert rates[0] == pytest.approx(0.1, abs=0.03)  # four deviations at 2000 and 2000 rows
    assert rates[1] < 0.05


def test_offline_rmia_is_tuned_on_the_references():
    references, target, members = _planted(8, 3000, 1.0, spread=0.3)
    tuned = RMIA(offline=True).tuned(references)
    found = {
        a: _auc(RMIA(offline=True, a=a).scores(target, references), members)
        for a in (0.0, 0.3, tuned.a)
    }
    assert tuned.offline
    assert found[tuned.a] > max(found[0.0], found[0.3])
    with pytest.raises(InputError, match="at least 4"):
        RMIA().tuned(references.without(*range(5)))


def test_each_group_has_its_own_pooled_variance():
    """Models that saw the rows agree, others do not: swapped variances would turn the ranking."""
    inside, outside = [[1.0, 1.0], [1.2, 1.2]], [[-3.0, -3.0], [3.0, 3.0]]
    references = References(
        scores=np.array([*inside, *outside]),
        included=np.array([[True] * 2, [True] * 2, [False] * 2, [False] * 2]),
    )
    far, near = LiRA(variance="pooled").scores([4.0, 1.1], references)
    deviations = np.sqrt([0.02, 18.0])
    expected = [
        norm(1.1, deviations[0]).logpdf(x) - norm(0, deviations[1]).logpdf(x) for x in (4.0, 1.1)
    ]
    np.testing.assert_allclose([far, near], expected)
