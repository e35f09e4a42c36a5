import math

import numpy as np
import pytest
from scipy import stats

from qiskit_qmu._check import InputError
from qiskit_qmu.evaluation import aggregate
from qiskit_qmu.evaluation.method_summary import find, shown_columns
from qiskit_qmu.metrics import Interval


def row(method, seed, **numbers):
    return {"method": method, "seed": seed, **numbers}


def test_original_and_oracle_come_first():
    rows = [row(name, 0) for name in ("ga", "oracle", "ssd", "original")]
    assert [summary.method for summary in aggregate(rows)] == ["original", "oracle", "ga", "ssd"]


def test_one_seed_keeps_the_rows_own_interval():
    (summary,) = aggregate([row("ga", 0, mia_auc=0.6, mia_auc_low=0.5, mia_auc_high=0.7)])
    estimate = summary.values["mia_auc"]
    assert (estimate.value, estimate.low, estimate.high) == (0.6, 0.5, 0.7)


def test_several_seeds_give_a_t_interval_over_them():
    values = [0.5, 0.55, 0.65]
    rows = [row("ga", seed, acc_retain_test=value) for seed, value in enumerate(values)]
    (summary,) = aggregate(rows)
    expected = stats.t.interval(0.95, 2, loc=np.mean(values), scale=stats.sem(values))
    estimate = summary.values["acc_retain_test"]
    assert summary.seeds == 3
    assert (estimate.low, estimate.high) == pytest.approx(expected)


def test_seeds_that_agree_are_not_taken_for_certainty():
    own = {"acc_forget_train_low": 0.0, "acc_forget_train_high": 0.04}
    rows = [row("ga", seed, acc_forget_train=0.0, **own) for seed in range(3)]
    estimate = aggregate(rows)[0].values["acc_forget_train"]
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((0.0, 0.0, 0.04))


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, "nan"])
def test_missing_numbers_are_left_out_of_the_mean(missing):
    rows = [row("ga", 0, mia_auc=missing), row("ga", 1, mia_auc=0.6)]
    estimate = aggregate(rows)[0].values["mia_auc"]
    assert estimate.value == 0.6
    assert not estimate.has_limits


def test_gap_pairs_the_seeds():
    # The oracle's own spread over seeds is large, its distance from the method is constant ± 0.01.
    oracle = [0.5, 0.7, 0.9]
    method = [0.41, 0.60, 0.79]
    rows = [row("oracle", seed, acc_retain_test=value) for seed, value in enumerate(oracle)]
    rows += [row("ga", seed, acc_retain_test=value) for seed, value in enumerate(method)]
    gap = find(aggregate(rows), "ga").gaps["acc_retain_test"]
    difference = np.subtract(method, oracle)
    expected = stats.t.interval(0.95, 2, loc=difference.mean(), scale=stats.sem(difference))
    assert gap.value == pytest.approx(difference.mean())
    assert (gap.low, gap.high) == pytest.approx(expected)


def test_gap_of_one_seed_squares_and_adds():
    rows = [
        row("oracle", 0, mia_auc=0.5, mia_auc_low=0.46, mia_auc_high=0.53),
        row("ga", 0, mia_auc=0.6, mia_auc_low=0.56, mia_auc_high=0.63),
    ]
    gap = find(aggregate(rows), "ga").gaps["mia_auc"]
    assert (gap.value, gap.low, gap.high) == pytest.approx((0.1, 0.05, 0.15))


def test_the_oracle_and_methods_without_an_oracle_have_no_gap():
    rows = [row("oracle", 0, mia_auc=0.5)]
    assert not aggregate(rows)[0].gaps["mia_auc"].known
    assert not aggregate([row("ga", 0, mia_auc=0.5)])[0].gaps["mia_auc"].known


def test_a_mean_stays_where_it_can_be():
    rows = [row("ga", seed, acc_retain_test=value) for seed, value in enumerate((0.0, 0.1))]
    mean = aggregate(rows)[0].values["acc_retain_test"]
    assert mean.low == 0.0
    assert mean.high > 0.1


def test_seeds_that_agree_up_to_rounding_show_no_spread():
    values = [0.3, 0.1 + 0.2, 0.3]
    rows = [row("ga", seed, acc_retain_test=value) for seed, value in enumerate(values)]
    assert not aggregate(rows)[0].values["acc_retain_test"].has_limits


def test_further_attacks_have_a_column_each_and_empty_ones_none():
    rows = [
        row("ga", 0, mia_auc=0.5, mia_auc_Mine=0.7, mia_auc_Mine_low=0.6, mia_auc_Mine_high=0.8)
    ]
    columns = shown_columns(aggregate(rows))
    assert [(c.key, c.group, c.heading) for c in columns] == [
        ("mia_auc", "AUC", "confidence"),
        ("mia_auc_Mine", "AUC", "Mine"),
    ]
    assert aggregate(rows)[0].values["mia_auc_Mine"] == Interval(0.7, 0.6, 0.8)


def test_costs_are_multiples_of_the_oracles():
    rows = [row("oracle", 0, circuits=200.0), row("ga", 0, circuits=50), row("original", 0)]
    summaries = aggregate(rows)
    assert find(summaries, "ga").relative_costs["circuits"] == 0.25
    assert math.isnan(find(summaries, "original").relative_costs["circuits"])
    assert math.isnan(find(summaries, "ga").relative_costs["seconds"])


def test_an_oracle_that_cost_nothing_is_no_unit():
    rows = [row("oracle", 0, circuits=0), row("ga", 0, circuits=50)]
    assert math.isnan(find(aggregate(rows), "ga").relative_costs["circuits"])


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        (["forgotten"] * 3, "passed"),
        (["forgotten", "remembered", "forgotten"], "failed"),
        (["forgotten", "unresolved"], "unknown"),
        (["unresolved", "remembered"], "failed"),
        (["invalid oracle"], "unknown"),
        ([None], None),
    ],
)
def test_one_seed_that_failed_fails_a_method(verdicts, outcome):
    rows = [row("ga", seed, verdict=verdict) for seed, verdict in enumerate(verdicts)]
    (summary,) = aggregate(rows)
    assert summary.outcome == outcome
    assert summary.passes == verdicts.count("forgotten")
    assert sum(summary.verdicts.values()) == len([v for v in verdicts if v])


def test_what_changed_nothing_or_failed_did_not_forget():
    unchanged = {"verdict": "forgotten", "largest_change": 0.0}
    for bad in (unchanged, {"verdict": None, "error": "NaN"}):
        (summary,) = aggregate([row("ga", 0, **bad)])
        assert (summary.outcome, summary.passes) == ("failed", 0)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "rows must not be empty"),
        ([{"seed": 0}], r"a row has no method; it has \['seed'\]"),
        ([row("ga", 0), row("ga", 0)], "one row per method and seed, got 2 of ga, seed 0"),
        ([row("ga", 0, mia_auc="high")], "mia_auc must be a number or null, got 'high'"),
    ],
)
def test_refuses(rows, message):
    with pytest.raises(InputError, match=message):
        aggregate(rows)
