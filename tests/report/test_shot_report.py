"""A comparison of shot counts as a summary, a table, a figure and a page."""

import re

import numpy as np
import pytest
from html_check import check
from scipy import stats

from qiskit_qmu._check import InputError
from qiskit_qmu.evaluation import SHOT_RESULTS
from qiskit_qmu.report import render_shot_page, shot_figure, shot_table
from qiskit_qmu.report.shot_page import shot_intervals
from qiskit_qmu.report.shot_summary import summarise_shots

SHOTS = (16, 1024, None)


def build_rows(seeds=1, repetitions=1, exact=True, method="rga-r"):
    """Return rows as an experiment would hand them over."""
    generator = np.random.default_rng(3)
    rows = []
    for seed in range(seeds):
        for model in ("original", "oracle", method, "baseline"):
            for shots in SHOTS if model != "baseline" else (None,):
                for repetition in range(1 if shots is None else repetitions):
                    names = {"model": model, "shots": shots, "seed": seed}
                    row = {**names, "repetition": repetition}
                    for column in SHOT_RESULTS:
                        value = 0.5 * generator.random()
                        row[column.key] = value
                        row[f"{column.key}_low"] = value / 2
                        row[f"{column.key}_high"] = value * 1.5
                    if shots is None:
                        row |= dict.fromkeys(
                            ("mia_auc_counts", "mia_auc_counts_low", "mia_auc_counts_high")
                        )
                    if not exact:
                        row |= dict.fromkeys(("js_exact", "js_exact_low", "js_exact_high"))
                    if exact or shots is not None or model == "baseline":
                        rows.append(row)
    return rows


def values_of(rows, key, model="original", shots=16):
    return [row[key] for row in rows if (row["model"], row["shots"]) == (model, shots)]


def estimate_of(rows, key, model="original", shots=16):
    (own,) = (s for s in summarise_shots(rows) if (s.model, s.shots) == (model, shots))
    return own.values[key]


def test_models_as_they_come_and_shots_upwards():
    rows = build_rows(seeds=2)
    found = [(each.model, each.shots) for each in summarise_shots(rows[::-1])]
    assert found[:3] == [("rga-r", 16), ("rga-r", 1024), ("rga-r", None)]
    assert found[-1] == ("baseline", None)


def test_over_seeds_repetitions_are_averaged_first():
    rows = build_rows(seeds=3, repetitions=2)
    means = np.reshape(values_of(rows, "mia_auc"), (3, 2)).mean(axis=1)
    estimate = estimate_of(rows, "mia_auc")
    half = stats.t.ppf(0.975, 2) * means.std(ddof=1) / np.sqrt(3)
    assert estimate.value == pytest.approx(means.mean())
    assert estimate.high == pytest.approx(min(1.0, means.mean() + half))
    assert "over the seeds" in shot_intervals(rows)


def test_with_one_seed_noise_of_shots_is_over_repetitions_and_auc_over_rows():
    rows = build_rows(repetitions=4)
    values = values_of(rows, "js_exact")
    half = stats.t.ppf(0.975, 3) * np.std(values, ddof=1) / 2
    assert estimate_of(rows, "js_exact").high == pytest.approx(
        min(np.log(2), np.mean(values) + half)
    )
    values = values_of(rows, "mia_auc")
    assert estimate_of(rows, "mia_auc").high == pytest.approx(1.5 * np.mean(values))
    assert re.search(
        "over the repetitions .* those of AUCs are over the rows", shot_intervals(rows)
    )


def test_one_of_each_is_over_rows():
    rows = build_rows()
    (value,) = values_of(rows, "acc_retain_test")
    assert estimate_of(rows, "acc_retain_test").low == pytest.approx(value / 2)
    assert shot_intervals(rows).startswith(
        "95 % intervals are over the rows that were asked. One seed "
    )


@pytest.mark.parametrize("design", [{"seeds": 3}, {"repetitions": 3}])
def test_intervals_of_a_column_are_of_one_kind(design):
    """Where all seeds or repetitions agree, the wider limits of rows do not stand in."""
    rows = build_rows(**design)
    for row in rows:
        if row["model"] == "original" and row["shots"] == 1024:
            row["acc_retain_test"] = 0.4
    agreed = estimate_of(rows, "acc_retain_test", shots=1024)
    assert agreed.value == pytest.approx(0.4)
    assert not agreed.has_limits
    assert estimate_of(rows, "acc_retain_test").has_limits
    assert estimate_of(rows, "mia_auc", model="baseline", shots=None).has_limits
    assert "where all agree or there is but one, there is none" in shot_intervals(rows)


def test_two_seeds_are_said_to_be_few():
    assert "Two seeds hardly tell how far seeds differ" in shot_table(build_rows(seeds=2))


@pytest.mark.parametrize("exact", [True, False])
def test_the_table(exact):
    text = shot_table(build_rows(exact=exact))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 118
    assert sum(line.startswith("original") for line in lines) == (3 if exact else 2)
    assert any(line.startswith("baseline") for line in lines)
    assert ("exact" in "".join(lines[3:6])) == exact


@pytest.mark.parametrize("exact", [True, False])
def test_the_page_is_well_formed_and_stands_alone(exact):
    rows = build_rows(seeds=2, exact=exact, method="<b>rga</b>")
    page = render_shot_page(
        rows, title="Shots & more", subtitle="made up", config={"a": {"b": 1}}, environment={}
    )
    checker = check(page)
    assert checker.tags.count("svg") == 1
    assert checker.tags.count("table") == 1
    assert "script" not in checker.tags
    assert "<b>rga</b>" not in page
    assert not re.search(r'(src|href)="(?!#|https://arxiv)', page)


def test_the_figure_is_the_same_for_the_same_rows():
    rows = build_rows(seeds=2)
    assert shot_figure(rows) == shot_figure(rows)
    assert "baseline" in shot_figure(rows)
    assert "nan" not in shot_figure(rows).lower()


@pytest.mark.parametrize("rows", [[], [{"model": "original", "shots": 1}]])
def test_rows_that_cannot_be_used_are_refused(rows):
    with pytest.raises(InputError):
        shot_table(rows)
